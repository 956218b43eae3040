//! What people say of their contacts with authorities, published per agency and channel and never per person; and insights
//! that agencies share with each other.
//!
//! [`batch`] holds the rule of publication and [`statistics`] adds publications up; both are pure. [`store`] keeps answers
//! until they may be published. The API is open to read, as JSON, as drawings, and as a page.

mod api;
pub mod batch;
mod chart;
mod page;
mod service;
pub mod statistics;
pub mod store;
mod words;

pub use api::openapi;
pub use service::{InsightsConfig, service};
