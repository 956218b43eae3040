//! Mognad: the Richardson maturity model.

use super::{Report, Rule, Severity};
use crate::spec::{Role, Spec};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "MOG.01",
        severity: Severity::Error,
        text: "Level 2: resources are worked on by the methods of HTTP",
        text_sv: "Alla API:er ska designas för att uppnå nivå 2 enligt Richardson Maturity Model.",
        mend: "Give the path an operation: get, post, put, delete or patch.",
        check: level_2,
    },
    Rule {
        id: "MOG.02",
        severity: Severity::Warning,
        text: "Level 3: answers link to what can be done next",
        text_sv: "Alla API:er bör samtidigt designas för att uppnå nivå 3 enligt Richardson Maturity Model.",
        mend: "Return `_links`, send a `Link` header, or describe OpenAPI `links` on some response.",
        check: level_3,
    },
];

const VERBS: [&str; 5] = ["get", "post", "put", "delete", "patch"];

fn level_2(spec: &Spec<'_>, report: &mut Report) {
    for (path, item) in &spec.paths {
        if !VERBS.iter().any(|verb| item.value.get(*verb).is_some()) {
            report.add(&item.place, format!("{path} has no operation"));
        }
    }
}

/// From the wording of the requirement: the validator's own test, two members per path, says nothing about links.
fn level_3(spec: &Spec<'_>, report: &mut Report) {
    let described = spec.responses.iter().any(|response| {
        let link_header = response.node.get("headers").is_some_and(|headers| {
            headers
                .entries()
                .iter()
                .any(|(name, _)| name.eq_ignore_ascii_case("link"))
        });
        link_header
            || response
                .node
                .get("links")
                .is_some_and(|links| !links.entries().is_empty())
    });
    let successes = spec.media.iter().any(|media| media.role == Role::Success);
    let fields = spec
        .schemas
        .iter()
        .filter_map(|schema| schema.get("properties"))
        .any(|properties| {
            ["_links", "links"]
                .iter()
                .any(|name| properties.value.get(*name).is_some())
        });
    let linked = described || (successes && fields);
    if !spec.operations.is_empty() && !linked {
        report.add("/paths", "no answer links to anything");
    }
}
