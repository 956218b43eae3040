//! The data plane over real sockets: one file a behaviour.

mod backends;
mod framing;
mod headers;
mod refusals;
mod stack_table;
mod streaming;
mod support;

mod server_bind;
mod server_drain;
mod server_protocols;
mod server_support;
mod server_timeouts;
mod server_tls;
mod upstream_answer;
mod upstream_connect;
mod upstream_pool;
mod upstream_support;
