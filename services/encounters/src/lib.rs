//! Call-backs and meetings instead of a thread of e-mails: an agency offers times, a person books one, and whether the
//! promise was kept is recorded. No time is given twice.
//!
//! [`seal`] keeps telephone numbers unreadable at rest; [`meeting`] says what is offered and booked, [`store`] books; the API is what agencies and channels call.

mod api;
pub mod meeting;
pub mod seal;
mod service;
pub mod store;

pub use api::openapi;
pub use service::{EncountersConfig, service};
