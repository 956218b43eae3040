//! Felhantering: problem details by RFC 9457.

use super::{Report, Rule, Severity};
use crate::spec::{Node, Role, Spec, is_failure};
use std::collections::HashSet;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "FEL.01",
        severity: Severity::Error,
        text: "Problem details have type, title, status, detail and instance",
        text_sv: "Feldetaljer ska beskrivas enligt RFC 9457: type, title, status, detail och instance.",
        mend: "Make the schema of application/problem+json an object with these five members.",
        check: problem_schema,
    },
    Rule {
        id: "FEL.02",
        severity: Severity::Warning,
        text: "Failures are answered as application/problem+json",
        text_sv: "Felsvar bör använda mediatypen application/problem+json eller application/problem+xml.",
        mend: "Offer application/problem+json on the response.",
        check: problem_media,
    },
];

const MEMBERS: [&str; 5] = ["type", "title", "status", "detail", "instance"];

fn is_problem(media: &str) -> bool {
    let essence = media.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/problem+json") || essence.eq_ignore_ascii_case("application/problem+xml")
}

fn problem_schema(spec: &Spec<'_>, report: &mut Report) {
    for media in spec
        .media
        .iter()
        .filter(|media| media.role != Role::Request && is_problem(media.name))
    {
        let Some(schema) = media.node.get("schema") else {
            report.add(&media.node.place, "the problem has no schema");
            continue;
        };
        let found = members(&schema);
        let missing: Vec<&str> = MEMBERS.into_iter().filter(|member| !found.contains(member)).collect();
        if !missing.is_empty() {
            report.add(&schema.place, format!("the problem lacks {}", missing.join(", ")));
        }
    }
}

/// The property names of a schema, its `allOf` parts included; each part is visited once.
fn members<'a>(schema: &Node<'a>) -> HashSet<&'a str> {
    let (mut found, mut seen, mut waiting) = (HashSet::new(), HashSet::new(), vec![schema.clone()]);
    while let Some(node) = waiting.pop() {
        if seen.insert(node.place.clone()) {
            found.extend(
                node.get("properties")
                    .and_then(|node| node.value.as_object())
                    .into_iter()
                    .flat_map(|all| all.keys())
                    .map(String::as_str),
            );
            waiting.extend(node.get("allOf").map(|parts| parts.items()).unwrap_or_default());
        }
    }
    found
}

fn problem_media(spec: &Spec<'_>, report: &mut Report) {
    for response in spec.responses.iter().filter(|response| is_failure(response.status)) {
        let content = response
            .node
            .get("content")
            .map(|content| content.entries())
            .unwrap_or_default();
        if !content.iter().any(|(name, _)| is_problem(name)) {
            report.add(
                &response.node.place,
                format!("the response {} is not problem details", response.status),
            );
        }
    }
}
