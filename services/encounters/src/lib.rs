//! Call-backs and meetings instead of a thread of e-mails: an agency offers times, a person books one, and whether the
//! promise was kept is recorded. No time is given twice.
//!
//! [`meeting`] says what is offered and booked, [`store`] books and keeps telephone numbers unreadable at rest; the API is what
//! agencies and channels call.

mod api;
pub mod meeting;
mod service;
pub mod store;

pub use api::openapi;
pub use service::{EncountersConfig, service};
