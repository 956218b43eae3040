//! What people say of their contacts with authorities, published per agency and channel and never per person; and insights
//! that agencies share with each other.
//!
//! [`batch`] holds the rule of publication and is pure; [`store`] keeps answers until they may be published; the API is
//! open to read.

mod api;
pub mod batch;
mod chart;
mod service;
pub mod store;

pub use api::openapi;
pub use service::{InsightsConfig, service};
