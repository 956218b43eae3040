//! Puts into a registry's draft what the gateway itself serves: documents and pages of each API, the catalogue, problem pages.

use crate::internal::InternalApi;
use crate::load::Registry;
use catalogue::{ApiFacts, Blame, ProblemFacts};
use document::Problems;
use edge::error::ErrorKind;
use serde_json::{Value, json};
use snapshot::{Api, ApiDraft, Document, Draft, Mocks, Problem, SenderConstraint, Snapshot};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// What the pages need to know beside the registry.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// Where callers reach the gateway, without a slash at the end.
    pub public_base_url: String,
    /// Issuer of access tokens, shown to developers.
    pub issuer: Option<String>,
    /// Everybody whose tokens are accepted (RFC 9728 `authorization_servers`).
    pub authorization_servers: Vec<String>,
    /// A page that says how to get a credential.
    pub credentials_url: Option<String>,
    /// Problems that services answer with, beside the gateway's own.
    pub service_problems: Vec<ProblemFacts>,
    /// Whether this is a sandbox: callers may ask for the examples of any API's document.
    pub sandbox: bool,
    /// APIs that the node itself serves, behind its own stack.
    pub internal: Vec<InternalApi>,
}

/// Compiles the registry with everything the gateway serves of its own.
///
/// # Errors
/// Every problem, with file, line and key path.
pub fn compile(registry: &mut Registry, site: &Site) -> Result<Snapshot, Problems> {
    for internal in &site.internal {
        match internal.put_into(&mut registry.loaded.draft) {
            Some(position) => {
                if let Some(document) = registry.documents.get_mut(position) {
                    *document = Some(Arc::clone(&internal.document));
                }
            }
            None => registry.documents.push(Some(Arc::clone(&internal.document))),
        }
    }
    registry.loaded.draft.documents.clear();
    for api in &mut registry.loaded.draft.apis {
        api.documents.clear();
    }
    // First as it stands, so that each problem is told with its line.
    registry.loaded.compile()?;
    let documents: Vec<_> = registry
        .documents
        .iter()
        .map(|document| document.as_ref().map(|document| ("", Arc::clone(document))))
        .collect();
    // What is wrong with it would have been told above.
    let _ = dress(&mut registry.loaded.draft, &documents, site, &mut Dressing::default());
    registry.loaded.compile()
}

/// What an API's documents were rendered from, and the documents. Rendering is what takes long: it is done once for each.
#[derive(Debug, Default)]
pub struct Dressing(HashMap<String, (blake3::Hash, Rendered)>);

/// What one document became.
#[derive(Debug, Clone)]
struct Rendered {
    /// Documents by their path.
    documents: Vec<(String, Arc<Document>)>,
    /// Answers from its examples, where they may be asked for.
    mocks: Option<Arc<Mocks>>,
}

impl Rendered {
    fn of(source: &Value, facts: &ApiFacts) -> Self {
        Self {
            documents: catalogue::api_documents(source, facts),
            // By the document as it is published: it is what callers read.
            mocks: facts
                .mock_answers
                .then(|| Arc::new(catalogue::mocks(&catalogue::publish(source, facts)))),
        }
    }
}

/// Puts into `draft` everything the gateway serves of its own. `documents` are the APIs' own documents, each with a name
/// that changes when it does, by the API's position.
///
/// # Errors
/// What is wrong with the APIs, their owners, limits and backends.
pub fn dress(
    draft: &mut Draft,
    documents: &[Option<(&str, Arc<Value>)>],
    site: &Site,
    dressing: &mut Dressing,
) -> Result<(), Vec<Problem>> {
    for api in &mut draft.apis {
        api.documents.clear();
    }
    // What documents tell of an API is known without agreements, applications and operations.
    let plain = Draft {
        organisations: draft.organisations.clone(),
        limits: draft.limits.clone(),
        backends: draft.backends.clone(),
        apis: draft.apis.iter_mut().map(without_routes).collect(),
        ..Draft::default()
    };
    let plain = Snapshot::compile(&plain)?;
    let problems: Arc<[ProblemFacts]> = problems(site).into();
    let mut all: Vec<ApiFacts> = plain
        .apis()
        .iter()
        .map(|api| facts(&plain, api, site, &problems))
        .collect();
    let mut fresh = HashMap::with_capacity(all.len());
    draft.mocks.clear();
    let described = draft.apis.iter_mut().zip(documents);
    for ((api, document), facts) in described.zip(&mut all) {
        // Without a document of its own there is no example.
        facts.mock_answers &= document.is_some();
        let seen = seen(facts, document.as_ref().map(|(name, _)| *name), api);
        let rendered = match dressing.0.remove(&api.id) {
            Some((known, rendered)) if known == seen => rendered,
            _ => match document {
                Some((_, source)) => Rendered::of(source, facts),
                None => Rendered::of(&describe(api), facts),
            },
        };
        api.documents.clone_from(&rendered.documents);
        if let Some(mocks) = &rendered.mocks {
            draft.mocks.insert(api.id.clone(), Arc::clone(mocks));
        }
        fresh.insert(api.id.clone(), (seen, rendered));
    }
    dressing.0 = fresh;
    draft.documents = catalogue::gateway_documents(&all, &problems, &site.public_base_url);
    let taking_tokens = plain
        .apis()
        .iter()
        .zip(&draft.apis)
        .filter(|(api, _)| !api.audience.is_empty());
    let described = taking_tokens.map(|(api, drafted)| protected_resource(api, drafted, site));
    draft.documents.extend(described);
    Ok(())
}

/// The documents of the only API of `draft`, by their paths under it, as [`dress`] would put them in.
///
/// # Errors
/// What is wrong with the draft.
pub fn preview(draft: &Draft, document: &Value, site: &Site) -> Result<Vec<(String, Arc<Document>)>, Vec<Problem>> {
    let snapshot = Snapshot::compile(draft)?;
    let problems: Arc<[ProblemFacts]> = problems(site).into();
    let rendered = snapshot.apis().iter().flat_map(|api| {
        let facts = facts(&snapshot, api, site, &problems);
        catalogue::api_documents(document, &facts)
    });
    Ok(rendered.collect())
}

/// An API without what grows with its size.
fn without_routes(api: &mut ApiDraft) -> ApiDraft {
    let (routes, documents) = (std::mem::take(&mut api.routes), std::mem::take(&mut api.documents));
    let plain = api.clone();
    (api.routes, api.documents) = (routes, documents);
    plain
}

/// Everything that an API's documents are rendered from, but the problems, which a node has once and for all.
fn seen(facts: &ApiFacts, document: Option<&str>, api: &snapshot::ApiDraft) -> blake3::Hash {
    let facts = ApiFacts {
        problems: Arc::new([]),
        ..facts.clone()
    };
    let routes = if document.is_some() { &[][..] } else { &api.routes };
    blake3::hash(format!("{facts:?} {document:?} {routes:?}").as_bytes())
}

/// RFC 9728: which tokens an API takes, and who gives them. A refusal's `WWW-Authenticate` leads here.
fn protected_resource(api: &Api, drafted: &ApiDraft, site: &Site) -> (String, Arc<Document>) {
    let scopes: BTreeSet<&str> = drafted
        .routes
        .iter()
        .flat_map(|route| route.scopes.iter().map(String::as_str))
        .collect();
    let base = &site.public_base_url;
    let body = json!({
        "resource": &*api.audience,
        "resource_name": &*api.title,
        "resource_documentation": format!("{base}{}/docs", api.base_path),
        "authorization_servers": site.authorization_servers,
        "scopes_supported": scopes,
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": ["ES256", "EdDSA", "RS256", "PS256"],
        "dpop_bound_access_tokens_required": api.sender_constraint == SenderConstraint::Dpop,
        "tls_client_certificate_bound_access_tokens": matches!(
            api.sender_constraint,
            SenderConstraint::Mtls | SenderConstraint::Either
        ),
    });
    let document = catalogue::document("application/json", format!("{body:#}\n"));
    let path = format!("/.well-known/oauth-protected-resource{}", api.base_path);
    (path, Arc::new(document))
}

fn facts(snapshot: &Snapshot, api: &Api, site: &Site, problems: &Arc<[ProblemFacts]>) -> ApiFacts {
    ApiFacts {
        name: api.name.to_string(),
        title: api.title.to_string(),
        version: api.version.to_string(),
        base_path: api.base_path.to_string(),
        public_base_url: site.public_base_url.clone(),
        organisation: snapshot.organisation(api.organisation).name.to_string(),
        state: api.state,
        released: api.released.to_string(),
        authentication: api.authentication,
        token_url: None,
        issuer: site.issuer.clone(),
        credentials_url: site.credentials_url.clone(),
        limits: api.limits.clone(),
        docs_url: None,
        sunset_at: api.sunset_at,
        successor: None,
        mock_answers: api.traffic.mock_answers.unwrap_or(site.sandbox),
        problems: Arc::clone(problems),
    }
}

/// An API without an OpenAPI document of its own is published as the list of its routes.
fn describe(api: &snapshot::ApiDraft) -> Value {
    let mut paths = serde_json::Map::new();
    for route in &api.routes {
        let path = route.path.replace("{*", "{");
        let method = route
            .method
            .as_ref()
            .map_or("get".to_owned(), |method| method.as_str().to_ascii_lowercase());
        let item = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(
                method,
                json!({ "responses": { "default": { "description": "The backend's answer." } } }),
            );
        }
    }
    json!({ "openapi": "3.1.0", "info": { "title": api.title, "version": api.version }, "paths": paths })
}

/// The gateway's problems from the one table of them, then the services'.
fn problems(site: &Site) -> Vec<ProblemFacts> {
    let own = ErrorKind::ALL.into_iter().map(|kind| {
        let row = kind.facts();
        ProblemFacts {
            code: row.code.to_owned(),
            title: row.title.to_owned(),
            status: row.status.as_u16(),
            blame: match row.blame {
                telemetry::Blame::Client => Blame::Caller,
                telemetry::Blame::Upstream => Blame::Agency,
                telemetry::Blame::Gateway => Blame::Gateway,
            },
            what_to_do_en: row.advice.en.to_owned(),
            what_to_do_sv: row.advice.sv.to_owned(),
        }
    });
    let mut all: Vec<ProblemFacts> = own.collect();
    for problem in &site.service_problems {
        // A service may use a code of the gateway's: then the gateway's page stands.
        if all.iter().all(|known| known.code != problem.code) {
            all.push(problem.clone());
        }
    }
    all
}

/// What the services answer with beside the gateway's own problems.
#[must_use]
pub fn service_problems() -> Vec<ProblemFacts> {
    model::ProblemKind::ALL
        .iter()
        .map(|kind| kind.facts())
        .map(|facts| ProblemFacts {
            code: facts.code.to_owned(),
            title: facts.title.to_owned(),
            status: facts.status,
            blame: if facts.status < 500 {
                Blame::Caller
            } else {
                Blame::Agency
            },
            what_to_do_en: facts.advice_en.to_owned(),
            what_to_do_sv: facts.advice_sv.to_owned(),
        })
        .collect()
}
