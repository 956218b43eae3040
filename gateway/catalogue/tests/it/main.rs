//! The catalogue from outside: one file per behaviour.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bombs;
mod catalog;
mod comparing;
mod mocks;
mod pages;
mod profile_rules;
mod profile_walk;
mod publishing;
mod reading;
mod routes;
mod serving;
mod support;
