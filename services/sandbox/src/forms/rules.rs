//! The rules that a municipality publishes for applications for a building permit, and its own check of what rules cannot say.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::forms::Office;

/// The properties of the town of Exempelby are numbered up to this.
const PROPERTIES: u32 = 40;

pub(crate) fn router() -> Router<Office> {
    Router::new()
        .route("/prevalidation-rules/{service}", get(rules))
        .route("/prevalidation-checks/{service}", post(check))
}

async fn rules(State(office): State<Office>, Path(service): Path<String>) -> Response {
    if !office.agency.rules.contains(&service.as_str()) {
        return (StatusCode::NOT_FOUND, Json(json!({ "error": "NO_RULES" }))).into_response();
    }
    let named = |sv: &str, en: &str, mut rest: Value| {
        if let Some(members) = rest.as_object_mut() {
            members.insert("title".to_owned(), sv.into());
            members.insert("x-title-en".to_owned(), en.into());
        }
        rest
    };
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "required": ["fastighet", "atgard", "area", "situationsplan", "ritningar"],
        "additionalProperties": false,
        "properties": {
            "fastighet": named("Fastigheten", "The property", json!({
                "type": "string", "pattern": "^[A-ZÅÄÖ]+ [0-9]+:[0-9]+$",
                "x-explanation": { "sv": "skriv beteckningen som EXEMPELBY 1:2.", "en": "write its designation as EXEMPELBY 1:2." },
            })),
            "atgard": named("Åtgärden", "What you build", json!({ "enum": ["uteplats", "altan", "garage", "tillbyggnad", "nybyggnad"] })),
            "area": named("Byggytan i kvadratmeter", "The floor area in square metres", json!({ "type": "number", "exclusiveMinimum": 0, "maximum": 2000 })),
            "byggstart": named("Byggstarten", "The start", json!({ "type": "string", "format": "date" })),
            "kontrollansvarig": named("Kontrollansvarig", "The person in charge of controls", json!({ "type": "string", "minLength": 1 })),
            "situationsplan": named("Situationsplan", "Site plan", json!({ "const": true })),
            "ritningar": named("Ritningar", "Drawings", json!({ "type": "array", "minItems": 1, "maxItems": 20, "items": { "type": "string" } })),
        },
        "if": { "properties": { "atgard": { "enum": ["tillbyggnad", "nybyggnad"] } }, "required": ["atgard"] },
        "then": { "required": ["kontrollansvarig"] },
    });
    Json(json!({ "schema": schema, "ownCheck": true })).into_response()
}

#[derive(Deserialize)]
struct Check {
    content: Value,
}

async fn check(
    State(office): State<Office>,
    Path(service): Path<String>,
    Json(Check { content }): Json<Check>,
) -> Response {
    if !office.agency.rules.contains(&service.as_str()) {
        return (StatusCode::NOT_FOUND, Json(json!({ "error": "NO_RULES" }))).into_response();
    }
    let mut found = Vec::new();
    let mut say = |pointer: &str, sv: String, en: String| {
        found.push(json!({ "pointer": pointer, "text": { "sv": sv, "en": en } }))
    };
    if let Some(property) = content["fastighet"].as_str()
        && !exists(property)
    {
        let sv = format!("Fastigheten: {property} finns inte i Exempelby. Beteckningen står i lagfarten.");
        say(
            "/fastighet",
            sv,
            format!("The property: there is no {property} in Exempelby. Its designation is in the title deed."),
        );
    }
    let today = office.world.now().strftime("%Y-%m-%d").to_string();
    if let Some(start) = content["byggstart"].as_str()
        && start < today.as_str()
    {
        let en = "The start: it lies in the past. Nothing may be begun before the permit.".to_owned();
        say(
            "/byggstart",
            "Byggstarten: den har redan varit. Inget får påbörjas före beslutet.".to_owned(),
            en,
        );
    }
    Json(json!({ "shortcomings": found })).into_response()
}

fn exists(property: &str) -> bool {
    let numbers = property
        .strip_prefix("EXEMPELBY ")
        .and_then(|rest| rest.split_once(':'));
    let known = |number: &str| {
        number
            .parse::<u32>()
            .is_ok_and(|number| (1..=PROPERTIES).contains(&number))
    };
    numbers.is_some_and(|(block, unit)| known(block) && known(unit))
}
