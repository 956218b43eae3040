//! The one record of a request, filled along its way and read by everything that tells about it.

use crate::local::ActiveRequest;
use crate::metrics::RouteMetrics;
use crate::trace_context::TraceContext;
use http::{Method, Version};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

/// Facts of one request. Made by [`Telemetry::begin`](crate::Telemetry::begin), filled by the layers, given back once to
/// [`Telemetry::finish`](crate::Telemetry::finish). Holds no raw path, query, header or person identifier.
#[derive(Debug)]
pub struct RequestRecord {
    /// Trace, span and parent.
    pub trace: TraceContext,
    /// When the request's head had been read; every phase is counted from here.
    pub started: Instant,
    /// The same moment on the wall clock.
    pub started_at: SystemTime,
    /// Method as sent.
    pub method: Method,
    /// Version spoken by the caller.
    pub http_version: Version,
    /// The caller's connection is encrypted.
    pub secure: bool,
    /// Template of the route that matched (`http.route`), never the raw path.
    pub path_template: Option<Arc<str>>,
    /// Stable id of the API.
    pub api: Option<Arc<str>>,
    /// Counters of the matched route.
    pub route: Option<RouteMetrics>,
    /// The agency whose API was called.
    pub organisation: Option<Arc<str>>,
    /// The consumer's application.
    pub application: Option<Arc<str>>,
    /// The agreement the call was admitted or refused under.
    pub agreement: Option<Arc<str>>,
    /// The supplier that calls under the agreement on a consumer's behalf.
    pub supplier: Option<Arc<str>>,
    /// The caller's network address. Goes to the access log only.
    pub peer: Option<IpAddr>,
    /// Begin and end of each phase in microseconds since `started`; both 0: it did not happen.
    pub phases: [(u32, u32); Phase::COUNT],
    /// The call to the backend, once one was chosen.
    pub upstream: Option<UpstreamFacts>,
    /// The limit policy that decided: the one hit, or the strictest of those passed.
    pub limit_policy: Option<Arc<str>>,
    /// Status sent to the caller; 0 until known.
    pub status: u16,
    /// Stable problem code, when the gateway answered itself with a problem.
    pub error: Option<&'static str>,
    /// Whose fault the error is.
    pub blame: Option<Blame>,
    /// Bytes of the request body that were read.
    pub request_bytes: u64,
    /// Bytes of the response body that were written.
    pub response_bytes: u64,
    /// How the response ended.
    pub outcome: Outcome,
    /// How often the call was sent to the backend again.
    pub resends: u8,
    /// How long the caller would wait for the answer to begin.
    pub deadline_ms: Option<u32>,
    /// When the last phase ended, in microseconds since `started`.
    pub(crate) reached: u32,
    /// Counts the request as active until it is given back, or dropped.
    pub(crate) active: Option<ActiveRequest>,
}

/// Parts of a request's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Phase {
    /// Finding the route.
    Route,
    /// Checking the credential.
    Authenticate,
    /// Checking agreement and scopes.
    Authorise,
    /// Checking the limits.
    Limit,
    /// Getting a connection to the backend.
    Connect,
    /// From the first byte sent to the backend until its response headers.
    Forward,
    /// Passing the response body on.
    Body,
}

/// The call to a backend.
#[derive(Debug, Clone)]
pub struct UpstreamFacts {
    /// Stable id of the backend.
    pub backend: Arc<str>,
    /// Address connected to.
    pub address: SocketAddr,
    /// The client span: the id sent to the backend in `traceparent`.
    pub span_id: [u8; 8],
    /// The backend's status; `None` when it never answered.
    pub status: Option<u16>,
    /// The connection had served a call before.
    pub reused_connection: bool,
}

/// Whose fault an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The caller's.
    Client,
    /// The agency's backend's.
    Upstream,
    /// The gateway's own.
    Gateway,
}

/// How a response ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Outcome {
    /// Passed on to the last byte.
    #[default]
    Complete,
    /// The caller went away first.
    ClientGone,
    /// The backend stopped in the middle.
    UpstreamBroke,
}

// === impl RequestRecord ===

impl RequestRecord {
    /// Takes the record out of its place. What stays behind is blank and counts as no request.
    pub(crate) fn take(&mut self) -> Self {
        let blank = Self {
            trace: self.trace.clone(),
            started: self.started,
            started_at: self.started_at,
            method: Method::GET,
            http_version: self.http_version,
            secure: self.secure,
            path_template: None,
            api: None,
            route: None,
            organisation: None,
            application: None,
            agreement: None,
            supplier: None,
            peer: None,
            phases: [(0, 0); Phase::COUNT],
            upstream: None,
            limit_policy: None,
            status: 0,
            error: None,
            blame: None,
            request_bytes: 0,
            response_bytes: 0,
            outcome: Outcome::Complete,
            resends: 0,
            deadline_ms: None,
            reached: 0,
            active: None,
        };
        std::mem::replace(self, blank)
    }

    /// Notes when `phase` began and ended; times before `started` count as 0, and times beyond an hour or so as that.
    pub fn phase(&mut self, phase: Phase, start: Instant, end: Instant) {
        let (start, end) = (self.micros(start), self.micros(end));
        self.note(phase, start, end);
    }

    /// Notes that `phase` ends now; it began when the one noted before it ended. One look at the clock a phase.
    pub fn ends(&mut self, phase: Phase) {
        let now = self.micros(Instant::now());
        self.note(phase, self.reached, now);
    }

    fn note(&mut self, phase: Phase, start: u32, end: u32) {
        if let Some(place) = self.phases.get_mut(phase as usize) {
            *place = (start, end);
        }
        self.reached = end;
    }

    fn micros(&self, at: Instant) -> u32 {
        let since = at.saturating_duration_since(self.started);
        u32::try_from(since.as_secs() * 1_000_000 + u64::from(since.subsec_micros())).unwrap_or(u32::MAX)
    }

    /// Begin and end of `phase` in microseconds since `started`, if it took measurable time.
    pub fn phase_times(&self, phase: Phase) -> Option<(u32, u32)> {
        self.phases
            .get(phase as usize)
            .copied()
            .filter(|(start, end)| end > start)
    }
}

// === impl Phase ===

impl Phase {
    /// How many phases there are.
    pub const COUNT: usize = 7;

    /// All phases, in request order.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Route,
        Self::Authenticate,
        Self::Authorise,
        Self::Limit,
        Self::Connect,
        Self::Forward,
        Self::Body,
    ];

    /// Name in spans and in the access log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Route => "route",
            Self::Authenticate => "authenticate",
            Self::Authorise => "authorise",
            Self::Limit => "limit",
            Self::Connect => "connect",
            Self::Forward => "forward",
            Self::Body => "body",
        }
    }
}

// === impl Blame ===

impl Blame {
    /// Name in spans and in the access log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Upstream => "upstream",
            Self::Gateway => "gateway",
        }
    }
}

// === impl Outcome ===

impl Outcome {
    /// Name in spans and in the access log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::ClientGone => "client-gone",
            Self::UpstreamBroke => "upstream-broke",
        }
    }
}
