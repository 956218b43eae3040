//! What every service stands on: a listener that drains, a trace per request, problems instead of
//! surprises, the caller's facts, and a document that says what is served.
//!
//! A service is a [`Service`] made of one or more [`Api`]s. Run it alone with [`run()`], or several in
//! one process with [`serve()`]; each has its own `service.name` in the traces.

mod access;
mod answer;
mod api;
mod args;
mod caller;
mod context;
mod document;
mod entity;
mod export;
mod extract;
mod forwarded;
mod internal;
mod json_body;
mod outgoing;
mod paging;
mod query_string;
mod refusal;
mod run;
mod seal;
mod serve;
mod service;
mod shown_path;
mod strangers;
mod telemetry;
mod trace_headers;
mod trust;

pub use access::Access;
pub use api::{Api, ApiFacts, ApiInfo, ApiStatus};
pub use args::Args;
pub use caller::{Actor, Caller, PartyId};
pub use context::RequestContext;
pub use entity::Entity;
pub use extract::{Json, Path, Query};
pub use internal::InternalKey;
pub use json_body::read as read_json;
pub use outgoing::{Fetched, Limits, Outgoing, OutgoingError};
pub use paging::page;
pub use refusal::Refusal;
pub use run::{run, shutdown_signal};
pub use seal::{Broken, Seal};
pub use serve::{serve, serve_behind};
pub use service::Service;
pub use strangers::Strangers;
pub use telemetry::ServiceTelemetry;
pub use trust::{Act, Told, Trust, TrustSettings, Untrusted};
