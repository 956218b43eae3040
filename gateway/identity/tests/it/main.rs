//! Keys and tokens from outside, by behaviour.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod api_key;
mod bad_assertions;
mod bad_proofs;
mod bad_tokens;
mod fetching;
mod good_tokens;
mod key_server;
mod last_used;
mod nodes;
mod outage;
mod people;
mod pepper;
mod person_codes;
mod person_login;
mod person_refresh;
mod register;
mod relations;
mod rotation;
mod service;
mod service_support;
mod signing;
