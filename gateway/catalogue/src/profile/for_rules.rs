//! Rules of the national validator that are not in the profile itself.

use super::{Report, Rule, Severity};
use crate::spec::Spec;

pub(super) const RULES: &[Rule] = &[Rule {
    id: "FOR.02",
    severity: Severity::Error,
    text: "GET has no body",
    text_sv: "GET ska inte ha någon body.",
    mend: "Move the content to query parameters, or use POST.",
    check: get_body,
}];

fn get_body(spec: &Spec<'_>, report: &mut Report) {
    for operation in spec.operations.iter().filter(|operation| operation.method == "get") {
        if let Some(body) = operation.node.get("requestBody") {
            report.add(&body.place, format!("GET {} has a body", operation.path));
        }
    }
}
