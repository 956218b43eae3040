//! What a worker serves from: one snapshot with the side tables built for it, and the parts all workers share.

use crate::middleware::authenticate::Credentials;
use crate::middleware::client_address::Network;
use arc_swap::ArcSwap;
use http::HeaderValue;
use limits::Limits;
use snapshot::{Api, ApiIndex, LimitPolicy, RouteIndex, Snapshot};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
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
}

impl Plan {
    /// Builds the side tables of `snapshot`.
    pub fn new(snapshot: Snapshot, telemetry: &Telemetry) -> Self {
        let snapshot = Arc::new(snapshot);
        let metrics = snapshot
            .routes()
            .iter()
            .map(|route| {
                let api = route.api.map(|index| &*snapshot.api(index).id);
                telemetry.route_metrics(api, &route.template, route.method.as_ref())
            })
            .collect();
        let limit_headers = snapshot.apis().iter().map(limit_header).collect();
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
        let unmatched = telemetry.route_metrics(None, "unmatched", None);
        Self {
            snapshot,
            metrics,
            unmatched,
            limit_headers,
            limit_metrics,
        }
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

    /// Counters of one of an API's limits.
    pub fn limit_metrics(&self, api: ApiIndex, policy: &Arc<LimitPolicy>) -> Option<&LimitMetrics> {
        let position = self
            .snapshot
            .api(api)
            .limits
            .iter()
            .position(|own| Arc::ptr_eq(own, policy))?;
        self.limit_metrics.get(api.position())?.get(position)
    }
}

fn limit_header(api: &Api) -> Option<HeaderValue> {
    if api.limits.is_empty() {
        return None;
    }
    HeaderValue::from_str(&limits::ratelimit_policy_header(&api.limits)).ok()
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
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_base_url: None,
            max_in_flight: 10_000,
            network: Network::default(),
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
    pub(crate) in_flight: AtomicUsize,
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
            settings,
            in_flight: AtomicUsize::new(0),
        })
    }

    /// Puts a new snapshot in force. Requests under way keep the one they began with.
    pub fn swap(&self, snapshot: Snapshot) {
        self.plan.store(Arc::new(Plan::new(snapshot, &self.telemetry)));
    }

    /// Requests in flight now.
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(std::sync::atomic::Ordering::Relaxed)
    }
}
