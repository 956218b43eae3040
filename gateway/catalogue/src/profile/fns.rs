//! Filtrering, namnsättning och sökparametrar: query parameters.

use super::names::{Casing, casing};
use super::{Report, Rule, Severity};
use crate::spec::{Node, Spec};
use serde_json::Value;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "FNS.01",
        severity: Severity::Error,
        text: "Query parameters follow one naming convention",
        text_sv: "Parameternamn ska anges med en konsekvent namnkonvention inom ett API.",
        mend: "Rename the parameters that differ.",
        check: consistent,
    },
    Rule {
        id: "FNS.03",
        severity: Severity::Error,
        text: "Query parameters start with a letter",
        text_sv: "Sökparametrar ska starta med en bokstav.",
        mend: "Rename the parameter.",
        check: starts_with_letter,
    },
    Rule {
        id: "FNS.05",
        severity: Severity::Warning,
        text: "Query parameters are optional",
        text_sv: "Sökparametrar bör vara frivilliga.",
        mend: "Give the parameter a default, or make it a part of the path.",
        check: optional,
    },
    Rule {
        id: "FNS.06",
        severity: Severity::Warning,
        text: "Query parameters hold characters that are safe in a URL",
        text_sv: "Sökparametrar bör använda tecken som är URL-säkra.",
        mend: "Rename the parameter: A-Z, a-z, 0-9, hyphen, dot, underscore, tilde.",
        check: safe_characters,
    },
    Rule {
        id: "FNS.07",
        severity: Severity::Error,
        text: "Paging is by page or offset together with limit",
        text_sv: "Vid paginering ska page eller offset, och limit, ingå i request.",
        mend: "Add the query parameter `limit`.",
        check: paging,
    },
    Rule {
        id: "FNS.08",
        severity: Severity::Error,
        text: "page starts at 1",
        text_sv: "page ska alltid starta med värde 1.",
        mend: "Set `default: 1` in the schema of `page`.",
        check: first_page,
    },
    Rule {
        id: "FNS.09",
        severity: Severity::Warning,
        text: "limit is 20 when not given",
        text_sv: "Defaultvärde för limit bör vara 20.",
        mend: "Set `default: 20` in the schema of `limit`.",
        check: default_limit,
    },
];

/// `(name, parameter)` of every query parameter.
fn query<'a>(parameters: &[Node<'a>]) -> Vec<(&'a str, Node<'a>)> {
    let queries = parameters.iter().filter(|node| node.text("in") == Some("query"));
    queries
        .filter_map(|node| Some((node.text("name")?, node.clone())))
        .collect()
}

/// The convention of most parameters is the API's; the others differ.
fn consistent(spec: &Spec<'_>, report: &mut Report) {
    let all = query(&spec.parameters);
    let count = |wanted| all.iter().filter(|(name, _)| casing(name) == wanted).count();
    let usual = [Casing::Camel, Casing::Snake, Casing::Kebab]
        .into_iter()
        .rev()
        .max_by_key(|casing| count(*casing));
    for (name, node) in &all {
        let found = casing(name);
        if matches!(found, Casing::Camel | Casing::Snake | Casing::Kebab) && Some(found) != usual {
            report.add(&node.place, format!("{name:?} differs from the other parameters"));
        }
    }
}

fn starts_with_letter(spec: &Spec<'_>, report: &mut Report) {
    for (name, node) in query(&spec.parameters) {
        if !name.starts_with(char::is_alphabetic) {
            report.add(&node.place, format!("{name:?} does not start with a letter"));
        }
    }
}

fn optional(spec: &Spec<'_>, report: &mut Report) {
    for (name, node) in query(&spec.parameters) {
        if node.is_true("required") {
            report.add(&node.place, format!("{name:?} is required"));
        }
    }
}

fn safe_characters(spec: &Spec<'_>, report: &mut Report) {
    for (name, node) in query(&spec.parameters) {
        if !name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~'))
        {
            report.add(&node.place, format!("{name:?} must be escaped in a URL"));
        }
    }
}

fn paging(spec: &Spec<'_>, report: &mut Report) {
    for operation in &spec.operations {
        let names: Vec<&str> = query(&operation.parameters).into_iter().map(|(name, _)| name).collect();
        if (names.contains(&"page") || names.contains(&"offset")) && !names.contains(&"limit") {
            report.add(&operation.node.place, "paging without limit");
        }
    }
}

fn default_of(spec: &Spec<'_>, wanted: &str, value: u64, report: &mut Report) {
    for (_, node) in query(&spec.parameters).into_iter().filter(|(name, _)| *name == wanted) {
        let default = node
            .get("schema")
            .and_then(|schema| schema.value.get("default").and_then(Value::as_u64));
        if default != Some(value) {
            report.add(&node.place, format!("{wanted} is not {value} when not given"));
        }
    }
}

fn first_page(spec: &Spec<'_>, report: &mut Report) {
    default_of(spec, "page", 1, report);
}

fn default_limit(spec: &Spec<'_>, report: &mut Report) {
    default_of(spec, "limit", 20, report);
}
