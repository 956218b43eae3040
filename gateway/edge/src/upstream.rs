//! Calling an agency's backend over HTTP/1.1, on connections that are kept.
//!
//! Each worker keeps its own connections (a thread-local stack per backend and address, the last used first), so a call
//! crosses no lock and no thread. A connection is used again only when the last answer was read to its end and hyper says
//! that it is ready; anything else closes it, which is also how a call is cancelled when the caller leaves.
//!
//! Nothing is ever sent twice: a request goes to a second connection only when hyper hands it back unsent, or when no
//! connection could be opened. Redirects are not followed, no proxy setting of the environment is read.

mod body;
pub(crate) mod connect;
mod driver;
pub mod fleet;
pub use snapshot::network_policy;
mod pool;
mod resolve;
mod tls;

pub use body::{BodyError, UpstreamBody};
pub use pool::{Limits, set_limits};
pub use tls::RootsError;

use crate::body::{Progress, RequestBody};
use crate::error::ErrorKind;
use fleet::Choice;
use http::header::{HOST, UPGRADE};
use http::uri::PathAndQuery;
use http::{Request, Response, StatusCode, Uri, Version};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use pool::{Checkout, Lease};
use snapshot::{Backend, UpstreamAddress};
use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

/// How a call to a backend went, filled in as it goes: readable also when the call failed or was given up.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timing {
    /// Time to find the address and open a connection; `None`: there was one.
    pub connected_in: Option<Duration>,
    /// Whether the connection had served a call before.
    pub reused: bool,
    /// The address that the request went to; `None`: it never got that far.
    pub address: Option<SocketAddr>,
    /// The same, by its place among the backend's.
    pub index: Option<usize>,
    /// Addresses that no connection could be opened to, one bit each.
    pub unreachable: u64,
}

/// Why a backend gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// The host name has no address.
    #[error("the backend's host name cannot be resolved")]
    Resolve(#[source] io::Error),
    /// The network policy forbids the address (see [`network_policy`]).
    #[error("the backend's address {0} is not allowed by the network policy")]
    Forbidden(IpAddr),
    /// No connection could be opened.
    #[error("no connection to the backend")]
    Connect(#[source] io::Error),
    /// No connection was open within the backend's connect timeout.
    #[error("no connection to the backend in time")]
    ConnectTimeout,
    /// The backend's certificate is not trusted, or it does not speak TLS.
    #[error("no TLS connection to the backend")]
    Tls(#[source] io::Error),
    /// The roots to trust cannot be loaded.
    #[error("the roots to trust for the backend cannot be loaded")]
    Roots(#[source] RootsError),
    /// The backend has as many connections from this worker as it may have, or the gateway has no means for another one.
    #[error("all connections to the backend are in use")]
    Overloaded,
    /// The connection closed before anything was sent, twice.
    #[error("the backend closed the connection before the request was sent")]
    ClosedBeforeSent(#[source] hyper::Error),
    /// The connection broke, or what came was no HTTP. The backend may have acted on the request. Also when the request's
    /// own body failed: then [`hyper::Error::is_user`], and the body's error is among the sources.
    #[error("the backend's answer is broken")]
    BrokenAnswer(#[source] hyper::Error),
    /// The answer is HTTP, but not one to pass on.
    #[error("the backend's answer is malformed: {0}")]
    Malformed(&'static str),
    /// The backend's base path and the request's path make no valid target.
    #[error("the backend's base path is not usable")]
    Target(#[source] http::uri::InvalidUri),
}

impl UpstreamError {
    /// Whether it is certain that the backend has not seen the request: it may then be sent elsewhere.
    pub fn nothing_was_sent(&self) -> bool {
        match self {
            Self::Resolve(_)
            | Self::Forbidden(_)
            | Self::Connect(_)
            | Self::ConnectTimeout
            | Self::Tls(_)
            | Self::Roots(_)
            | Self::Overloaded
            | Self::ClosedBeforeSent(_)
            | Self::Target(_) => true,
            Self::BrokenAnswer(_) | Self::Malformed(_) => false,
        }
    }

    /// Which of the gateway's errors it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Resolve(_)
            | Self::Forbidden(_)
            | Self::Connect(_)
            | Self::ConnectTimeout
            | Self::Tls(_)
            | Self::Roots(_)
            | Self::ClosedBeforeSent(_)
            | Self::Target(_) => ErrorKind::UpstreamUnreachable,
            Self::Overloaded => ErrorKind::UpstreamBusy,
            Self::BrokenAnswer(_) | Self::Malformed(_) => ErrorKind::UpstreamBroken,
        }
    }
}

/// Sends `request` to one of the backend's addresses and gives the answer as soon as its head is there.
///
/// The request's path is put behind the address's base path, `Host` and the HTTP version are set; every other field is the
/// caller's affair. `idle_timeout` bounds the silence between two parts of the answer's body, not the wait for its head.
/// An answer of 101 carries hyper's upgrade (`hyper::upgrade::on`).
///
/// Dropping the future, or the answer's body before its end, closes the connection.
///
/// # Errors
/// See [`UpstreamError`].
pub async fn send(
    backend: &Backend,
    request: Request<RequestBody>,
    idle_timeout: Duration,
    timing: &mut Timing,
) -> Result<Response<UpstreamBody>, UpstreamError> {
    send_to(backend, None, 1, request, idle_timeout, timing).await
}

/// As [`send`], to the address that was chosen first, and to those to avoid last, for a caller that has `asking` requests in
/// flight.
pub(crate) async fn send_to(
    backend: &Backend,
    choice: Option<Choice>,
    asking: u32,
    request: Request<RequestBody>,
    idle_timeout: Duration,
    timing: &mut Timing,
) -> Result<Response<UpstreamBody>, UpstreamError> {
    let asked_to_switch = request.headers().contains_key(UPGRADE);
    let target = request.uri().path_and_query().cloned();
    let lease = match pool::checkout(backend, choice, asking)? {
        Checkout::Kept(lease) => lease,
        // Boxed because it is rare and large: the handshake's state would otherwise be part of every call's future.
        Checkout::Open(opening) => Box::pin(connect::open(backend, opening, choice, timing)).await?,
    };
    let Sent {
        answer,
        mut lease,
        upload,
    } = begin(backend, lease, request, target.as_ref(), timing)?;
    let answer = match heard(pin!(answer), &mut lease, upload).await? {
        Heard::Answer(answer) => answer,
        Heard::Returned(request, _) => {
            // The kept connection had been closed meanwhile and hyper gave the request back: nothing was sent.
            drop(lease);
            let opening = pool::opening(backend, choice, asking)?;
            let opened = Box::pin(connect::open(backend, opening, choice, timing)).await?;
            let sent = begin(backend, opened, *request, target.as_ref(), timing)?;
            lease = sent.lease;
            match heard(pin!(sent.answer), &mut lease, sent.upload).await? {
                Heard::Answer(answer) => answer,
                Heard::Returned(_, error) => return Err(UpstreamError::ClosedBeforeSent(error)),
            }
        }
    };
    let response = UpstreamBody::answer(answer, lease, idle_timeout);
    if response.status() == StatusCode::SWITCHING_PROTOCOLS && !asked_to_switch {
        return Err(UpstreamError::Malformed("a protocol switch nobody asked for"));
    }
    Ok(response)
}

/// A request that is on its way, and the connection that it is on.
struct Sent<F> {
    answer: F,
    lease: Lease,
    /// Of a body that is still being read.
    upload: Option<Arc<Progress>>,
}

enum Heard {
    Answer(Response<Incoming>),
    /// Unsent.
    Returned(Box<Request<RequestBody>>, hyper::Error),
}

/// Hands the request to hyper. Not async: a future would move the request about twice more.
fn begin(
    backend: &Backend,
    mut lease: Lease,
    mut request: Request<RequestBody>,
    target: Option<&PathAndQuery>,
    timing: &mut Timing,
) -> Result<Sent<impl Future<Output = Answered> + use<>>, UpstreamError> {
    let address = lease.address(backend).ok_or_else(connect::no_address)?;
    direct(&mut request, address, target)?;
    timing.reused = lease.reused();
    timing.address = Some(lease.peer());
    timing.index = Some(lease.index());
    Ok(Sent {
        upload: request.body().progress(),
        answer: lease.sender().try_send_request(request),
        lease,
    })
}

type Answered = Result<Response<Incoming>, TrySendError<Request<RequestBody>>>;

/// Drives the connection until the answer's head is there.
async fn heard(
    mut answer: Pin<&mut impl Future<Output = Answered>>,
    lease: &mut Lease,
    upload: Option<Arc<Progress>>,
) -> Result<Heard, UpstreamError> {
    let answered = poll_fn(|cx| {
        lease.drive(cx);
        answer.as_mut().poll(cx)
    });
    match answered.await {
        Ok(response) => {
            // The rest of a request moves on although nobody reads its answer for a while.
            if upload.is_some_and(|upload| !upload.is_done()) {
                lease.set_apart();
            }
            Ok(Heard::Answer(response))
        }
        Err(mut error) => match error.take_message() {
            Some(request) => Ok(Heard::Returned(Box::new(request), error.into_error())),
            None => Err(UpstreamError::BrokenAnswer(error.into_error())),
        },
    }
}

/// Makes the request one for `address`: origin form (RFC 9112 section 3.2.1), its `Host`, HTTP/1.1.
fn direct(
    request: &mut Request<RequestBody>,
    address: &UpstreamAddress,
    target: Option<&PathAndQuery>,
) -> Result<(), UpstreamError> {
    let target = target.cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    *request.uri_mut() = if address.base_path.is_empty() {
        Uri::from(target)
    } else {
        let whole = format!("{}{target}", address.base_path);
        Uri::from(PathAndQuery::try_from(whole).map_err(UpstreamError::Target)?)
    };
    *request.version_mut() = Version::HTTP_11;
    request.headers_mut().insert(HOST, address.authority.clone());
    Ok(())
}
