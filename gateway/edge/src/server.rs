//! The listener: worker threads that accept, speak HTTP/1.1 and HTTP/2, and drain.
//!
//! Each worker is one thread with its own listener (`SO_REUSEPORT`) and its own current-thread runtime, so a request stays
//! on its core. The runtime is tokio's `LocalRuntime`: handlers may hold what cannot cross threads (`Rc`, thread-local
//! pools), and nothing here is `Send` without need.
//!
//! How long anything may take is watched once a second for all connections of a worker (see `watch`), not by a timer per
//! request: no head begun or a head that never ends ([`Config::header_read_timeout`]), silence between requests
//! ([`Config::keep_alive_timeout`]), a caller that does not take its answer ([`Config::stall_timeout`]). hyper's own
//! header timer is off: it would also end an idle keep-alive connection, and costs an allocation for every request.
//!
//! Cleartext HTTP/2 is by prior knowledge only (RFC 9113 section 3.3); over TLS it is agreed by ALPN.

mod bind;
mod connection;
mod cork;
mod head_watch;
mod lent;
mod running;
mod serve;
mod stats;
mod streams;
pub mod tls;
mod watch;
mod worker;

pub use bind::{BindError, Bound};
pub use running::{DrainReport, Running};
pub use stats::{Stats, Totals};
pub use tls::{Certificate, Tls, TlsConfig, TlsError};

use crate::BoxError;
use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

/// How to listen. [`Config::new`] gives the defaults; every number is per process unless it says otherwise.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub address: SocketAddr,
    /// Worker threads; at least one is started.
    pub workers: usize,
    /// Certificate and key; `None`: plain text.
    pub tls: Option<TlsConfig>,
    /// How long a new connection may take to send its first request's head, TLS handshake included, and how long any
    /// later head may take once it has begun.
    pub header_read_timeout: Duration,
    /// How long a connection may be silent between two requests. Longer than the usual client's (60 s), so that it is the
    /// client who closes and no request crosses a close.
    pub keep_alive_timeout: Duration,
    /// How long a caller may take nothing of an answer that is ready for it.
    pub stall_timeout: Duration,
    /// Open connections; more are closed right after they are accepted.
    pub max_connections: usize,
    /// Requests at once on one HTTP/2 connection.
    pub max_concurrent_streams: u32,
    /// Size of a request's head in bytes; hyper answers 431 above it.
    pub max_header_bytes: u32,
    /// Answer bytes held for one slow HTTP/1.1 connection or one HTTP/2 stream; at least 8 KiB.
    pub max_send_buffer_bytes: usize,
}

impl Config {
    /// Safe defaults on `address`, with one worker for each processor.
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            tls: None,
            header_read_timeout: Duration::from_secs(10),
            keep_alive_timeout: Duration::from_secs(75),
            stall_timeout: Duration::from_secs(30),
            max_connections: 50_000,
            max_concurrent_streams: 100,
            max_header_bytes: 32 * 1024,
            max_send_buffer_bytes: 64 * 1024,
        }
    }
}

/// Which worker, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WorkerId(pub usize);

/// The other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Its address; an IPv4 address is never in its IPv6-mapped form.
    pub address: SocketAddr,
    /// Whether the connection is under TLS.
    pub tls: bool,
    /// Whether it speaks HTTP/2.
    pub http2: bool,
    /// The TLS certificate that it showed.
    pub certificate: Option<Certificate>,
    /// Whether it has sent an HTTP/1 head that has more than one reading, which hyper repaired.
    pub ambiguous: bool,
    /// Its requests in flight, the one at hand among them.
    pub asking: u32,
    /// Whether so many wait for their turn that this request is to be refused.
    pub crowded: bool,
}

/// In an answer's extensions: how long nothing more is read from its caller. The answer itself goes out at once. What is
/// refused costs a good part of what is served, so a caller that is told when to come back is held to it.
#[derive(Debug, Clone, Copy)]
pub struct Rest(pub Duration);

/// An answer in the making: the one allocation per request, so that an idle connection stays small.
pub type Answer<B> = Pin<Box<dyn Future<Output = Result<Response<B>, Infallible>>>>;

/// What a worker calls for each request, on the worker's own thread.
///
/// The future is dropped when the caller leaves. A panic in it ends the connection (HTTP/2: the stream), not the worker.
pub trait Handle: Clone + 'static {
    /// Body of the answers.
    type Body: http_body::Body<Data = Bytes, Error = BoxError> + 'static;

    /// Answers one request.
    fn handle(&self, request: Request<Incoming>, peer: Peer) -> Answer<Self::Body>;
}

/// Binds every listener of `config`, and reads the certificate. Blocks for the few system calls.
///
/// # Errors
/// See [`BindError`]; nothing stays bound.
pub fn bind(config: &Config) -> Result<Bound, BindError> {
    bind::bind(config)
}
