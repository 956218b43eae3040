//! Resurser: names of resources, and what must not be in a URL.

use super::{Report, Rule, Severity};
use crate::spec::Spec;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "RES.02",
        severity: Severity::Warning,
        text: "Person identifiers are not exposed in paths and queries",
        text_sv: "Personligt identifierbar information (personnummer med mera) bör inte exponeras.",
        mend: "Use an opaque id; take the person from the access token.",
        check: person_identifiers,
    },
    Rule {
        id: "RES.06",
        severity: Severity::Error,
        text: "Resources are nouns in lower case, words separated by hyphens",
        text_sv: "Resurser namnges som substantiv, med gemener och bindestreck mellan orden.",
        mend: "Rename the path part: a-z, 0-9 and inner hyphens, no verb in front; the method is the verb.",
        check: path_parts,
    },
];

/// Parameter names that stand for a Swedish personal identity number, compared without case and separators.
const PERSON: &[&str] = &[
    "pnr",
    "personnummer",
    "personnr",
    "ssn",
    "personalidentitynumber",
    "socialsecuritynumber",
];
const VERBS: &[&str] = &["get-", "post-", "put-", "delete-", "patch-"];

fn person_identifiers(spec: &Spec<'_>, report: &mut Report) {
    for parameter in &spec.parameters {
        let name: String = parameter
            .text("name")
            .unwrap_or_default()
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect();
        let in_url = matches!(parameter.text("in"), Some("query" | "path"));
        if in_url && PERSON.contains(&name.to_ascii_lowercase().as_str()) {
            report.add(
                &parameter.place,
                "a personal identity number in the URL ends up in logs and histories",
            );
        }
    }
}

fn path_parts(spec: &Spec<'_>, report: &mut Report) {
    for (path, item) in &spec.paths {
        for part in path.split('/').filter(|part| !part.is_empty() && !part.contains('{')) {
            let characters = part
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
            let hyphens = part.starts_with('-') || part.ends_with('-');
            if !characters || hyphens || VERBS.iter().any(|verb| part.starts_with(verb)) {
                report.add(&item.place, format!("{part:?} is not a resource name"));
            }
        }
    }
}
