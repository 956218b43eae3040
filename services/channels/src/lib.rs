//! Subscriptions: signed webhooks and event streams that tell a third-party channel when a person's case changes.
//!
//! What is told is that something changed, never what: the receiver reads the case with the person's token. Changes come
//! from case status in an order of their own; this service keeps its place in it together with the deliveries that follow
//! from each, so that a restart loses none. Several workers, on one node or many, share the deliveries.

mod api;
mod clock;
mod config;
mod consent;
mod feed;
mod seal;
mod send;
mod sign;
mod start;
mod store;
mod worker;

pub use api::openapi;
pub use clock::Clock;
pub use config::ChannelsConfig;
pub use consent::ConsentsConfig;
pub use seal::SecretKeys;
pub use start::{Channels, Running};
