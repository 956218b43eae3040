//! THE request path. Top to bottom: the first layer sees the request first and the answer last.
//!
//! Two stacks: [`edge`] is crossed by every request, `route` by those that a route was found for. A layer is one module in
//! [`crate::middleware`]; most are a pure decision ([`Decide`](crate::middleware::gate::Decide)) in a [`gate`]. The comment
//! beside a layer gives the reason for its *place*; what it does is told in its module.

use crate::alarm;
use crate::call::TrackedBody;
use crate::middleware::around::around;
use crate::middleware::gate::gate;
use crate::middleware::record::Received;
use crate::middleware::shed::overload;
use crate::middleware::{
    authenticate, authorise, cache, cors, deadline, forward, idempotency, limit, maintain, mock, normalise, record,
    respond, retry, route, shed, spend, steer, validate, witness,
};
use crate::plan::Shared;
use crate::server::{self, Handle, Peer};
use http::Request;
use hyper::body::Incoming;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use tower::{Service, ServiceBuilder};

/// The whole path, as a worker calls it.
pub type Stack = record::Record<respond::Respond<EdgeGates<RouteGates>>>;
type Around<A, S> = crate::middleware::around::Around<A, S>;
type Gate<D, S> = crate::middleware::gate::Gate<D, S>;
type ToBackend = Around<validate::Validate, Gate<mock::Mock, Gate<witness::Witness, Answered>>>;
type Answered = Around<idempotency::Idempotency, Around<cache::Cache, Tries>>;
type Tries = Around<steer::Steer, Around<retry::Retry, forward::Forward>>;
type EdgeGates<S> = Gate<shed::Shed, Gate<normalise::Normalise, Gate<route::Match, S>>>;
type RouteGates = Gate<cors::Cors, Gate<maintain::Maintain, Known>>;
/// What follows when the API takes calls at all.
type Known = Gate<
    authenticate::Authenticate,
    Gate<authorise::Authorise, Gate<spend::Spend, Gate<limit::Limit, Gate<deadline::Deadline, ToBackend>>>>,
>;

/// Layers every request crosses, whatever its route.
pub fn edge(shared: &Arc<Shared>) -> Stack {
    ServiceBuilder::new()
        .layer(record::layer(shared)) // outermost: nothing happens that is not in the record
        .layer(respond::layer(shared)) // outside it the error type is Infallible: no error can cut a connection
        .layer(gate(shed::Shed::new(shared))) // before any work is done for the request
        .layer(gate(normalise::Normalise)) // before route: one reading of the path, or none
        .layer(gate(route::Match)) // everything below may name the API
        .service(route(shared))
}

/// Layers of a matched route; each reads its policy from the snapshot that the request keeps.
fn route(shared: &Arc<Shared>) -> RouteGates {
    ServiceBuilder::new()
        .layer(gate(cors::Cors)) // before authenticate: a preflight carries no credential, and a refusal must be readable
        .layer(gate(maintain::Maintain)) // before authenticate: whoever asks is told
        .layer(gate(authenticate::Authenticate::new(shared))) // says who; everything below may name the application
        .layer(gate(authorise::Authorise)) // needs the consumer from above
        .layer(gate(spend::Spend)) // after authorise: what is refused anyway asks no store; before limit: what is shown again is not charged
        .layer(gate(limit::Limit::new(shared))) // after authorise: a refused call costs the caller nothing
        .layer(gate(deadline::Deadline)) // the clock of what follows
        .layer(around(validate::Validate)) // outside idempotency: what is refused leaves no key behind
        .layer(gate(mock::Mock)) // inside validate: an example is for a call that is right; outside witness: nothing is read
        .layer(gate(witness::Witness::new(shared))) // inside validate: a call that is refused reads nothing; outside cache: a kept answer is read too
        .layer(around(idempotency::Idempotency)) // outside cache and retry: one call, however often it is sent
        .layer(around(cache::Cache)) // after authorise: what is kept is asked for by those who may
        .layer(around(steer::Steer)) // inside cache: what is answered from memory is nobody's call
        .layer(around(retry::Retry)) // inside deadline: all tries share one clock
        .service(forward::Forward::new(shared)) // with the choice of an address and the breaker, so that each try is judged
}

/// The stack as the listener calls it. One a worker thread: nothing in it is shared between cores but the plan.
#[derive(Debug, Clone)]
pub struct Entry(Rc<RefCell<Stack>>);

impl Entry {
    /// Composes the stack for one worker, and begins to watch how late the worker is. Call it on the worker's runtime.
    pub fn new(shared: &Arc<Shared>) -> Self {
        alarm::forget();
        tokio::task::spawn_local(overload::watch(Arc::clone(shared)));
        Self(Rc::new(RefCell::new(edge(shared))))
    }
}

impl Handle for Entry {
    type Body = TrackedBody;

    fn handle(&self, request: Request<Incoming>, peer: Peer) -> server::Answer<TrackedBody> {
        let received = Received { request, peer };
        Box::pin(self.0.borrow_mut().call(received))
    }
}
