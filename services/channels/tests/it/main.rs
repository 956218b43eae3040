//! Channels as its callers and their endpoints meet it, on both databases, with a clock of the tests' own.
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod consent;
mod deaths;
mod delivering;
mod kills;
mod libraries;
mod streaming;
mod subscribing;
mod support;
