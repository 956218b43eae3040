//! A service: a name, a version, and what it serves.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;

use crate::api::Api;
use crate::{InternalKey, Trust};

/// The largest body that a service takes unless it says otherwise, in bytes.
const BODY_LIMIT: usize = 256 * 1024;

/// A service: a name, a version, and what it serves.
pub struct Service {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) router: Router,
    pub(crate) body_limit: usize,
    internal: Router,
    internal_key: Option<InternalKey>,
    trust: Option<Trust>,
}

impl Service {
    /// A service without any routes yet. `name` becomes `service.name` in its traces.
    #[must_use]
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            router: Router::new(),
            body_limit: BODY_LIMIT,
            internal: Router::new(),
            internal_key: None,
            trust: None,
        }
    }

    /// Adds an API, with its document and `api-info`.
    #[must_use]
    pub fn api(mut self, api: Api) -> Self {
        self.router = self.router.merge(api.into_router());
        self
    }

    /// Adds routes that belong to no API of ours, such as another party's form that is simulated.
    #[must_use]
    pub fn routes(mut self, router: Router) -> Self {
        self.router = self.router.merge(router);
        self
    }

    /// Adds routes for other services of the same organisation, under `/internal`. With an internal key only those that
    /// show it are served; without one nobody is when the service trusts a gateway, and everybody when it does not: then it
    /// must not be reachable from anywhere else.
    #[must_use]
    pub fn internal(mut self, router: Router) -> Self {
        self.internal = self.internal.merge(router);
        self
    }

    /// What other services of the same organisation must show.
    #[must_use]
    pub fn internal_key(mut self, key: InternalKey) -> Self {
        self.internal_key = Some(key);
        self
    }

    /// The largest body that is read, in bytes.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Believes what the gateway has signed about callers, and nothing else: a call that does not bring its word is refused.
    #[must_use]
    pub fn trusting(mut self, trust: Trust) -> Self {
        self.trust = Some(trust);
        self
    }

    /// The name in the traces.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn into_router(self) -> Router {
        let internal = match (self.internal_key, &self.trust) {
            (Some(key), _) => key.guard(self.internal),
            (None, None) => self.internal,
            (None, Some(_)) => Router::new(),
        };
        let router = match self.trust {
            Some(trust) => trust.guard(self.router),
            None => self.router,
        };
        // Liveness is for whoever starts the process; it is not a part of any API.
        router
            .merge(internal)
            .route("/health/live", get(|| async { "ok\n" }))
            .layer(DefaultBodyLimit::max(self.body_limit))
    }
}
