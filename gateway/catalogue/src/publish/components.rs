//! Shared components: each of the gateway's parts stands once and is referred to.

use super::edit::component_section;
use serde_json::{Map, Value, json};

/// Puts `value` under `components/<section>/<name>` and returns a reference to it.
///
/// An agency may have something of its own under that name: what `fits` is used as it is, anything else is left alone and
/// the gateway's goes under `gateway<Name>`.
pub(super) fn shared(
    document: &mut Value,
    section: &str,
    name: &str,
    fits: impl Fn(&Value) -> bool,
    value: Value,
) -> Value {
    let name = place(component_section(document, section), name, fits, value);
    json!({ "$ref": format!("#/components/{section}/{name}") })
}

/// As [`shared`], returning the name.
pub(super) fn place(
    section: &mut Map<String, Value>,
    name: &str,
    fits: impl Fn(&Value) -> bool,
    value: Value,
) -> String {
    let mut candidate = name.to_owned();
    while let Some(present) = section.get(&candidate) {
        if *present == value || fits(present) {
            return candidate;
        }
        candidate = format!(
            "gateway{}{}",
            candidate.get(..1).unwrap_or_default().to_uppercase(),
            candidate.get(1..).unwrap_or_default()
        );
    }
    section.insert(candidate.clone(), value);
    candidate
}

/// A reference to the problem schema (RFC 9457 with `code` and `traceId`).
pub(super) fn problem_schema(document: &mut Value) -> Value {
    const MEMBERS: [&str; 7] = ["type", "title", "status", "detail", "instance", "code", "traceId"];
    let fits = |present: &Value| {
        MEMBERS
            .iter()
            .all(|member| present.pointer(&format!("/properties/{member}")).is_some())
    };
    let text = |description: &str| json!({ "type": "string", "description": description });
    let schema = json!({
        "type": "object",
        "description": "Problem details (RFC 9457).",
        "required": ["type", "title", "status"],
        "properties": {
            "type": { "type": "string", "format": "uri-reference", "description": "URL of the page that says what to do." },
            "title": text("What kind of problem, the same every time."),
            "status": { "type": "integer", "description": "The HTTP status again." },
            "detail": text("What happened this time."),
            "instance": { "type": "string", "format": "uri-reference", "description": "This occurrence." },
            "code": text("The kind as a stable word for programs."),
            "traceId": text("Name it when you ask for help."),
        },
    });
    shared(document, "schemas", "Problem", fits, schema)
}

/// A reference to the header `name`.
pub(super) fn header(document: &mut Value, name: &str) -> Value {
    let schema = match name {
        "Retry-After" => json!({ "type": "integer", "minimum": 0 }),
        _ => json!({ "type": "string" }),
    };
    let (description, example) = match name {
        "traceparent" => (
            "W3C Trace Context: the trace this call belongs to.",
            json!("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ),
        "RateLimit" => (
            "What is left of the limit that is closest (IETF draft RateLimit header fields).",
            json!("\"per-minute\";r=99;t=60"),
        ),
        "RateLimit-Policy" => (
            "The limits that apply (IETF draft RateLimit header fields).",
            json!("\"per-minute\";q=100;w=60"),
        ),
        "Retry-After" => ("Seconds to wait before the next try.", json!(30)),
        "WWW-Authenticate" => (
            "Which credential is asked for (RFC 9110).",
            json!("Bearer realm=\"api\""),
        ),
        _ => ("", Value::Null),
    };
    shared(
        document,
        "headers",
        name,
        |_| true,
        json!({ "description": description, "schema": schema, "example": example }),
    )
}

/// A reference to the request header `traceparent`.
pub(super) fn traceparent_parameter(document: &mut Value) -> Value {
    let fits =
        |present: &Value| present["in"] == "header" && present["name"] == "traceparent" && present["required"] != true;
    let parameter = json!({
        "name": "traceparent",
        "in": "header",
        "required": false,
        "description": "W3C Trace Context: send yours and the call becomes a part of your trace.",
        "schema": { "type": "string" },
        "example": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    });
    shared(document, "parameters", "traceparent", fits, parameter)
}
