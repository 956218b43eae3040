//! Handover: an agency sends a matter on to another one, so that the person need not carry papers between them.
//!
//! Nothing leaves before the person has been shown exactly what is shared, and has said yes to that by its hash. An
//! [`agreement`] between the two must cover it, when it is made and when it is sent. The recipient gets the same bytes and
//! says so by their hashes. [`handover`] holds the states and is pure, [`secure_message`] the form of the national API for
//! secure messages (SDK); the [`store`] keeps what is shared encrypted, and only as long as somebody must fetch it.

pub mod agreement;
mod api;
pub mod handover;
pub mod secure_message;
mod service;
pub mod store;

pub use api::openapi;
pub use service::{HandoverConfig, service};
