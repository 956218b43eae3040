//! Calls and answers held against the API's own document.

use crate::support::{Gateway, OriginBody, client, full, gateway, origin, problem};
use http::{HeaderValue, Method, Request, Response};
use hyper::body::Incoming;
use serde_json::{Value, json};
use snapshot::{Document, RouteDraft, Validate};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": { "title": "t", "version": "1.2.3" },
        "paths": {
            "/cases/{caseId}": {
                "parameters": [
                    { "name": "caseId", "in": "path", "required": true, "schema": { "type": "integer", "minimum": 1 } }
                ],
                "post": {
                    "parameters": [
                        { "$ref": "#/components/parameters/limit" },
                        { "name": "state", "in": "query", "schema": { "type": "array", "items": { "enum": ["open", "closed"] } } }
                    ],
                    "requestBody": {
                        "required": true,
                        "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Case" } } }
                    },
                    "responses": {
                        "200": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Case" } } } }
                    }
                }
            }
        },
        "components": {
            "parameters": { "limit": { "name": "limit", "in": "query", "required": true, "schema": { "type": "integer", "maximum": 100 } } },
            "schemas": {
                "Case": {
                    "type": "object",
                    "required": ["title"],
                    "additionalProperties": false,
                    "properties": {
                        "title": { "type": "string", "pattern": "^[a-z]+$", "maxLength": 10 },
                        "parts": { "type": "array", "items": { "$ref": "#/components/schemas/Case" } }
                    }
                }
            }
        }
    })
}

/// In front of an origin that gives `answer` back.
async fn validating(answer: &'static str, responses: bool) -> (Gateway, Arc<AtomicUsize>) {
    validating_by(document(), answer, responses).await
}

async fn validating_by(document: Value, answer: &'static str, responses: bool) -> (Gateway, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let address = origin(move |_: Request<Incoming>| {
        counted.fetch_add(1, Ordering::SeqCst);
        async move {
            let mut response: Response<OriginBody> = Response::new(full(answer));
            response
                .headers_mut()
                .insert("content-type", HeaderValue::from_static("application/json"));
            response
        }
    })
    .await;
    let gateway = gateway(address)
        .api(move |api| {
            api.traffic.validate = Some(Validate {
                requests: true,
                responses,
                max_body_bytes: 1000,
            });
            api.routes.push(RouteDraft {
                method: Some(Method::POST),
                path: "/cases/{caseId}".into(),
                scopes: Vec::new(),
                authentication: None,
            });
            let published = Document {
                content_type: HeaderValue::from_static("application/json"),
                etag: HeaderValue::from_static("\"1\""),
                body: document.to_string().into(),
            };
            api.documents.push(("/openapi.json".into(), Arc::new(published)));
        })
        .start();
    (gateway, calls)
}

async fn post(gateway: &Gateway, path: &str, media_type: &str, body: &str) -> reqwest::Response {
    let request = client().post(gateway.url(path)).header("content-type", media_type);
    request.body(body.to_owned()).send().await.unwrap()
}

#[tokio::test]
async fn what_is_wrong_is_told_place_by_place_and_never_the_value() {
    let (gateway, calls) = validating("{\"title\":\"a\"}", false).await;
    let good = "/test/v1/cases/7?limit=10&state=open,closed";
    let answer = post(&gateway, good, "application/json; charset=utf-8", "{\"title\":\"abc\"}").await;
    assert_eq!(answer.status(), 200);
    let json = "application/json";
    let cases = [
        (
            "/test/v1/cases/0?limit=10",
            json,
            "{\"title\":\"a\"}",
            ("path", "/caseId", "minimum"),
        ),
        (
            "/test/v1/cases/x?limit=10",
            json,
            "{\"title\":\"a\"}",
            ("path", "/caseId", "type"),
        ),
        (
            "/test/v1/cases/1?limit=101",
            json,
            "{\"title\":\"a\"}",
            ("query", "/limit", "maximum"),
        ),
        (
            "/test/v1/cases/1",
            json,
            "{\"title\":\"a\"}",
            ("query", "/limit", "required"),
        ),
        (
            "/test/v1/cases/1?limit=1&state=ajar",
            json,
            "{\"title\":\"a\"}",
            ("query", "/state/0", "enum"),
        ),
        (good, json, "", ("body", "", "required")),
        (good, json, "{\"title\":", ("body", "", "json")),
        (good, "text/plain", "a", ("body", "", "content")),
        (good, json, "{}", ("body", "", "required")),
        (
            good,
            json,
            "{\"title\":\"a\",\"other\":1}",
            ("body", "", "additionalProperties"),
        ),
        (
            good,
            json,
            "{\"title\":\"a\",\"parts\":[{\"title\":\"199001019802\"}]}",
            ("body", "/parts/0/title", "pattern"),
        ),
    ];
    for (path, media_type, body, (place, pointer, rule)) in cases {
        let answer = post(&gateway, path, media_type, body).await;
        assert_eq!(answer.status(), 400, "{path} {body}");
        let problem = problem(answer).await;
        assert_eq!(problem["code"], "request-invalid");
        let violations = problem["violations"].as_array().unwrap();
        assert!(
            violations
                .iter()
                .any(|one| one["in"] == place && one["pointer"] == pointer && one["rule"] == rule),
            "{path} {body}: {violations:?}"
        );
        assert!(!problem.to_string().contains("199001019802"), "{problem}");
    }
    let long = format!("{{\"title\":\"{}\"}}", "a".repeat(1000));
    assert_eq!(post(&gateway, good, json, &long).await.status(), 413);
    assert_eq!(calls.load(Ordering::SeqCst), 1, "only the good one was passed on");
    assert_eq!(
        gateway.get("/test/v1/any/x", &[]).await.status(),
        200,
        "what the document does not name is let through"
    );
}

#[tokio::test]
async fn answers_are_held_against_the_document_where_that_is_asked_for() {
    let path = "/test/v1/cases/1?limit=1";
    for (answer, expected) in [
        ("{\"title\":\"abc\"}", 200),
        ("{\"title\":\"ABC\"}", 502),
        ("no json", 502),
    ] {
        let (gateway, _) = validating(answer, true).await;
        let response = post(&gateway, path, "application/json", "{\"title\":\"a\"}").await;
        assert_eq!(response.status(), expected, "{answer}");
        if expected == 502 {
            let body = problem(response).await;
            assert_eq!(body["code"], "agency-answer-invalid");
            assert!(!body["violations"].as_array().unwrap().is_empty());
        }
    }
    let (gateway, _) = validating("{\"title\":\"ABC\"}", false).await;
    assert_eq!(
        post(&gateway, path, "application/json", "{\"title\":\"a\"}")
            .await
            .status(),
        200
    );
}

#[tokio::test]
async fn what_goes_one_way_is_required_that_way_only() {
    let case = json!({
        "type": "object",
        "required": ["caseId", "title", "secret"],
        "properties": {
            "caseId": { "type": "string", "readOnly": true },
            "title": { "type": ["string", "null"] },
            "secret": { "type": "string", "writeOnly": true }
        }
    });
    let content = json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Case" } } });
    let document = json!({
        "openapi": "3.1.0",
        "info": { "title": "t", "version": "1.2.3" },
        "paths": { "/cases/{caseId}": { "post": {
            "requestBody": { "required": true, "content": content },
            "responses": { "200": { "description": "d", "content": content } }
        } } },
        "components": { "schemas": { "Case": case } }
    });
    let path = "/test/v1/cases/a";
    for (answer, body, status) in [
        (r#"{"caseId":"a","title":null}"#, r#"{"title":null,"secret":"s"}"#, 200),
        (r#"{"caseId":"a","title":null}"#, r#"{"title":null}"#, 400),
        (r#"{"title":null,"secret":"s"}"#, r#"{"title":null,"secret":"s"}"#, 502),
    ] {
        let (gateway, _) = validating_by(document.clone(), answer, true).await;
        let got = post(&gateway, path, "application/json", body).await;
        assert_eq!(got.status(), status, "{body} answered {answer}");
    }
}
