//! Publishing: what the gateway adds, and what it leaves alone.

use crate::support::{bare, clean, facts, limit};
use catalogue::profile::{Severity, check};
use catalogue::{ApiFacts, publish};
use serde_json::{Value, json};
use snapshot::Authentication;

fn codes(document: &Value, operation: &str) -> Vec<String> {
    let responses = document.pointer(operation).unwrap()["responses"].as_object().unwrap();
    let mut codes: Vec<String> = responses.keys().cloned().collect();
    codes.sort();
    codes
}

fn with(authentication: Authentication) -> ApiFacts {
    ApiFacts {
        authentication,
        ..facts()
    }
}

#[test]
fn a_published_document_is_clean() {
    for authentication in [
        Authentication::None,
        Authentication::Key,
        Authentication::Token,
        Authentication::KeyOrToken,
    ] {
        for token_url in [None, Some("https://auth.example.se/token".to_owned())] {
            let facts = ApiFacts {
                token_url,
                sunset_at: Some(1_800_000_000),
                ..with(authentication)
            };
            for source in [clean(), bare()] {
                let findings = check(&publish(&source, &facts));
                let errors: Vec<_> = findings
                    .iter()
                    .filter(|finding| finding.severity == Severity::Error)
                    .collect();
                assert!(errors.is_empty(), "{authentication:?}: {errors:#?}");
                assert_eq!(findings, [], "{authentication:?}");
            }
        }
    }
}

#[test]
fn publishing_twice_changes_nothing() {
    for source in [clean(), bare()] {
        let once = publish(&source, &facts());
        assert!(publish(&once, &facts()) == once);
    }
}

#[test]
fn the_server_is_the_gateway() {
    let published = publish(&bare(), &facts());
    assert_eq!(
        published["servers"],
        json!([{"url": "https://api.example.se/loan-queue/v1", "description": "Lånekön"}])
    );
    assert!(!published.to_string().contains("10.0.0.7"));
}

#[test]
fn a_3_0_document_becomes_3_1() {
    let published = publish(&bare(), &facts());
    assert_eq!(published["openapi"], "3.1.0");
    let properties = &published["components"]["schemas"]["Loan"]["properties"];
    assert_eq!(properties["note"], json!({"type": ["string", "null"]}));
    assert_eq!(
        properties["position"],
        json!({"type": "integer", "exclusiveMinimum": 0})
    );
    let news = &published["paths"]["/news"]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
    assert_eq!(
        news["properties"]["nullable"],
        json!({"type": "boolean"}),
        "a field of that name is no keyword"
    );
}

#[test]
fn problems_are_added_where_they_can_happen() {
    let published = publish(&bare(), &facts());
    let common = ["400", "429", "500", "502", "503", "504"];
    let get = codes(&published, "/paths/~1loans~1{loanId}/get");
    assert_eq!(
        get,
        ["200", "400", "401", "403", "404", "429", "500", "502", "503", "504"]
    );
    let put = codes(&published, "/paths/~1loans~1{loanId}/put");
    assert_eq!(
        put,
        [
            "204", "400", "401", "403", "404", "413", "415", "429", "500", "502", "503", "504"
        ]
    );
    let open = codes(&published, "/paths/~1news/get");
    assert_eq!(open, [&["200"], &common[..]].concat());
    assert_eq!(
        codes(&published, "/paths/~1api-info/get"),
        ["200", "400", "429", "500", "503"],
        "no backend is asked"
    );
    assert_eq!(
        published["paths"]["/news"]["get"]["responses"]["429"],
        json!({"$ref": "#/components/responses/TooManyRequests"})
    );
    let example =
        &published["components"]["responses"]["TooManyRequests"]["content"]["application/problem+json"]["examples"];
    assert_eq!(
        example["limit-reached"]["value"]["type"],
        "https://api.example.se/problems/limit-reached"
    );
}

#[test]
fn without_limits_nothing_is_said_of_limits() {
    let published = publish(
        &bare(),
        &ApiFacts {
            limits: Vec::new(),
            ..facts()
        },
    );
    assert!(!published.to_string().contains("RateLimit"));
    assert!(!codes(&published, "/paths/~1news/get").contains(&"429".to_owned()));
}

#[test]
fn what_the_agency_answers_stays() {
    let published = publish(&bare(), &facts());
    let get = &published["paths"]["/loans/{loanId}"]["get"];
    assert_eq!(
        get["responses"]["404"],
        json!({"$ref": "#/components/responses/Missing"})
    );
    assert_eq!(
        published["components"]["responses"]["Missing"]["description"],
        "Finns inte"
    );
    assert_eq!(get["responses"]["200"]["headers"]["Link"]["description"], "Se även");
    assert_eq!(get["summary"], "Visa ett lån");
    let source = clean();
    let again = publish(&source, &facts());
    for place in [
        "/info/description",
        "/info/x-limitations",
        "/externalDocs",
        "/paths/~1api-info/get/responses/200/content",
        "/components/schemas/Loan",
    ] {
        assert_eq!(again.pointer(place), source.pointer(place), "{place}");
    }
}

#[test]
fn headers_are_declared_on_shared_and_own_responses() {
    let published = publish(&bare(), &facts());
    let missing = &published["components"]["responses"]["Missing"]["headers"];
    assert_eq!(
        missing["traceparent"],
        json!({"$ref": "#/components/headers/traceparent"})
    );
    let headers = published["paths"]["/loans/{loanId}"]["get"]["responses"]["200"]["headers"]
        .as_object()
        .unwrap();
    assert_eq!(
        headers.keys().collect::<Vec<_>>(),
        ["Link", "traceparent", "RateLimit", "RateLimit-Policy"]
    );
    let limited = published["components"]["responses"]["TooManyRequests"]["headers"]
        .as_object()
        .unwrap();
    assert_eq!(
        limited.keys().collect::<Vec<_>>(),
        ["Retry-After", "traceparent", "RateLimit", "RateLimit-Policy"]
    );
}

#[test]
fn path_level_parameters_move_to_the_operations() {
    let published = publish(&bare(), &facts());
    let item = &published["paths"]["/loans/{loanId}"];
    assert!(item.get("parameters").is_none());
    for method in ["get", "put"] {
        let names: Vec<&Value> = item[method]["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| p.get("name").unwrap_or(&p["$ref"]))
            .collect();
        assert_eq!(names, ["loanId", "#/components/parameters/traceparent"]);
    }
}

#[test]
fn a_single_example_becomes_examples() {
    let published = publish(&bare(), &facts());
    let media = |place: &str| published.pointer(place).unwrap().clone();
    let answer = media("/paths/~1loans~1{loanId}/get/responses/200/content/application~1json");
    assert_eq!(answer["examples"], json!({"example": {"value": {"loanId": "a1"}}}));
    assert!(answer.get("example").is_none());
    let request = media("/paths/~1loans~1{loanId}/put/requestBody/content/application~1json");
    assert_eq!(
        request["examples"]["example"]["value"],
        json!({"loanId": "a1"}),
        "from the schema"
    );
}

#[test]
fn callers_never_see_the_backends_own_credentials() {
    let published = publish(&bare(), &facts());
    let schemes = published["components"]["securitySchemes"].as_object().unwrap();
    assert!(!schemes.contains_key("backend"));
    assert_eq!(schemes["apiKey"]["name"], "X-Api-Key");
    assert_eq!(
        schemes["token"]["flows"]["clientCredentials"]["tokenUrl"],
        "https://auth.example.se/token"
    );
    assert_eq!(
        schemes["token"]["flows"]["clientCredentials"]["scopes"],
        json!({"loans.read": "Scope loans.read"})
    );
    let item = &published["paths"]["/loans/{loanId}"];
    assert_eq!(item["get"]["security"], json!([{"token": ["loans.read"]}]));
    assert_eq!(item["put"]["security"], json!([{"apiKey": []}, {"token": []}]));
    assert_eq!(
        published["paths"]["/news"]["get"]["security"],
        json!([]),
        "open stays open"
    );
}

#[test]
fn scopes_survive_a_change_of_scheme() {
    let mut source = bare();
    source["paths"]["/loans/{loanId}"]["get"]["security"] = json!([{"backend": ["loans.read"]}]);
    let published = publish(&source, &with(Authentication::Token));
    assert_eq!(
        published["paths"]["/loans/{loanId}"]["get"]["security"],
        json!([{"accessToken": ["loans.read"]}])
    );
    let published = publish(&source, &with(Authentication::Key));
    assert_eq!(
        published["paths"]["/loans/{loanId}"]["get"]["security"],
        json!([{"apiKey": []}])
    );
}

#[test]
fn without_a_token_url_a_bearer_token_is_asked_for() {
    let published = publish(
        &bare(),
        &ApiFacts {
            token_url: None,
            ..with(Authentication::Token)
        },
    );
    let scheme = &published["components"]["securitySchemes"]["token"];
    assert_eq!(
        (scheme["type"].as_str(), scheme["scheme"].as_str()),
        (Some("http"), Some("bearer"))
    );
}

#[test]
fn an_open_api_says_so() {
    let published = publish(&bare(), &with(Authentication::None));
    assert_eq!(published["security"], json!([]));
    assert_eq!(published["paths"]["/loans/{loanId}"]["get"]["security"], json!([]));
    assert!(!codes(&published, "/paths/~1loans~1{loanId}/get").contains(&"401".to_owned()));
}

#[test]
fn a_component_of_the_same_name_is_left_alone() {
    let mut source = bare();
    source["components"]["responses"]["TooManyRequests"] = json!({"description": "something else"});
    source["components"]["schemas"]["Problem"] = json!({"type": "string"});
    let published = publish(&source, &facts());
    assert_eq!(
        published["components"]["responses"]["TooManyRequests"]["description"],
        "something else"
    );
    assert_eq!(
        published["paths"]["/news"]["get"]["responses"]["429"],
        json!({"$ref": "#/components/responses/gatewayTooManyRequests"})
    );
    assert_eq!(published["components"]["schemas"]["Problem"], json!({"type": "string"}));
    assert!(published["components"]["schemas"]["gatewayProblem"]["properties"]["traceId"].is_object());
}

#[test]
fn limits_are_written_down_where_the_agency_named_none() {
    let facts = ApiFacts {
        limits: vec![limit("per-minute", 100), limit("per-day", 5_000)],
        ..facts()
    };
    let published = publish(&bare(), &facts);
    let text = published["info"]["x-limitations"].as_str().unwrap();
    assert!(
        text.contains("per-minute: 100 / 60 s") && text.contains("per-day: 5000"),
        "{text}"
    );
}

#[test]
fn the_end_of_life_is_in_the_document() {
    let facts = ApiFacts {
        state: snapshot::LifecycleState::Deprecated,
        sunset_at: Some(1_800_000_000),
        ..facts()
    };
    let published = publish(&bare(), &facts);
    assert_eq!(published["info"]["x-sunset"], "2027-01-15T08:00:00Z");
    assert_eq!(published["info"]["x-api-status"], "deprecated");
    assert_eq!(published["paths"]["/news"]["get"]["deprecated"], true);
    assert!(codes(&published, "/paths/~1news/get").contains(&"410".to_owned()));
}

#[test]
fn nonsense_is_survived() {
    for source in [
        json!(null),
        json!([]),
        json!({"paths": 7, "info": [], "components": "x"}),
        json!({"paths": {"/a": {"get": {"responses": [], "parameters": {}}}}}),
    ] {
        let published = publish(&source, &facts());
        assert!(published["paths"]["/api-info"]["get"].is_object());
    }
}
