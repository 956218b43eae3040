//! What travels through the stack: the request with its facts on the way down, the answer with the same facts on the way up.
//!
//! Facts are plain fields, not request extensions: no map, no boxing, and a layer that needs a fact that an outer layer
//! sets gets an error, not a panic, when it is missing. They return with the answer *and* with the error, so that the
//! record is always finished, also when the caller leaves and the whole future is dropped.

use crate::BoxError;
use crate::body::{RequestBody, ResponseBody};
use crate::error::GatewayError;
use crate::middleware::authenticate::{Actor, Proved};
use crate::middleware::headers::fields::Seen;
use crate::plan::{Plan, Shared};
use crate::server::Peer;
use bytes::Bytes;
use http::{HeaderValue, Response, request};
use http_body::{Body, Frame, SizeHint};
use snapshot::{AgreementIndex, Api, ApiIndex, ApplicationIndex, BackendIndex, Route, RouteIndex, Target};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;
use telemetry::{Outcome, RequestRecord};

/// A request on its way down.
#[derive(Debug)]
pub struct Call {
    /// Method, target, headers, extensions.
    pub head: request::Parts,
    /// The body, not yet read.
    pub body: RequestBody,
    /// What is known about the call.
    pub facts: Box<Facts>,
}

impl Call {
    /// Whether there is no body to read.
    pub(crate) fn body_is_empty(&self) -> bool {
        http_body::Body::is_end_stream(&self.body)
    }
}

/// An answer on its way up.
#[derive(Debug)]
pub struct Answer {
    /// The response.
    pub response: Response<ResponseBody>,
    /// What is known about the call.
    pub facts: Box<Facts>,
}

/// A refusal on its way up, until `respond` makes an answer of it.
#[derive(Debug)]
pub struct Refused {
    /// Why.
    pub error: GatewayError,
    /// What is known about the call.
    pub facts: Box<Facts>,
}

/// Who calls, as `authenticate` found it.
#[derive(Debug, Clone)]
pub struct Consumer {
    /// The application.
    pub application: ApplicationIndex,
    /// The person, as an opaque id; only with a person's token.
    pub subject: Option<Arc<str>>,
    /// Who acts for the person, if it is not themselves.
    pub actor: Option<Box<Actor>>,
    /// The token's scopes; `None`: an API key, whose scopes are its agreement's.
    pub scopes: Option<Arc<[Box<str>]>>,
    /// Id of the token, where it has one.
    pub token: Option<Arc<str>>,
}

/// What is known about a call. Set from the outside in; read by the layers below and by `respond`.
#[derive(Debug)]
pub struct Facts {
    /// For log, metrics and traces; handed over when the answer's body has ended.
    pub record: RequestRecord,
    /// The plan this request started on.
    pub plan: Arc<Plan>,
    /// Who speaks to us, and how.
    pub peer: Peer,
    /// The caller's address, seen through trusted proxies.
    pub client_address: IpAddr,
    /// What the request's head holds, found in one look.
    pub(crate) seen: Seen,
    /// Set by `route`.
    pub route: Option<RouteIndex>,
    /// Set by `route`, also for a path that exists under another method.
    pub api: Option<ApiIndex>,
    /// Set by `route`: an OPTIONS request, with the methods that the path allows.
    pub options: Option<HeaderValue>,
    /// Set by `cors`: `Access-Control-Allow-Origin`.
    pub allowed_origin: Option<HeaderValue>,
    /// Set by `authenticate`.
    pub consumer: Option<Consumer>,
    /// Set by `authenticate`: the proof of possession that came along.
    pub(crate) proof: Option<Proved>,
    /// Set by `authorise`.
    pub agreement: Option<AgreementIndex>,
    /// Set by `limit`.
    pub standing: Option<limits::Standing>,
    /// Set by `deadline`: the answer's head must be there by then.
    pub deadline: Option<Instant>,
    /// Set by `steer`: another backend than the route's.
    pub backend: Option<BackendIndex>,
    /// Set by `retry`: when to give a try up that is not the last one.
    pub try_until: Option<Instant>,
    /// Set by `forward`: the backend's addresses that this call was sent to, one bit each, and failed at.
    pub tried: u64,
    shared: Arc<Shared>,
    counted: bool,
    finished: bool,
}

impl Facts {
    pub(crate) fn new(
        shared: Arc<Shared>,
        plan: Arc<Plan>,
        record: RequestRecord,
        peer: Peer,
        seen: Seen,
    ) -> Box<Self> {
        Box::new(Self {
            record,
            plan,
            peer,
            client_address: peer.address.ip(),
            seen,
            route: None,
            api: None,
            options: None,
            allowed_origin: None,
            consumer: None,
            proof: None,
            agreement: None,
            standing: None,
            deadline: None,
            backend: None,
            try_until: None,
            tried: 0,
            shared,
            counted: false,
            finished: false,
        })
    }

    /// The matched route.
    ///
    /// # Errors
    /// [`GatewayError::Internal`] when the layer that asks stands outside `route`.
    pub fn route(&self) -> Result<&Route, GatewayError> {
        self.route
            .map(|index| self.plan.snapshot.route(index))
            .ok_or(GatewayError::Internal("no route has been matched yet".into()))
    }

    /// Whether a backend answers, not the gateway itself.
    pub(crate) fn goes_to_backend(&self) -> bool {
        self.backend().is_some()
    }

    /// The backend that answers; `None` for the gateway's own documents.
    pub(crate) fn backend(&self) -> Option<BackendIndex> {
        match self.route().ok()?.target {
            Target::Upstream(index) => Some(self.backend.unwrap_or(index)),
            Target::Document(_) => None,
        }
    }

    /// The API of the path, if it belongs to one.
    pub fn api(&self) -> Option<&Api> {
        self.api.map(|index| self.plan.snapshot.api(index))
    }

    /// Unix seconds at the start of the call.
    pub fn now(&self) -> i64 {
        self.record
            .started_at
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
    }

    /// Where callers know the gateway, if it is set.
    pub fn public_base_url(&self) -> Option<&str> {
        self.shared.settings.public_base_url.as_deref()
    }

    /// Who signs for backends.
    pub(crate) fn credentials(&self) -> &dyn crate::middleware::authenticate::Credentials {
        &*self.shared.credentials
    }

    /// What the call is held against.
    pub(crate) fn operation(&self) -> Option<Arc<crate::middleware::validate::Operation>> {
        self.plan.operation(self.route?).map(Arc::clone)
    }

    /// Where things are kept that nodes share.
    pub(crate) fn shelf(&self) -> &limits::Shelf {
        &self.shared.settings.shelf
    }

    /// The node's cache of answers.
    pub(crate) fn cache(&self) -> &Arc<crate::middleware::cache::Store> {
        &self.shared.cache
    }

    /// For a call that the gateway makes on its own account: the same API, consumer and trace, in no record of its own.
    pub(crate) fn apart(&self) -> Box<Self> {
        let record = self
            .shared
            .telemetry
            .begin(None, self.record.method.clone(), http::Version::HTTP_11, None);
        let mut facts = Self::new(
            Arc::clone(&self.shared),
            Arc::clone(&self.plan),
            record,
            self.peer,
            self.seen.clone(),
        );
        facts.finished = true;
        facts.client_address = self.client_address;
        facts.route = self.route;
        facts.api = self.api;
        facts.consumer.clone_from(&self.consumer);
        facts.agreement = self.agreement;
        facts.deadline = self.api().map(|api| Instant::now() + api.deadline);
        facts
    }

    /// Takes a place among the requests in flight; given back when the facts are dropped. `may` is told how many there are
    /// already; one that may not takes none, so that refusals that nobody fetches keep nobody out.
    pub(crate) fn count_in_flight(&mut self, may: impl FnOnce(usize) -> bool) -> bool {
        self.counted = may(self.shared.in_flight.enter());
        if !self.counted {
            self.shared.in_flight.leave();
        }
        self.counted
    }

    fn finish(&mut self) {
        if !self.finished {
            self.finished = true;
            self.shared.telemetry.finish(&mut self.record);
        }
    }
}

impl Drop for Facts {
    /// A call that ends without its answer having been sent was left by the caller.
    fn drop(&mut self) {
        // A panic takes the facts with it; `respond` then makes new ones and finishes those.
        if !self.finished && !std::thread::panicking() {
            self.record.outcome = Outcome::ClientGone;
            self.finish();
        }
        if self.counted {
            self.shared.in_flight.leave();
        }
    }
}

/// The answer's body with the facts of its call: they are finished when it ends, however it ends.
#[derive(Debug)]
pub struct TrackedBody {
    body: ResponseBody,
    facts: Box<Facts>,
}

impl TrackedBody {
    pub(crate) fn new(body: ResponseBody, facts: Box<Facts>) -> Self {
        Self { body, facts }
    }

    fn end(&mut self, outcome: Outcome) {
        if !self.facts.finished {
            self.facts.record.outcome = outcome;
            if matches!(self.body, ResponseBody::Upstream(_)) {
                self.facts.record.ends(telemetry::Phase::Body);
            }
            self.facts.finish();
        }
    }
}

impl Body for TrackedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        match ready!(Pin::new(&mut this.body).poll_frame(cx)) {
            Some(Ok(frame)) => {
                this.facts.record.response_bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
                if this.body.is_end_stream() {
                    this.end(Outcome::Complete);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(error)) => {
                this.end(Outcome::UpstreamBroke);
                Poll::Ready(Some(Err(error)))
            }
            None => {
                this.end(Outcome::Complete);
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for TrackedBody {
    /// hyper drops a body it never polls (HEAD, 204, an empty body): that is a complete answer.
    fn drop(&mut self) {
        let unread = !self.body.is_end_stream() && self.facts.record.method != http::Method::HEAD;
        self.end(if unread { Outcome::ClientGone } else { Outcome::Complete });
    }
}
