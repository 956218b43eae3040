//! What the crate promises, asked from outside: through its public face, over HTTP, and by a real collector and a real
//! Prometheus.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod access_log;
mod exporter_faults;
mod keep_rules;
mod metrics;
mod operations;
mod prometheus;
mod rotel;
mod support;
mod trace_context;
