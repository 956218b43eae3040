//! The sandbox as those who build on it meet it, over HTTP.
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod alone;
mod faults;
mod forms;
mod identity;
mod provider;
mod support;
