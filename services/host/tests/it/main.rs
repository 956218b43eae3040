//! A service as its callers meet it, over HTTP.
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod deadlines;
mod refusals;
mod stopping;
mod support;
mod traces;
mod trust;
