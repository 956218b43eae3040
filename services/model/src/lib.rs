//! The information model that every service shares: what a case, an event, an organisation and a
//! contact point are, and how a refusal, a link and a page of results look on the wire.
//!
//! Pure data: no HTTP framework, no store, no clock. JSON is camelCase, times are RFC 3339 in UTC,
//! text that people read is tagged with its language.

mod case;
mod contact_point;
mod event;
pub mod holidays;
pub mod hours;
mod link;
mod organisation;
mod page;
mod problem;
mod text;

pub use case::{
    BallHolder, Case, CaseSource, CaseStatus, Extension, Freshness, NextStep, Outcome, OutcomeKind, Party, PartyRole,
    Reference, ReferenceKind, RelatedCase, StatusDetail, Suspension,
};
pub use contact_point::{ContactKind, ContactPoint, ExpectedWait};
pub use event::{Actor, ActorKind, CaseEvent, Document};
pub use link::{Link, Links};
pub use organisation::{Organisation, OrganisationKind};
pub use page::{Meta, Page};
pub use problem::{InvalidField, PROBLEM_JSON, Problem, ProblemFacts, ProblemKind};
pub use text::LocalizedText;
