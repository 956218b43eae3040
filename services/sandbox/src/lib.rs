//! Simulated agencies, each with habits of its own, and a test e-identification: a whole country to try
//! things on, without a real person in it.
//!
//! Everything is made from a seed and a moment, so that two runs with the same ones give the same people
//! and the same cases. Faults are switched at run time. None of the organisations exists.

mod agency;
mod control;
mod faults;
mod forms;
mod identity;
mod people;
mod push;
mod random;
mod register;
mod start;
mod story;
mod switchboard;
mod template;
mod world;

pub use agency::{Agency, Form, Writing};
pub use faults::{Failure, Fault};
pub use identity::{RelyingParty, TokenRequest, openapi};
pub use people::{DEFAULT_SEED, Person, PersonNumber, Relation, RelationKind, people};
pub use push::PushTo;
pub use start::{Running, RunningAgency, SandboxConfig, one_service, start};
