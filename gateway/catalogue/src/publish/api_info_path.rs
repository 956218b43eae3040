//! The path `/api-info` (VER.06), which the gateway answers.

use super::components::shared;
use super::edit::object_in;
use crate::api_info::api_info;
use crate::facts::ApiFacts;
use serde_json::{Value, json};

pub(super) const PATH: &str = "/api-info";

/// Adds the path unless the agency has described it.
pub(super) fn add(document: &mut Value, facts: &ApiFacts) {
    if object_in(document, "paths").contains_key(PATH) {
        return;
    }
    let schema = shared(document, "schemas", "ApiInfo", |_| false, schema());
    let operation = json!({
        "summary": "Om API:et / about the API",
        "description": "Namn, version, publiceringsdatum, dokumentation och status. Name, version, date, documentation and status.",
        "operationId": "getApiInfo",
        "security": [],
        "responses": {
            "200": {
                "description": "Om API:et. About the API.",
                "content": { "application/json": { "schema": schema, "examples": { "example": { "value": api_info(facts) } } } },
            },
        },
    });
    object_in(document, "paths").insert(PATH.to_owned(), json!({ "get": operation }));
}

fn schema() -> Value {
    json!({
        "type": "object",
        "description": "Information about the API (REST profile VER.07).",
        "required": ["apiName", "apiVersion", "apiReleased", "apiDocumentation", "apiStatus"],
        "properties": {
            "apiName": { "type": "string" },
            "apiVersion": { "type": "string", "description": "Semantic version." },
            "apiReleased": { "type": "string", "format": "date", "example": "2026-01-31" },
            "apiDocumentation": { "type": "string", "format": "uri" },
            "apiStatus": { "type": "string", "enum": ["alpha", "beta", "active", "deprecated", "retired", "decommissioned"] },
        },
    })
}
