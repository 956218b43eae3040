//! DOK.15: examples of requests and answers.

use super::super::Report;
use crate::spec::Spec;
use serde_json::Value;

/// Every `application/json` body has `examples`: a single `example` is not seen by the national validator.
pub(super) fn check(spec: &Spec<'_>, report: &mut Report) {
    for media in &spec.media {
        let json = media
            .name
            .split(';')
            .next()
            .is_some_and(|name| name.trim().eq_ignore_ascii_case("application/json"));
        let has = match media.node.get("examples").map(|examples| examples.value) {
            Some(Value::Object(examples)) => !examples.is_empty(),
            Some(Value::Array(examples)) => !examples.is_empty(),
            _ => false,
        };
        if json && !has {
            report.add(&media.node.place, "a JSON body without examples");
        }
    }
}
