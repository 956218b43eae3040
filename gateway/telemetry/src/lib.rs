//! What the gateway tells about each request: one record, read by the metrics, the access log and the traces.
//!
//! The edge calls [`Telemetry::begin`] when a request arrives, fills the [`RequestRecord`] as the request passes its
//! layers, and hands it to [`Telemetry::finish`] once the response has ended. Nothing else happens on the request's own
//! thread than counting and writing one log line to that thread's buffer: spans are built afterwards, on one background
//! thread, so that every failed and every slow request can be kept and only a share of the others.

mod access_log;
mod config;
mod export;
mod ids;
mod keep;
mod local;
mod metrics;
mod operations;
mod pipeline;
mod record;
mod sampler;
mod spans;
mod store;
mod telemetry;
mod trace_context;
mod usage;

pub use config::{AccessLog, Config, Error, OtlpConfig, Protocol};
pub use ids::HexId;
pub use metrics::{LimitMetrics, RouteMetrics};
pub use record::{Blame, Outcome, Phase, RequestRecord, UpstreamFacts};
pub use sampler::Sampler;
pub use telemetry::{Guard, Telemetry};
pub use trace_context::TraceContext;
pub use usage::{USAGE_BOUNDS_MS, Usage, UsageCounter};

/// The registry other crates register their own metrics in, through [`Telemetry::with_registry`].
pub use prometheus_client;
