//! One immutable, compiled picture of the registry for the request path: pure data and look-ups.
//!
//! A [`Draft`] is what a source (today a registry document, later the registry's store) has read; [`Snapshot::compile`]
//! checks it whole, reports every problem at once and builds the look-up tables. A request loads one snapshot and keeps
//! it to its end. Objects are found by small indices inside one snapshot; everything that must survive a swap (pools,
//! limits, metrics, health) is keyed by the stable string ids.

mod access;
mod address;
mod compile;
mod draft;
mod forms;
mod lifecycle;
mod mock;
mod model;
pub mod network_policy;
mod router;
mod table;
mod template;
mod traffic;

pub use compile::Problem;
pub use draft::{
    AgreementDraft, ApiDraft, ApplicationDraft, BackendDraft, Draft, KeyDraft, LimitDraft, OrganisationDraft,
    RouteDraft,
};
pub use mock::{Mock, MockAnswer, MockStatus, Mocks, WantedMock};
pub use model::{
    Access, Agreement, AgreementIndex, AgreementKind, Api, ApiIndex, ApiKey, Application, ApplicationIndex, Assertion,
    Authentication, Backend, BackendIndex, Calendar, ClientCredentials, ClientSecret, Cors, Delegation, Document,
    LifecycleState, LimitPer, LimitPolicy, OnStoreFailure, Organisation, OrganisationIndex, OrganisationKind, Route,
    RouteIndex, Scheme, SenderConstraint, Target, UpstreamAddress,
};
pub use router::Found;
pub use traffic::{
    ApiTraffic, BackendTraffic, Breaker, Cache, Canary, Ejection, HealthCheck, Idempotency, Maintenance, Mirror, Retry,
    RetryMethods, Validate,
};

use hashbrown::HashMap;
use http::Method;
use std::sync::Arc;
use table::Table;

/// The compiled registry. Built by [`Snapshot::compile`], never changed afterwards.
#[derive(Debug, Default)]
pub struct Snapshot {
    version: u64,
    organisations: Table<Organisation>,
    apis: Table<Api>,
    backends: Table<Backend>,
    routes: Table<Route>,
    applications: Table<Application>,
    agreements: Table<Agreement>,
    limits: Vec<Arc<LimitPolicy>>,
    router: router::Router,
    keys: HashMap<Box<str>, ApiKey>,
    clients: HashMap<Box<str>, ApplicationIndex>,
    api_ids: HashMap<Box<str>, ApiIndex>,
    audiences: HashMap<Box<str>, ApiIndex>,
    access: access::Table,
}

/// Objects by index. An index is only meaningful in the snapshot it came from. One that points outside its table (a
/// mix-up of two snapshots, a fault in our own code) gives a sentinel named `unknown` that admits nothing, never a panic:
/// a wrong refusal of one call is better than a dead worker.
impl Snapshot {
    /// The organisation at `index`.
    pub fn organisation(&self, index: OrganisationIndex) -> &Organisation {
        self.organisations.get(index.position())
    }

    /// The API version at `index`.
    pub fn api(&self, index: ApiIndex) -> &Api {
        self.apis.get(index.position())
    }

    /// The backend at `index`.
    pub fn backend(&self, index: BackendIndex) -> &Backend {
        self.backends.get(index.position())
    }

    /// The route at `index`.
    pub fn route(&self, index: RouteIndex) -> &Route {
        self.routes.get(index.position())
    }

    /// The application at `index`.
    pub fn application(&self, index: ApplicationIndex) -> &Application {
        self.applications.get(index.position())
    }

    /// The agreement at `index`.
    pub fn agreement(&self, index: AgreementIndex) -> &Agreement {
        self.agreements.get(index.position())
    }
}

/// Whole tables, in the draft's order: the element at position `n` is the one whose index has `position() == n`.
impl Snapshot {
    /// Every organisation.
    pub fn organisations(&self) -> &[Organisation] {
        self.organisations.all()
    }

    /// Every API version.
    pub fn apis(&self) -> &[Api] {
        self.apis.all()
    }

    /// Every backend.
    pub fn backends(&self) -> &[Backend] {
        self.backends.all()
    }

    /// Every route: the APIs' operations and the documents that the gateway serves.
    pub fn routes(&self) -> &[Route] {
        self.routes.all()
    }

    /// Every application.
    pub fn applications(&self) -> &[Application] {
        self.applications.all()
    }

    /// Every agreement.
    pub fn agreements(&self) -> &[Agreement] {
        self.agreements.all()
    }

    /// Every limit policy.
    pub fn limits(&self) -> &[Arc<LimitPolicy>] {
        &self.limits
    }
}

/// Look-ups by name. None of them grows with the size of the registry.
impl Snapshot {
    /// A snapshot of nothing, version 0: every look-up misses.
    pub fn empty() -> Snapshot {
        Snapshot::default()
    }

    /// The registry version it was compiled from.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Finds who answers `method` on `path`.
    ///
    /// `path` is already normalised and has no query. An exact segment wins over a parameter, a parameter over a
    /// wildcard, a named method over "every method"; `HEAD` falls back to `GET` (RFC 9110 section 9.3.2).
    pub fn find(&self, method: &Method, path: &str) -> Found<'_> {
        self.router.find(method, path)
    }

    /// The API key with this public id (not the secret part).
    pub fn find_key(&self, key_id: &str) -> Option<&ApiKey> {
        self.keys.get(key_id)
    }

    /// The application with this id (an OAuth `client_id`).
    pub fn find_application(&self, id: &str) -> Option<ApplicationIndex> {
        self.clients.get(id).copied()
    }

    /// The API that tokens with this audience are for (RFC 8707 `resource`).
    pub fn find_audience(&self, audience: &str) -> Option<ApiIndex> {
        self.audiences.get(audience).copied()
    }

    /// The API version with this id, for example `case-status-v1`.
    pub fn find_api(&self, id: &str) -> Option<ApiIndex> {
        self.api_ids.get(id).copied()
    }
}
