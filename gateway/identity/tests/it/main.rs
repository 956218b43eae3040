//! Keys and tokens from outside, by behaviour.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod api_key;
mod bad_tokens;
mod fetching;
mod good_tokens;
mod key_server;
mod outage;
mod people;
mod pepper;
mod rotation;
mod signing;
