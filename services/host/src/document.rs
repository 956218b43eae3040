//! Completing an OpenAPI document with what every operation has, so that no service can forget it: trace
//! headers, the problem response, security, and what the national profile wants said in `info`.

mod flat;

use model::Problem;
use utoipa::OpenApi as _;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::{
    Components, ContactBuilder, ContentBuilder, InfoBuilder, LicenseBuilder, ObjectBuilder, OpenApi, Ref, RefOr,
    Required, Response, ResponseBuilder, ServerBuilder, Type,
};

use crate::api::{ApiFacts, ProblemSchemas};

/// Where the examples pretend to be; the gateway writes the real address when it publishes.
const EXAMPLE_HOST: &str = "https://api.vagvisare.example";

/// The document with everything that all operations share.
pub(crate) fn complete(mut document: OpenApi, facts: &ApiFacts) -> OpenApi {
    flat::flatten(&mut document);
    document.merge(ProblemSchemas::openapi());
    document.info = info(facts);
    document.servers = Some(vec![
        ServerBuilder::new()
            .url(format!("{EXAMPLE_HOST}{}", facts.base_path))
            .build(),
    ]);
    document.security = Some(vec![facts.access.requirement()]);
    let components = document.components.get_or_insert_default();
    declare_shared(components);
    facts.access.declare(components);
    for item in document.paths.paths.values_mut() {
        operations(item).for_each(complete_operation);
    }
    document
}

fn info(facts: &ApiFacts) -> utoipa::openapi::Info {
    let both = |text: &model::LocalizedText| {
        format!(
            "Svenska: {}\n\nEnglish: {}",
            text.sv,
            text.en.as_deref().unwrap_or_default()
        )
    };
    let extensions = Extensions::builder()
        .add(
            "x-sla",
            serde_json::json!({
                "availability": "99.5 %", "responseTime": "p95 < 2500 ms", "support": "vardagar 08-17, weekdays 08-17 CET"
            }),
        )
        .add("x-limitations", both(&facts.limitations))
        .build();
    InfoBuilder::new()
        .title(facts.title)
        .version(facts.version)
        .description(Some(both(&facts.description)))
        .terms_of_service(Some(format!("{EXAMPLE_HOST}/terms")))
        .contact(Some(
            ContactBuilder::new()
                .name(Some("Vägvisare"))
                .url(Some(format!("{EXAMPLE_HOST}/contact")))
                .email(Some("api@vagvisare.example"))
                .build(),
        ))
        .license(Some(
            LicenseBuilder::new()
                .name("EUPL-1.2")
                .url(Some("https://eupl.eu/1.2/en/"))
                .build(),
        ))
        .extensions(Some(extensions))
        .build()
}

fn declare_shared(components: &mut Components) {
    let text = || ObjectBuilder::new().schema_type(Type::String).build();
    let about = "Spårningskontext enligt W3C Trace Context. Trace context as in W3C Trace Context.";
    let parameter = ParameterBuilder::new()
        .name("traceparent")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(about))
        .schema(Some(text()))
        .build();
    components
        .parameters
        .insert("traceparent".to_owned(), RefOr::T(parameter));
    let header = HeaderBuilder::new()
        .schema(Some(text()))
        .description(Some(about))
        .build();
    components.headers.insert("traceparent".to_owned(), RefOr::T(header));
    components
        .responses
        .insert("Problem".to_owned(), RefOr::T(problem_response()));
}

fn problem_response() -> Response {
    let example = Problem::of(model::ProblemKind::NotFound).detail("Nothing has this address.");
    let content = ContentBuilder::new()
        .schema(Some(RefOr::Ref(Ref::from_schema_name("Problem"))))
        .example(serde_json::to_value(example).ok())
        .build();
    let mut response = ResponseBuilder::new()
        .description("Fel enligt RFC 9457. A problem as in RFC 9457.")
        .content(model::PROBLEM_JSON, content)
        .build();
    response.headers.insert(
        "traceparent".to_owned(),
        RefOr::Ref(Ref::new("#/components/headers/traceparent")),
    );
    response
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem {
        get,
        put,
        post,
        delete,
        options,
        head,
        patch,
        ..
    } = item;
    [get, put, post, delete, options, head, patch].into_iter().flatten()
}

fn complete_operation(operation: &mut Operation) {
    let traceparent = RefOr::Ref(Ref::new("#/components/parameters/traceparent"));
    operation.parameters.get_or_insert_default().push(traceparent);
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response {
            let header = RefOr::Ref(Ref::new("#/components/headers/traceparent"));
            response.headers.entry("traceparent".to_owned()).or_insert(header);
        }
    }
    let problem = RefOr::Ref(Ref::new("#/components/responses/Problem"));
    operation
        .responses
        .responses
        .entry("default".to_owned())
        .or_insert(problem);
}
