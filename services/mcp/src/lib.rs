//! A chat assistant as a channel like any other: whom to ask, all cases, one case explained, and a plan for a life
//! event, as tools of the Model Context Protocol.
//!
//! It stands behind the gateway as every API does: the same credentials, agreements, consents, limits and traces. It keeps
//! nothing, and reads cases and contacts from the services that have them, for the person that the call is for.

mod api;
mod explain;
mod plan;
mod server;
mod upstream;

pub use api::{McpConfig, openapi, service};
