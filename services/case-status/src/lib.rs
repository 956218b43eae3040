//! Where is my case, and who has the ball: every case of a person, over all agencies, in one list.
//!
//! Each producer of cases is asked at the same time, within one deadline, in the form it speaks. A producer
//! that is slow, down or wrong costs its own cases and nothing else, and the answer says so.

mod api;
mod ask;
mod changes;
mod config;
mod facades;
mod find;
mod forms;
mod gather;
mod index;
mod intake;
mod last_known;
mod pushed;
mod register;
mod rules;
mod source;
mod state;
mod told;

pub use api::openapi;
pub use config::{CaseStatusConfig, Form, Producer, Producers};
pub use facades::{mina_arenden_openapi, open311_openapi};
pub use intake::openapi as events_openapi;
pub use state::service;
