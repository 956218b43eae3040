//! One connection: TLS handshake or protocol recognition, then HTTP/1.1 or HTTP/2 until it ends.

use super::cork::Cork;
use super::lent::{self, Lent};
use super::serve::Service;
use super::stats::{self, WorkerStats};
use super::streams::Streams;
use super::tls::Certificate;
use super::watch::{Open, Registry, Verdict, Watched};
use super::{Config, Handle, Peer};
use crate::transport::{Socket, Transport};
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsStream};

/// hyper's read buffer begins with this much, and `max_buf_size` covers reading and writing.
const READ_BUFFER: usize = 8 * 1024;
/// First bytes of HTTP/2 (RFC 9113 section 3.4); as many as no HTTP/1 request of any use begins with.
const PREFACE: &[u8; 5] = b"PRI *";
/// Unread upload bytes that one HTTP/2 stream may have. At 20 ms of round trip this still lets 12 MiB/s in; what a
/// connection can make us hold is bounded by the next line, not by this one.
const STREAM_WINDOW: u32 = 256 * 1024;
/// The same for a whole HTTP/2 connection.
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// Streams reset by the peer that have not been looked at yet (CVE-2023-44487).
const PENDING_RESETS: usize = 20;
/// Streams that the peer's mistakes made us reset, over a connection's life (CVE-2025-8671). h2's own 1,024 lets a
/// client that reconnects take the other callers' latency up tenfold.
const OWN_RESETS: usize = 64;
/// How often an HTTP/2 peer is asked whether it is still there, and how long it may take to answer.
const PING: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(15));

/// What the connections of one worker share.
pub(super) struct Setting {
    pub(super) max_connections: u64,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) stats: Arc<WorkerStats>,
    pub(super) registry: Rc<Registry>,
    http1: http1::Builder,
    http2: http2::Builder<Streams>,
}

impl Setting {
    pub(super) fn new(config: &Config, tls: Option<TlsAcceptor>, stats: Arc<WorkerStats>) -> Self {
        let header_bytes = config.max_header_bytes;
        let send_buffer = config.max_send_buffer_bytes.max(READ_BUFFER);
        let mut http1 = http1::Builder::new();
        // Timeouts are the watcher's. The cap of 100 fields is hyper's default; setting it would cost an allocation.
        http1
            .header_read_timeout(None)
            .half_close(false)
            .max_header_size(usize::try_from(header_bytes).unwrap_or(usize::MAX))
            .max_buf_size(send_buffer.max(usize::try_from(header_bytes).unwrap_or(0)) + READ_BUFFER);
        let mut http2 = http2::Builder::new(Streams::new(config.stall_timeout, &stats));
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(config.max_concurrent_streams)
            .max_pending_accept_reset_streams(PENDING_RESETS)
            .max_local_error_reset_streams(OWN_RESETS)
            .max_header_list_size(header_bytes)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .keep_alive_interval(PING.0)
            .keep_alive_timeout(PING.1)
            .max_send_buf_size(send_buffer);
        let max_connections = config.max_connections as u64;
        Self {
            max_connections,
            tls,
            stats,
            registry: Rc::default(),
            http1,
            http2,
        }
    }
}

/// What is set up for a connection before its task first runs, so that the counts hold from the moment it is accepted.
pub(super) struct Accepted {
    pub(super) socket: TcpStream,
    pub(super) address: SocketAddr,
    watched: Arc<Watched>,
    open: Open,
    running: Running,
}

impl Accepted {
    pub(super) fn new(socket: TcpStream, address: SocketAddr, stats: &Arc<WorkerStats>) -> Self {
        let running = Running::new(stats);
        let (watched, open) = Watched::open(stats);
        Self {
            socket,
            address,
            watched,
            open,
            running,
        }
    }
}

/// Serves one accepted socket to its end. Must be the root of its task: the watcher wakes that.
pub(super) async fn serve<H: Handle>(accepted: Accepted, handle: H, setting: Rc<Setting>) {
    let Accepted {
        socket,
        address,
        watched,
        open,
        running: _running,
    } = accepted;
    let _place = poll_fn(|cx| Poll::Ready(setting.registry.enter(&watched, cx.waker().clone()))).await;
    // Small requests and answers must not wait for the peer's delayed acknowledgement.
    if socket.set_nodelay(true).is_err() {
        return;
    }
    let prepared = Box::pin(unless_told(&watched, prepare(socket, &setting))).await;
    let Some(Some((socket, http2))) = prepared else { return };
    let peer = Peer {
        address,
        tls: matches!(socket, Socket::Tls(_)),
        http2,
        certificate: certificate(&socket),
        ambiguous: false,
        asking: 0,
        crowded: false,
    };
    let service = Service {
        handle,
        peer,
        watched: Arc::clone(&watched),
    };
    let transport = Transport::new(socket, open);
    // Each is boxed by itself: the task of an idle HTTP/1.1 connection must not be as large as HTTP/2's.
    let ended = if http2 {
        watched.set_http2();
        let cork = Cork::new(transport);
        let io = TokioIo::new(cork.clone());
        let connection = Box::pin(setting.http2.serve_connection(io, service));
        match Attended::new(connection, &watched, Some(cork)).await {
            End::Over(ended) => ended,
            End::Asleep => Ok(()),
        }
    } else {
        serve_http1(transport, service, &setting).await
    };
    if let Err(error) = ended {
        if error.is_parse() {
            stats::add(&setting.stats.malformed);
        }
        tracing::debug!(%error, http2, "connection ended early");
    }
}

/// Serves HTTP/1.1 to the connection's end. While it sleeps there is nothing but the socket.
async fn serve_http1<H: Handle>(
    mut transport: Transport<Open>,
    service: Service<H>,
    setting: &Setting,
) -> hyper::Result<()> {
    let watched = Arc::clone(&service.watched);
    loop {
        let io = TokioIo::new(Lent::new(transport));
        let connection = setting.http1.serve_connection(io, service.clone()).with_upgrades();
        let mut attended = Attended::new(Box::pin(connection), &watched, None);
        if let End::Over(ended) = (&mut attended).await {
            return ended;
        }
        let Some(mut back) = lent::take_back(attended) else {
            return Ok(());
        };
        let awake = {
            let _asleep = Asleep::new(&setting.stats);
            unless_told(&watched, back.something_came()).await
        };
        if awake != Some(true) {
            // A word of farewell, if it can be said at once.
            let _ = poll_fn(|cx| Poll::Ready(Pin::new(&mut back).poll_shutdown(cx))).await;
            return Ok(());
        }
        transport = back;
    }
}

/// The TLS handshake, or a look at the first bytes. `None`: the connection is not worth going on with.
async fn prepare(socket: TcpStream, setting: &Setting) -> Option<(Socket, bool)> {
    let Some(acceptor) = &setting.tls else {
        let http2 = begins_http2(&socket).await?;
        return Some((Socket::Plain(socket), http2));
    };
    let Ok(stream) = acceptor.accept(socket).await else {
        stats::add(&setting.stats.handshakes_failed);
        return None;
    };
    let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    Some((Socket::Tls(Box::new(TlsStream::Server(stream))), http2))
}

/// Runs `work` until the watcher wants the connection to end; `None` then.
async fn unless_told<F: Future>(watched: &Watched, work: F) -> Option<F::Output> {
    let mut work = pin!(work);
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if matches!(watched.command(), Verdict::Finish | Verdict::Cut) => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}

/// Looks at the first bytes without taking them. `None`: the peer closed without a word.
async fn begins_http2(socket: &TcpStream) -> Option<bool> {
    let mut first = [0; PREFACE.len()];
    loop {
        let count = socket.peek(&mut first).await.ok().filter(|count| *count > 0)?;
        let seen = first.get(..count)?;
        if !PREFACE.starts_with(seen) {
            return Some(false);
        }
        if count == PREFACE.len() {
            return Some(true);
        }
        // A first packet of a few bytes: the socket stays readable, so waiting for "readable" would spin.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A connection of hyper's that can be asked to end.
trait Finish: Future<Output = hyper::Result<()>> {
    fn finish(self: Pin<&mut Self>);
}

impl<H: Handle> Finish for http1::UpgradeableConnection<TokioIo<Lent>, Service<H>> {
    fn finish(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl<H: Handle> Finish for http2::Connection<TokioIo<Cork<Transport<Open>>>, Service<H>, Streams> {
    fn finish(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

/// How a connection comes out of hyper's hands.
enum End {
    Over(hyper::Result<()>),
    /// Nothing goes on on it, and nothing that hyper has of it is needed.
    Asleep,
}

/// Drives a connection and does what the watcher asks. What is gathered in `cork` leaves when hyper has nothing more to do
/// for now.
struct Attended<'a, C> {
    connection: Pin<Box<C>>,
    watched: &'a Watched,
    cork: Option<Cork<Transport<Open>>>,
    finishing: bool,
}

impl<'a, C: Finish> Attended<'a, C> {
    fn new(connection: Pin<Box<C>>, watched: &'a Watched, cork: Option<Cork<Transport<Open>>>) -> Self {
        Self {
            connection,
            watched,
            cork,
            finishing: false,
        }
    }

    fn begin_to_end(&mut self) {
        if !self.finishing {
            self.finishing = true;
            self.connection.as_mut().finish();
        }
    }

    fn drive(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        let command = self.watched.command();
        // With a request in flight, ask before its answer is written: it then says that the connection will close.
        if command == Verdict::Finish && self.watched.in_flight() > 0 {
            self.begin_to_end();
        }
        if let Poll::Ready(ended) = self.connection.as_mut().poll(cx) {
            return Poll::Ready(End::Over(ended));
        }
        match command {
            // Asked to end before it has read a request that has arrived, hyper would drop it; so only now.
            Verdict::Finish if !self.finishing => {
                self.begin_to_end();
                self.connection.as_mut().poll(cx).map(End::Over)
            }
            Verdict::Cut => Poll::Ready(End::Over(Ok(()))),
            Verdict::Sleep if self.watched.may_sleep() => Poll::Ready(End::Asleep),
            Verdict::Sleep | Verdict::Leave | Verdict::Last | Verdict::Finish => Poll::Pending,
        }
    }
}

impl<C: Finish> Future for Attended<'_, C> {
    type Output = End;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<End> {
        let driven = self.drive(cx);
        match self.cork.as_ref().map(|cork| cork.write_out(cx)) {
            // The caller is gone, and with it whoever would have read the rest.
            Some(Poll::Ready(Err(_))) if driven.is_pending() => Poll::Ready(End::Over(Ok(()))),
            _ => driven,
        }
    }
}

/// A connection that sleeps, counted.
struct Asleep<'a>(&'a WorkerStats);

impl<'a> Asleep<'a> {
    fn new(stats: &'a WorkerStats) -> Self {
        stats::add(&stats.asleep);
        Self(stats)
    }
}

impl Drop for Asleep<'_> {
    fn drop(&mut self) {
        stats::subtract(&self.0.asleep);
    }
}

/// A connection's task, counted; a panic in it is told apart.
struct Running(Arc<WorkerStats>);

impl Running {
    fn new(stats: &Arc<WorkerStats>) -> Self {
        stats::add(&stats.tasks);
        Self(Arc::clone(stats))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        stats::subtract(&self.0.tasks);
        if std::thread::panicking() {
            stats::add(&self.0.panics);
        }
    }
}

/// The certificate that the caller has shown, as a thumbprint.
fn certificate(socket: &Socket) -> Option<Certificate> {
    let Socket::Tls(stream) = socket else { return None };
    let (_, connection) = stream.get_ref();
    connection.peer_certificates()?.first().map(|own| Certificate::of(own))
}
