//! API Request: what a request may look like.

use super::{Report, Rule, Severity};
use crate::spec::{Node, Spec};
use serde_json::Value;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "ARQ.01",
        severity: Severity::Warning,
        text: "Requests are sent in UTF-8",
        text_sv: "Ett API-request bör skickas i UTF-8-format.",
        mend: "Drop the charset, or make it utf-8.",
        check: utf_8,
    },
    Rule {
        id: "ARQ.03",
        severity: Severity::Warning,
        text: "Standard request headers are declared as what they are",
        text_sv: "API:er bör stödja request-headers Accept, Date, Cache-Control, ETag, Connection och Cookie.",
        mend: "Declare the header as a text; a cookie as a parameter `in: cookie` with a typed schema.",
        check: standard_headers,
    },
    Rule {
        id: "ARQ.05",
        severity: Severity::Error,
        text: "Headers carry no payload",
        text_sv: "Payload-data ska inte användas i HTTP-headers.",
        mend: "Move the data to the body.",
        check: payload_headers,
    },
];

fn utf_8(spec: &Spec<'_>, report: &mut Report) {
    for media in &spec.media {
        let charset = media.name.to_ascii_lowercase();
        let charset = charset
            .split_once("charset=")
            .map(|(_, charset)| charset.trim_matches(['"', ' ']).to_owned());
        if charset.is_some_and(|charset| !charset.starts_with("utf-8")) {
            report.add(&media.node.place, format!("{} is not UTF-8", media.name));
        }
    }
}

/// Date is a text of any RFC 9110 form, so the validator's demand for `format: date-time` is not made here.
fn standard_headers(spec: &Spec<'_>, report: &mut Report) {
    for parameter in &spec.parameters {
        let name = parameter.text("name").unwrap_or_default();
        let typed = |node: &Node<'_>| {
            node.get("schema")
                .is_some_and(|schema| schema.value.get("type").is_some())
        };
        match parameter.text("in") {
            Some("header") if name.eq_ignore_ascii_case("cookie") => {
                report.add(&parameter.place, "a cookie is a parameter in: cookie");
            }
            Some("header") if is_standard(name) && !is_text(parameter) => {
                report.add(&parameter.place, format!("{name} is a text"));
            }
            Some("cookie") if !typed(parameter) => {
                report.add(&parameter.place, format!("the cookie {name} has no type"))
            }
            _ => {}
        }
    }
}

fn is_standard(name: &str) -> bool {
    ["date", "cache-control", "etag", "connection", "accept"]
        .iter()
        .any(|standard| name.eq_ignore_ascii_case(standard))
}

fn is_text(parameter: &Node<'_>) -> bool {
    let schema = parameter.get("schema");
    schema.is_some_and(|schema| schema.text("type") == Some("string") || schema.value.get("enum").is_some())
}

fn payload_headers(spec: &Spec<'_>, report: &mut Report) {
    for parameter in spec
        .parameters
        .iter()
        .filter(|parameter| parameter.text("in") == Some("header"))
    {
        payload(parameter, parameter.text("name").unwrap_or_default(), report);
    }
    for response in &spec.responses {
        for (name, header) in response
            .node
            .get("headers")
            .map(|headers| headers.entries())
            .unwrap_or_default()
        {
            payload(&header, name, report);
        }
    }
}

fn payload(header: &Node<'_>, name: &str, report: &mut Report) {
    if header.value.get("content").is_some() {
        return report.add(&header.place, format!("the header {name} carries a media type"));
    }
    let Some(schema) = header.get("schema") else { return };
    let items = schema.get("items").unwrap_or_else(|| schema.clone());
    if [&schema, &items].iter().any(|node| is_structure(node)) {
        report.add(&header.place, format!("the header {name} carries a structure"));
    } else if matches!(schema.text("format"), Some("binary" | "byte")) {
        report.add(&header.place, format!("the header {name} carries binary data"));
    }
}

fn is_structure(schema: &Node<'_>) -> bool {
    let object = match schema.value.get("type") {
        Some(Value::String(kind)) => kind == "object",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "object"),
        _ => false,
    };
    object || schema.value.get("properties").is_some()
}
