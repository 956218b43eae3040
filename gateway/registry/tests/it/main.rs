//! Registry documents good and bad: the exact lines a person sees.
#![expect(clippy::unwrap_used, reason = "a fixture that cannot be built is a failed test")]

mod good;
mod problems;
mod store;
mod suppressed;
mod usage;

use document::Source;
use registry::Loaded;
use snapshot::RouteDraft;
use std::path::Path;

/// No OpenAPI documents here.
pub(crate) fn no_operations(path: &Path) -> Result<Vec<RouteDraft>, String> {
    Err(format!("{} is not expected", path.display()))
}

/// Reads a document that must be right.
pub(crate) fn loaded(text: &str) -> Loaded {
    registry::read(Source::from_text("r.toml", text), &no_operations).unwrap()
}

/// Reads a document that must be wrong: every problem as a line.
pub(crate) fn problems(text: &str) -> Vec<String> {
    let problems = registry::read(Source::from_text("r.toml", text), &no_operations).unwrap_err();
    problems.render().lines().map(str::to_owned).collect()
}

/// A small document without a problem; line numbers in the tests count on it.
pub(crate) const GOOD: &str = r#"[[organisations]]
id = "agency"
name = "Agency"
kind = "stateAgency"

[[organisations]]
id = "bank"
name = "Bank"
kind = "privateActor"

[[limits]]
id = "minute"
per = "application"
quota = 600
window = "1m"

[[backends]]
id = "cases"
organisation = "agency"
addresses = ["https://cases.example.se"]

[[apis]]
name = "cases"
title = "Cases"
version = "1.2.0"
released = 2026-01-31
organisation = "agency"
state = "active"
authentication = "key"
personal_data = false
limits = ["minute"]
backend = "cases"

[[apis.routes]]
method = "GET"
path = "/cases"

[[applications]]
id = "app"
name = "App"
organisation = "bank"

[[agreements]]
id = "one"
kind = "avtal"
purpose = "To show cases"
producers = ["agency"]
consumers = ["bank"]
apis = ["cases-v1"]
valid_from = 2026-01-01
"#;

/// The good document with one piece of its text replaced.
pub(crate) fn with(old: &str, new: &str) -> String {
    assert!(GOOD.contains(old), "{old}");
    GOOD.replacen(old, new, 1)
}
