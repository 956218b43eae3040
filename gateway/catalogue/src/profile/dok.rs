//! Dokumentation: what a document must say about itself.

use super::{Report, Rule, Severity};
use crate::spec::{Node, Spec};
use serde_json::Value;

mod examples;
mod references;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "DOK.01",
        severity: Severity::Warning,
        text: "Documentation is available online: externalDocs has a description and a URL",
        text_sv: "Dokumentationen bör finnas allmänt tillgänglig online.",
        mend: "Give externalDocs both `description` and `url`.",
        check: external_docs,
    },
    Rule {
        id: "DOK.03",
        severity: Severity::Error,
        text: "info holds title, version, description, termsOfService, contact and license",
        text_sv: "Dokumentationen ska innehålla om API:et, användarvillkor, kontaktuppgifter och versionshantering.",
        mend: "Fill in the member of `info`; contact needs name, url and email, license needs name and url.",
        check: info_members,
    },
    Rule {
        id: "DOK.06",
        severity: Severity::Warning,
        text: "Documentation is in both Swedish and English",
        text_sv: "Dokumentationen bör finnas på både svenska och engelska.",
        mend: "Write `info.description` in both languages.",
        check: both_languages,
    },
    Rule {
        id: "DOK.07",
        severity: Severity::Warning,
        text: "Documentation has general information about the API",
        text_sv: "Dokumentationen bör innehålla övergripande information om API:et.",
        mend: "Add `info.description`.",
        check: description_present,
    },
    Rule {
        id: "DOK.08",
        severity: Severity::Error,
        text: "The service level is stated",
        text_sv: "Ett API:s servicenivå ska finnas tydligt beskriven i dokumentationen.",
        mend: "Add `info.termsOfService`, or `info.x-sla` with availability, responseTime and support.",
        check: service_level,
    },
    Rule {
        id: "DOK.09",
        severity: Severity::Error,
        text: "Known problems and limitations are stated",
        text_sv: "Kända problem och begränsningar ska finnas tydligt beskrivna i dokumentationen.",
        mend: "Add `info.x-limitations`, or name the limits in `info.description`.",
        check: known_limits,
    },
    Rule {
        id: "DOK.11",
        severity: Severity::Error,
        text: "Purpose and behaviour are described",
        text_sv: "Avsikten och beteendet hos API:et ska beskrivas så utförligt och tydligt som möjligt.",
        mend: "Write an `info.description` that is not blank.",
        check: description_is_text,
    },
    Rule {
        id: "DOK.15",
        severity: Severity::Error,
        text: "Requests and answers have examples",
        text_sv: "Exempel på API:ets fråga och svar ska finnas i sin helhet.",
        mend: "Add `examples` (not `example`) beside the `schema` of the media type.",
        check: examples::check,
    },
    Rule {
        id: "DOK.16",
        severity: Severity::Error,
        text: "A data model can be made from the document: every reference leads somewhere inside it",
        text_sv: "Specifikationen ska kunna generera en datamodell för representation av API:ets resurser.",
        mend: "Correct the `$ref`, or bring what it names into this document.",
        check: references::check,
    },
    Rule {
        id: "DOK.17",
        severity: Severity::Warning,
        text: "The latest major version of OpenAPI is used",
        text_sv: "API-specifikationen bör dokumenteras med den senaste huvudversionen av OpenAPI.",
        mend: "Move the document to OpenAPI 3.1.",
        check: openapi_version,
    },
    Rule {
        id: "DOK.19",
        severity: Severity::Error,
        text: "Every operation has a summary and a description",
        text_sv: "Resurser och de möjliga operationerna ska beskrivas så utförligt och tydligt som möjligt.",
        mend: "Give the operation `summary` and `description`; put parameters on operations, not on paths.",
        check: operations_described,
    },
    Rule {
        id: "DOK.20",
        severity: Severity::Error,
        text: "Every response has a description",
        text_sv: "Förväntade returkoder och felkoder ska vara fullständigt dokumenterade.",
        mend: "Give the response a `description`.",
        check: responses_described,
    },
    Rule {
        id: "DOK.21",
        severity: Severity::Error,
        text: "Required authentication is stated",
        text_sv: "Krav på autentisering ska anges i specifikationen.",
        mend: "Add `security` at the top or on the operations; `security: []` says open.",
        check: security_stated,
    },
];

/// Words that only the one language has, frequent enough to be in any paragraph of it.
const SWEDISH: &[&str] = &[
    "och", "att", "är", "för", "som", "med", "det", "på", "av", "till", "eller", "inte", "ett", "den", "från",
];
const ENGLISH: &[&str] = &[
    "the", "and", "of", "to", "is", "with", "this", "for", "that", "from", "are", "or", "not", "which", "by",
];

fn external_docs(spec: &Spec<'_>, report: &mut Report) {
    let Some(docs) = spec.root.get("externalDocs") else {
        return;
    };
    for key in ["description", "url"] {
        if !docs.has_text(key) {
            report.add(&docs.place, format!("externalDocs has no {key}"));
        }
    }
}

/// A missing contact or license is an error, a missing member a warning: as the national validator has it.
fn info_members(spec: &Spec<'_>, report: &mut Report) {
    let Some(info) = spec.info() else {
        return report.add("", "the document has no info");
    };
    for key in ["title", "version", "description", "termsOfService"] {
        if !info.has_text(key) {
            report.warn(&info.place, format!("info has no {key}"));
        }
    }
    for (object, members) in [
        ("contact", &["name", "url", "email"][..]),
        ("license", &["name", "url"][..]),
    ] {
        let Some(node) = info.get(object) else {
            report.add(&info.place, format!("info has no {object}"));
            continue;
        };
        for key in members.iter().filter(|key| !node.has_text(key)) {
            report.warn(&node.place, format!("{object} has no {key}"));
        }
    }
}

fn description<'a>(spec: &Spec<'a>) -> Option<&'a str> {
    spec.info().and_then(|info| info.text("description"))
}

fn both_languages(spec: &Spec<'_>, report: &mut Report) {
    let text = description(spec).unwrap_or_default().to_lowercase();
    let words: Vec<&str> = text.split(|character: char| !character.is_alphabetic()).collect();
    for (language, common) in [("Swedish", SWEDISH), ("English", ENGLISH)] {
        // A blank description is DOK.07 and DOK.11; one fault is enough.
        if !text.trim().is_empty() && !words.iter().any(|word| common.contains(word)) {
            report.add("/info/description", format!("no {language} in the description"));
        }
    }
}

fn description_present(spec: &Spec<'_>, report: &mut Report) {
    if spec.info().is_none_or(|info| info.value.get("description").is_none()) {
        report.add("/info", "info has no description");
    }
}

fn description_is_text(spec: &Spec<'_>, report: &mut Report) {
    if description(spec).is_none_or(|text| text.trim().is_empty()) {
        report.add("/info", "the description is missing or blank");
    }
}

fn service_level(spec: &Spec<'_>, report: &mut Report) {
    let info = spec.info();
    let terms = info.as_ref().is_some_and(|info| info.has_text("termsOfService"));
    let sla = info.and_then(|info| info.get("x-sla"));
    let sla = sla.is_some_and(|sla| {
        ["availability", "responseTime", "support"]
            .iter()
            .all(|key| sla.value.get(key).is_some())
    });
    let docs = spec.root.get("externalDocs").is_some_and(|docs| {
        let text = docs.text("description").unwrap_or_default().to_lowercase();
        let names_it = text.contains("sla") || text.contains("service level") || text.contains("servicenivå");
        names_it && docs.text("url").is_some_and(|url| url.starts_with("http"))
    });
    if !terms && !sla && !docs {
        report.add("/info", "nothing says what service level callers can count on");
    }
}

fn known_limits(spec: &Spec<'_>, report: &mut Report) {
    let declared = spec.info().is_some_and(|info| match info.value.get("x-limitations") {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(_) => true,
    });
    let docs = spec.root.get("externalDocs").and_then(|docs| docs.text("description"));
    let texts = [description(spec), docs];
    let named = texts.iter().flatten().any(|text| {
        let text = text.to_lowercase();
        ["limit", "begränsning", "problem"]
            .iter()
            .any(|word| text.contains(word))
    });
    if !declared && !named {
        report.add("/info", "nothing says what problems and limitations are known");
    }
}

fn openapi_version(spec: &Spec<'_>, report: &mut Report) {
    let version = spec.root.text("openapi").unwrap_or_default();
    let mut parts = version.split('.').map(|part| part.parse::<u32>().ok());
    let major = parts.next().flatten();
    if major.is_none_or(|major| major < 3) || !parts.all(|part| part.is_some()) || version.split('.').count() != 3 {
        report.add("/openapi", "not a version of OpenAPI 3");
    }
}

/// `parameters` on a path reads as an operation without a summary to the national validator.
fn operations_described(spec: &Spec<'_>, report: &mut Report) {
    for operation in &spec.operations {
        for key in ["summary", "description"]
            .into_iter()
            .filter(|key| !operation.node.has_text(key))
        {
            let Node { place, .. } = &operation.node;
            report.add(
                place,
                format!("{} {} has no {key}", operation.method.to_uppercase(), operation.path),
            );
        }
    }
    for (path, item) in &spec.paths {
        if let Some(parameters) = item.get_raw("parameters") {
            report.add(
                parameters.place,
                format!("{path} holds parameters for all its operations"),
            );
        }
    }
}

fn responses_described(spec: &Spec<'_>, report: &mut Report) {
    for response in &spec.responses {
        if !response.node.has_text("description") {
            report.add(
                &response.node.place,
                format!("the response {} has no description", response.status),
            );
        }
    }
}

fn security_stated(spec: &Spec<'_>, report: &mut Report) {
    let at_root = spec
        .root
        .get("security")
        .is_some_and(|security| security.value.is_array());
    if !at_root
        && !spec
            .operations
            .iter()
            .any(|operation| operation.node.value.get("security").is_some())
    {
        report.add("", "nothing says which credential a call needs");
    }
}
