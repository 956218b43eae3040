//! Datum- och tidsformat: dates and times by RFC 3339.

use super::{Report, Rule, Severity};
use crate::spec::{Node, Spec};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "DOT.01",
        severity: Severity::Error,
        text: "A date is written by RFC 3339, and the document shows it",
        text_sv: "Datum och tid ska hanteras enligt RFC 3339.",
        mend: "Give the date field an `example` such as `2026-01-31` (`example`, not `examples`).",
        check: dates,
    },
    Rule {
        id: "DOT.02",
        severity: Severity::Error,
        text: "A time is written by RFC 3339, and the document shows it",
        text_sv: "Datum och tid ska anges enligt RFC 3339 som bygger på ISO 8601.",
        mend: "Give the time field an `example` such as `2026-01-31T10:00:00Z` (`example`, not `examples`).",
        check: times,
    },
    Rule {
        id: "DOT.04",
        severity: Severity::Warning,
        text: "A time says its offset from UTC",
        text_sv: "Tidszonen bör representeras med UTC-formatet.",
        mend: "End the example with `Z` or an offset such as `+01:00`.",
        check: offsets,
    },
];

/// The properties of this format, with their example.
fn examples<'a>(spec: &Spec<'a>, format: &str) -> Vec<(Node<'a>, Option<&'a str>)> {
    let properties = spec.schemas.iter().filter_map(|schema| schema.get("properties"));
    let all = properties.flat_map(|properties| properties.entries());
    all.filter(|(_, node)| node.text("format") == Some(format))
        .map(|(_, node)| (node.clone(), node.text("example")))
        .collect()
}

fn dates(spec: &Spec<'_>, report: &mut Report) {
    for (node, example) in examples(spec, "date") {
        if !example.is_some_and(is_full_date) {
            report.add(&node.place, "a date without an example of the form 2026-01-31");
        }
    }
}

fn times(spec: &Spec<'_>, report: &mut Report) {
    for (node, example) in examples(spec, "date-time") {
        if !example.is_some_and(is_local_time) {
            report.add(
                &node.place,
                "a time without an example of the form 2026-01-31T10:00:00Z",
            );
        }
    }
}

/// Only where DOT.02 is content: a missing example is one fault, not two.
fn offsets(spec: &Spec<'_>, report: &mut Report) {
    for (node, example) in examples(spec, "date-time") {
        if example.is_some_and(|text| is_local_time(text) && text.parse::<jiff::Timestamp>().is_err()) {
            report.add(&node.place, "the time does not say its offset from UTC");
        }
    }
}

fn is_full_date(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}

/// RFC 3339 date and time; the offset is DOT.04's.
fn is_local_time(text: &str) -> bool {
    let separated = matches!(text.as_bytes().get(10), Some(b'T' | b't'));
    let seconds = text.get(13..14) == Some(":") && text.get(16..17) == Some(":");
    let Some(start) = text.get(..19) else { return false };
    separated && seconds && start.parse::<jiff::civil::DateTime>().is_ok()
}
