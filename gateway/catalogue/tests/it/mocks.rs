//! Answers from a document's examples.

use catalogue::mocks;
use serde_json::{Value, json};

/// Each answer in a line.
fn lines(document: &Value, operation: &str) -> Vec<String> {
    let mocks = mocks(document);
    mocks[operation]
        .answers
        .iter()
        .map(|answer| {
            let media_type = answer.media_type.as_ref().map_or("-", |value| value.to_str().unwrap());
            let example = answer.example.as_deref().unwrap_or("-");
            let body = std::str::from_utf8(&answer.body).unwrap();
            format!("{} {media_type} {example} {body}", answer.status)
        })
        .collect()
}

#[test]
fn written_examples_come_first_and_schemas_fill_in() {
    let document = json!({
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1.0.0"},
        "paths": {"/loans/{loanId}": {"get": {"responses": {
            "200": {"description": "ok", "content": {
                "application/json": {"examples": {
                    "one": {"value": {"loanId": "1"}},
                    "two": {"$ref": "#/components/examples/two"},
                    "elsewhere": {"externalValue": "https://example.se/three.json"}
                }},
                "text/csv": {"example": "loanId\n1\n"},
                "application/xml": {"example": {"loanId": "1"}},
                "*/*": {"example": "x"}
            }},
            "202": {"description": "later", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Loan"}}}},
            "204": {"description": "nothing"},
            "4XX": {"$ref": "#/components/responses/Wrong"},
            "default": {"description": "any", "content": {"application/problem+json": {"example": null, "schema": {}}}},
            "x-other": {"description": "no status"}
        }}}},
        "components": {
            "examples": {"two": {"value": {"loanId": "2"}}},
            "schemas": {"Loan": {"type": "object", "properties": {
                "loanId": {"type": "string", "example": "7"}, "due": {"type": "string", "format": "date"}
            }}},
            "responses": {"Wrong": {"description": "w", "content": {"application/problem+json; charset=utf-8": {"example": {"status": 400}}}}}
        }
    });
    assert_eq!(
        lines(&document, "GET /loans/{loanId}"),
        [
            "200 application/json one {\"loanId\":\"1\"}",
            "200 application/json two {\"loanId\":\"2\"}",
            "200 text/csv - loanId\n1\n",
            "202 application/json - {\"loanId\":\"7\",\"due\":\"2026-01-31\"}",
            "204 - - ",
            "4XX application/problem+json; charset=utf-8 - {\"status\":400}",
            "default application/problem+json - null",
        ]
    );
}

#[test]
fn what_they_take_is_bounded() {
    let long = "x".repeat(100_000);
    let many: serde_json::Map<String, Value> = (0..600)
        .map(|number| (format!("e{number}"), json!({"$ref": "#/components/examples/long"})))
        .collect();
    let document = json!({
        "paths": {"/a": {"get": {"responses": {"200": {"content": {"application/json": {"examples": many}}}}}}},
        "components": {"examples": {"long": {"value": long}}}
    });
    let mocks = mocks(&document);
    let bytes: usize = mocks["GET /a"].answers.iter().map(|answer| answer.body.len()).sum();
    assert!(bytes > 7 << 20 && bytes <= 8 << 20, "{bytes}");
}
