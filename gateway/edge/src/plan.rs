//! What a worker serves from: one snapshot with the side tables built for it, and the parts all workers share.

use crate::error::GatewayError;
use crate::middleware::authenticate::Credentials;
use crate::middleware::cache;
use crate::middleware::client_address::Network;
use crate::middleware::shed::{in_flight::InFlight, overload::Overload};
use crate::middleware::validate;
use crate::upstream;
use crate::upstream::fleet::{Fleet, Standing};
use arc_swap::ArcSwap;
use http::HeaderValue;
use limits::{Limits, Shelf};
use snapshot::{AgreementIndex, ApiIndex, BackendIndex, LimitPolicy, RouteIndex, Snapshot};
use std::collections::HashMap;
use std::sync::Arc;
use telemetry::{LimitMetrics, RouteMetrics, Telemetry};

/// One snapshot and what is computed once for it, so that no request computes it again.
#[derive(Debug)]
pub struct Plan {
    /// The registry's picture; shared with those who read it off the request path.
    pub snapshot: Arc<Snapshot>,
    metrics: Vec<RouteMetrics>,
    unmatched: RouteMetrics,
    limit_headers: Vec<Option<HeaderValue>>,
    limit_metrics: Vec<Vec<LimitMetrics>>,
    /// By the agreement's position.
    agreement_headers: Vec<Option<HeaderValue>>,
    /// Of the policies that agreements name, by policy id.
    agreement_metrics: HashMap<Arc<str>, LimitMetrics>,
    /// By the backend's position.
    standings: Vec<Arc<Standing>>,
    /// By the route's position; shorter where nothing is validated.
    operations: Vec<Option<Arc<validate::Operation>>>,
    fleet: Arc<Fleet>,
}

impl Plan {
    /// Builds the side tables of a node's first snapshot.
    pub fn new(snapshot: Snapshot, telemetry: &Telemetry) -> Self {
        Self::with_fleet(snapshot, telemetry, Arc::default())
    }

    /// Builds the side tables of `snapshot`; what `fleet` knows of its backends is kept.
    fn with_fleet(snapshot: Snapshot, telemetry: &Telemetry, fleet: Arc<Fleet>) -> Self {
        let snapshot = Arc::new(snapshot);
        let metrics = snapshot
            .routes()
            .iter()
            .map(|route| {
                let api = route.api.map(|index| &*snapshot.api(index).id);
                telemetry.route_metrics(api, &route.template, route.method.as_ref())
            })
            .collect();
        let limit_headers = snapshot.apis().iter().map(|api| limit_header(&api.limits)).collect();
        let limit_metrics = snapshot
            .apis()
            .iter()
            .map(|api| {
                api.limits
                    .iter()
                    .map(|policy| telemetry.limit_metrics(&policy.id))
                    .collect()
            })
            .collect();
        let agreement_headers = snapshot
            .agreements()
            .iter()
            .map(|agreement| limit_header(&agreement.limits))
            .collect();
        let agreement_metrics = snapshot
            .agreements()
            .iter()
            .flat_map(|agreement| &agreement.limits)
            .map(|policy| (Arc::clone(&policy.id), telemetry.limit_metrics(&policy.id)))
            .collect();
        let unmatched = telemetry.route_metrics(None, "unmatched", None);
        Self {
            operations: validate::operations(&snapshot),
            standings: fleet.follow(snapshot.backends()),
            fleet,
            snapshot,
            metrics,
            unmatched,
            limit_headers,
            limit_metrics,
            agreement_headers,
            agreement_metrics,
        }
    }

    /// How a backend is.
    ///
    /// # Errors
    /// [`GatewayError::Internal`] for a backend of another snapshot.
    pub(crate) fn standing(&self, backend: BackendIndex) -> Result<&Arc<Standing>, GatewayError> {
        self.standings
            .get(backend.position())
            .ok_or(GatewayError::Internal("a backend without a standing".into()))
    }

    /// What calls of a route are held against.
    pub(crate) fn operation(&self, route: RouteIndex) -> Option<&Arc<validate::Operation>> {
        self.operations.get(route.position())?.as_ref()
    }

    /// How each backend is, in the order of the snapshot's.
    pub(crate) fn standings(&self) -> &[Arc<Standing>] {
        &self.standings
    }

    /// How the backends are, for people and for metrics.
    pub fn backends(&self) -> Vec<upstream::fleet::Report> {
        self.fleet.reports()
    }

    /// Counters of a route, of everything unmatched when `None`.
    pub fn metrics(&self, route: Option<RouteIndex>) -> &RouteMetrics {
        route
            .and_then(|index| self.metrics.get(index.position()))
            .unwrap_or(&self.unmatched)
    }

    /// `RateLimit-Policy` of an API.
    pub fn limit_header(&self, api: ApiIndex) -> Option<&HeaderValue> {
        self.limit_headers.get(api.position()).and_then(Option::as_ref)
    }

    /// `RateLimit-Policy` of an agreement's own limits.
    pub fn agreement_limit_header(&self, agreement: AgreementIndex) -> Option<&HeaderValue> {
        self.agreement_headers
            .get(agreement.position())
            .and_then(Option::as_ref)
    }

    /// Counters of one of the limits of an API, or of an agreement.
    pub fn limit_metrics(&self, api: ApiIndex, policy: &Arc<LimitPolicy>) -> Option<&LimitMetrics> {
        let position = self
            .snapshot
            .api(api)
            .limits
            .iter()
            .position(|own| Arc::ptr_eq(own, policy));
        match position {
            Some(position) => self.limit_metrics.get(api.position())?.get(position),
            None => self.agreement_metrics.get(&policy.id),
        }
    }
}

fn limit_header(policies: &[Arc<LimitPolicy>]) -> Option<HeaderValue> {
    if policies.is_empty() {
        return None;
    }
    HeaderValue::from_str(&limits::ratelimit_policy_header(policies)).ok()
}

/// Settings of the data plane.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `scheme://host[:port]` under which callers know the gateway; `None`: taken from each request's `Host`.
    pub public_base_url: Option<Arc<str>>,
    /// Requests in flight in the whole process; more are refused with 503.
    pub max_in_flight: usize,
    /// Which neighbours may say who the caller is.
    pub network: Network,
    /// What answers may take in the cache, in bytes, for all APIs that have one.
    pub cache_bytes: u64,
    /// Where answers to calls with an `Idempotency-Key` are kept.
    pub shelf: Shelf,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_base_url: None,
            max_in_flight: 10_000,
            network: Network::default(),
            cache_bytes: 64 << 20,
            shelf: Shelf::default(),
        }
    }
}

/// What every worker shares.
#[derive(Debug)]
pub struct Shared {
    /// The plan in force; a request loads it once and keeps it.
    pub plan: ArcSwap<Plan>,
    /// Rate limits of the node.
    pub limits: Limits,
    /// Records, metrics, traces.
    pub telemetry: Telemetry,
    /// Checks keys and tokens.
    pub credentials: Arc<dyn Credentials>,
    /// Settings.
    pub settings: Settings,
    /// How many requests may be in flight just now.
    pub overload: Overload,
    /// Answers that are kept.
    pub(crate) cache: Arc<cache::Store>,
    pub(crate) in_flight: InFlight,
}

impl Shared {
    /// Puts the parts together.
    pub fn new(
        plan: Plan,
        limits: impl Into<Limits>,
        telemetry: Telemetry,
        credentials: Arc<dyn Credentials>,
        settings: Settings,
    ) -> Arc<Self> {
        Arc::new(Self {
            plan: ArcSwap::from_pointee(plan),
            limits: limits.into(),
            telemetry,
            credentials,
            overload: Overload::new(settings.max_in_flight),
            cache: Arc::new(cache::Store::new(settings.cache_bytes)),
            settings,
            in_flight: InFlight::default(),
        })
    }

    /// Puts a new snapshot in force. Requests under way keep the one they began with.
    pub fn swap(&self, snapshot: Snapshot) {
        let fleet = Arc::clone(&self.plan.load().fleet);
        self.plan
            .store(Arc::new(Plan::with_fleet(snapshot, &self.telemetry, fleet)));
    }

    /// Requests in flight now.
    pub fn in_flight(&self) -> usize {
        self.in_flight.now()
    }
}
