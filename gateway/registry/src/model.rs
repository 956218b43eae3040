//! What the registry holds: plain objects, as the API takes and gives them and as the store keeps them.
//!
//! One type serves as input, output and record: what a caller may set is a field of the object (`Agreement`), what only the
//! registry sets stands beside it in the record (`AgreementRecord`). Nothing else can be assigned from outside: every input
//! refuses a field that it does not know.

mod agreement;
mod api;
mod application;
mod backend;
mod credential;
mod limit_plan;
mod member;
mod object;
mod organisation;
mod policies;
mod time;

pub use agreement::{
    Agreement, AgreementKind, AgreementLimits, AgreementRecord, AgreementSla, AgreementState, Party, PartyRole,
    Signature, Standstill,
};
pub use api::{
    Api, ApiRecord, Authentication, Cors, HttpMethod, LifecycleState, Operation, Publication, SenderConstraint,
};
pub use application::Application;
pub use backend::{Assertion, Backend, BackendTarget, HealthCheck};
pub use credential::{Credential, CredentialHolder, CredentialKind, CredentialRequest};
pub use limit_plan::{CalendarPeriod, LimitPer, LimitPlan, OnStoreFailure};
pub use member::{Member, Role};
pub use model::OrganisationKind;
pub use object::{Kind, Object, Stored};
pub use organisation::{Organisation, RelationTerm, RelationTerms, ServiceRelationTerm};
pub use policies::{
    Breaker, Cache, Canary, Ejection, Idempotency, Maintenance, Mirror, Retry, RetryMethods, Validation,
};
pub use time::Moment;
