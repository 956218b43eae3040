//! The data plane over real sockets: one file a behaviour.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops at what it does not expect"
)]

mod attack_chunks;
mod attack_corpus;
mod backends;
mod balance;
mod bound_tokens;
mod cache;
mod floods;
mod frames;
mod framing;
mod headers;
mod idempotency;
mod mocks;
mod refusals;
mod reloads;
mod retries;
mod shared_limits;
mod stack_table;
mod steering;
mod streaming;
mod support;
mod validation;
mod witness;

mod server_bind;
mod server_drain;
mod server_protocols;
mod server_sleep;
mod server_support;
mod server_timeouts;
mod server_tls;
mod upstream_answer;
mod upstream_connect;
mod upstream_pool;
mod upstream_support;
