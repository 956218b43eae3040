//! A service: a name, a version, and what it serves.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;

use crate::Trust;
use crate::api::Api;

/// The largest body that a service takes unless it says otherwise, in bytes.
const BODY_LIMIT: usize = 256 * 1024;

/// A service: a name, a version, and what it serves.
pub struct Service {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) router: Router,
    pub(crate) body_limit: usize,
    trust: Option<Trust>,
}

impl Service {
    /// A service without any routes yet. `name` becomes `service.name` in its traces.
    #[must_use]
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        // Liveness is for whoever starts the process; it is not a part of any API.
        let router = Router::new().route("/health/live", get(|| async { "ok\n" }));
        Self {
            name: name.into(),
            version: version.into(),
            router,
            body_limit: BODY_LIMIT,
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

    /// The largest body that is read, in bytes.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Believes what the gateway has signed about callers, and nothing else.
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
        let router = self.router.layer(DefaultBodyLimit::max(self.body_limit));
        match self.trust {
            Some(trust) => trust.guard(router),
            None => router,
        }
    }
}
