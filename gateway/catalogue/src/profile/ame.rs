//! API Message: bodies and their field names.

use super::names::{Casing, casing};
use super::{Report, Rule, Severity};
use crate::spec::{Node, Role, Spec, is_media_json};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "AME.01",
        severity: Severity::Warning,
        text: "Representations are JSON",
        text_sv: "Datamodellen för en representation bör beskrivas med JSON.",
        mend: "Offer application/json.",
        check: json_answers,
    },
    Rule {
        id: "AME.02",
        severity: Severity::Warning,
        text: "JSON is what is meant when nothing else is asked for",
        text_sv: "Det bör förutsättas att Accept som standard är application/json.",
        mend: "Let the request be sent as application/json, and do not declare an Accept that excludes it.",
        check: json_requests,
    },
    Rule {
        id: "AME.04",
        severity: Severity::Warning,
        text: "Field names are camelCase or snake_case",
        text_sv: "För fältnamn bör camelCase eller snake_case användas.",
        mend: "Rename the field.",
        check: field_casing,
    },
    Rule {
        id: "AME.05",
        severity: Severity::Error,
        text: "Field names are consistent within an API",
        text_sv: "Inom ett API ska namnsättningen vara konsekvent: blanda inte camelCase och snake_case.",
        mend: "Choose the convention most fields follow and rename the others.",
        check: field_consistency,
    },
    Rule {
        id: "AME.07",
        severity: Severity::Warning,
        text: "Field names are alphanumeric",
        text_sv: "Fältnamn bör använda tecken som är alfanumeriska.",
        mend: "Rename the field: letters a-z and digits.",
        check: field_characters,
    },
];

fn json_answers(spec: &Spec<'_>, report: &mut Report) {
    for (role, content) in &spec.contents {
        let entries = content.entries();
        if *role == Role::Success && !entries.is_empty() && !entries.iter().any(|(name, _)| is_media_json(name)) {
            report.add(&content.place, "the answer is not offered as JSON");
        }
    }
}

fn json_requests(spec: &Spec<'_>, report: &mut Report) {
    for (role, content) in &spec.contents {
        if *role == Role::Request && !content.entries().iter().any(|(name, _)| is_media_json(name)) {
            report.add(&content.place, "the request cannot be sent as JSON");
        }
    }
}

/// `(name, place)` of every field of every body.
fn fields<'a>(spec: &Spec<'a>) -> Vec<(&'a str, String)> {
    let properties = spec.schemas.iter().filter_map(|schema| schema.get_raw("properties"));
    properties.flat_map(|node: Node<'a>| names(&node)).collect()
}

/// The names stand where they are written, also when the field's schema is a reference.
fn names<'a>(properties: &Node<'a>) -> Vec<(&'a str, String)> {
    let members = properties.value.as_object().into_iter().flatten();
    members
        .map(|(name, _)| {
            (
                name.as_str(),
                format!("{}/{}", properties.place, crate::spec::escape(name)),
            )
        })
        .collect()
}

fn is_alphanumeric(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Other characters than the two conventions know are AME.07's.
fn field_casing(spec: &Spec<'_>, report: &mut Report) {
    for (name, place) in fields(spec) {
        if is_alphanumeric(name) && casing(name) == Casing::Other {
            report.add(place, format!("{name:?} is neither camelCase nor snake_case"));
        }
    }
}

fn field_consistency(spec: &Spec<'_>, report: &mut Report) {
    let fields = fields(spec);
    let of = |wanted| fields.iter().filter(move |(name, _)| casing(name) == wanted);
    let (camel, snake) = (of(Casing::Camel).count(), of(Casing::Snake).count());
    if camel == 0 || snake == 0 {
        return;
    }
    let (odd, usual) = if snake <= camel {
        (Casing::Snake, "camelCase")
    } else {
        (Casing::Camel, "snake_case")
    };
    for (name, place) in of(odd) {
        report.add(place, format!("{name:?}, where most fields are {usual}"));
    }
}

fn field_characters(spec: &Spec<'_>, report: &mut Report) {
    for (name, place) in fields(spec) {
        if !is_alphanumeric(name) {
            report.add(place, format!("{name:?} holds other characters"));
        }
    }
}
