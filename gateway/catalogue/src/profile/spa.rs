//! Spårbarhet och korrelation: W3C Trace Context. New in 2.0.0; written from what is known of the requirements.

use super::{Report, Rule, Severity};
use crate::spec::{Node, Operation, Spec};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "SPA.02",
        severity: Severity::Error,
        text: "Every operation takes traceparent, and does not demand it",
        text_sv: "Varje operation ska ta emot headern traceparent, som inte får vara obligatorisk.",
        mend: "Declare an optional header parameter `traceparent` on the operation.",
        check: request_header,
    },
    Rule {
        id: "SPA.04",
        severity: Severity::Warning,
        text: "Every response carries traceparent",
        text_sv: "Varje svar bör innehålla headern traceparent.",
        mend: "Declare the header `traceparent` on the response.",
        check: response_header,
    },
    Rule {
        id: "SPA.07",
        severity: Severity::Error,
        text: "x-request-id does not stand in for traceparent",
        text_sv: "Om x-request-id används ska även traceparent användas.",
        mend: "Declare `traceparent` beside `x-request-id`.",
        check: request_id,
    },
];

const TRACEPARENT: &str = "traceparent";
const REQUEST_ID: &str = "x-request-id";

fn header<'s, 'a>(operation: &'s Operation<'a>, name: &str) -> Option<&'s Node<'a>> {
    let named = |node: &&Node<'a>| node.text("name").is_some_and(|text| text.eq_ignore_ascii_case(name));
    operation
        .parameters
        .iter()
        .filter(|node| node.text("in") == Some("header"))
        .find(named)
}

fn has_response_header(response: &Node<'_>, name: &str) -> bool {
    let headers = response
        .get("headers")
        .map(|headers| headers.entries())
        .unwrap_or_default();
    headers.iter().any(|(key, _)| key.eq_ignore_ascii_case(name))
}

fn request_header(spec: &Spec<'_>, report: &mut Report) {
    for operation in &spec.operations {
        match header(operation, TRACEPARENT) {
            None => report.add(&operation.node.place, "the operation does not declare traceparent"),
            Some(parameter) if parameter.is_true("required") => {
                report.add(&parameter.place, "traceparent must be optional");
            }
            Some(_) => {}
        }
    }
}

fn response_header(spec: &Spec<'_>, report: &mut Report) {
    for response in &spec.responses {
        if !has_response_header(&response.node, TRACEPARENT) {
            report.add(
                &response.node.place,
                format!("the response {} does not declare traceparent", response.status),
            );
        }
    }
}

fn request_id(spec: &Spec<'_>, report: &mut Report) {
    for operation in &spec.operations {
        if header(operation, REQUEST_ID).is_some() && header(operation, TRACEPARENT).is_none() {
            report.add(&operation.node.place, "x-request-id without traceparent");
        }
    }
    for response in &spec.responses {
        if has_response_header(&response.node, REQUEST_ID) && !has_response_header(&response.node, TRACEPARENT) {
            report.add(&response.node.place, "x-request-id without traceparent");
        }
    }
}
