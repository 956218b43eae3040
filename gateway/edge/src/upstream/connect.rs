//! Opening a connection: find the addresses, connect to one that is allowed, TLS, hyper's handshake.

use super::driver::Driver;
use super::fleet::{self, Choice};
use super::pool::{Lease, Opening, Permit};
use super::{Timing, UpstreamError, pool, resolve, tls};
use crate::body::RequestBody;
use crate::transport::{Socket, Transport};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use rustix::io::Errno;
use rustls_pki_types::ServerName;
use snapshot::{Backend, Scheme, UpstreamAddress};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::{TlsConnector, TlsStream};

/// What an answer's head may hold, and what is held of its body for a slow caller, in bytes.
const MAX_HEAD: usize = 64 * 1024;
const MAX_BUFFER: usize = 72 * 1024;

/// Opens a connection to the first of the backend's addresses, from `opening`'s on, that takes one.
pub(super) async fn open(
    backend: &Backend,
    opening: Opening,
    choice: Option<Choice>,
    timing: &mut Timing,
) -> Result<Lease, UpstreamError> {
    let began = Instant::now();
    let Opening {
        first,
        permit,
        generation,
    } = opening;
    let mut permit = Some(permit);
    let mut failure = no_address();
    for index in pool::in_turn(backend, first, choice) {
        let Some(address) = backend.addresses.get(index) else {
            continue;
        };
        let attempt = timeout(backend.connect_timeout, connect(backend, address, first, &mut permit));
        failure = match attempt.await {
            Ok(Ok(connected)) => {
                timing.connected_in = Some(began.elapsed());
                return Ok(pool::lease(backend, generation, index, connected));
            }
            Ok(Err(UpstreamError::Overloaded)) => {
                failure = UpstreamError::Overloaded;
                break;
            }
            Ok(Err(error)) => error,
            Err(_elapsed) => UpstreamError::ConnectTimeout,
        };
        let cause = std::error::Error::source(&failure).map(ToString::to_string);
        if pool::set_aside(backend, index) {
            tracing::warn!(backend = %backend.id, address = index, error = %failure, cause, "no connection to the backend; told once while it lasts");
        } else {
            tracing::debug!(backend = %backend.id, address = index, error = %failure, cause, "no connection to the backend");
        }
        timing.unreachable |= fleet::bit(index);
    }
    timing.connected_in = Some(began.elapsed());
    Err(failure)
}

/// The registry refuses a backend without an address; this is what remains to be said if one comes all the same.
pub(super) fn no_address() -> UpstreamError {
    UpstreamError::Connect(io::Error::new(io::ErrorKind::NotFound, "the backend has no address"))
}

/// A connection, and what drives it.
pub(super) struct Connected {
    pub(super) sender: SendRequest<RequestBody>,
    pub(super) driver: Driver,
    pub(super) peer: SocketAddr,
    pub(super) refused: Arc<AtomicBool>,
}

impl Connected {
    /// Whether the next request may go out on it.
    pub(super) fn is_good(&self) -> bool {
        self.sender.is_ready() && !self.sender.is_closed() && !self.refused.load(Ordering::Relaxed)
    }
}

/// `permit` is taken when the socket is there; a failure before leaves it for the next address.
async fn connect(
    backend: &Backend,
    address: &UpstreamAddress,
    turn: usize,
    permit: &mut Option<Permit>,
) -> Result<Connected, UpstreamError> {
    let (socket, peer) = reach(backend, address, turn).await?;
    let permit = permit.take().ok_or(UpstreamError::Overloaded)?;
    let refused = permit.refused_flag();
    let (sender, connection) = Builder::new()
        .max_header_size(MAX_HEAD)
        .max_buf_size(MAX_BUFFER)
        .handshake::<_, RequestBody>(TokioIo::new(Transport::new(socket, permit)))
        .await
        .map_err(UpstreamError::ClosedBeforeSent)?;
    Ok(Connected {
        sender,
        driver: Driver::new(connection.with_upgrades()),
        peer,
        refused,
    })
}

/// A socket to one of the address's, with TLS where it is asked for.
pub(super) async fn reach(
    backend: &Backend,
    address: &UpstreamAddress,
    turn: usize,
) -> Result<(Socket, SocketAddr), UpstreamError> {
    let candidates = resolve::resolve(backend, address).await?;
    let (socket, peer) = first_that_answers(&candidates, turn, backend.connect_timeout).await?;
    // A request's last small packet must not wait for the backend's delayed acknowledgement.
    socket.set_nodelay(true).map_err(UpstreamError::Connect)?;
    let socket = match address.scheme {
        Scheme::Http => Socket::Plain(socket),
        Scheme::Https => secure(backend, address, socket).await?,
    };
    Ok((socket, peer))
}

/// A name's addresses in turn, beginning with another one at each connection; each gets its share of the time.
async fn first_that_answers(
    candidates: &[SocketAddr],
    turn: usize,
    limit: Duration,
) -> Result<(TcpStream, SocketAddr), UpstreamError> {
    let count = candidates.len().max(1);
    let share = limit / u32::try_from(count).unwrap_or(u32::MAX);
    let mut failure = UpstreamError::ConnectTimeout;
    for candidate in candidates.iter().cycle().skip(turn % count).take(count) {
        failure = match timeout(share, TcpStream::connect(*candidate)).await {
            Ok(Ok(socket)) => return Ok((socket, *candidate)),
            Ok(Err(error)) if is_want_of_ours(&error) => {
                tracing::debug!(%error, "the gateway has no means for another connection");
                return Err(UpstreamError::Overloaded);
            }
            Ok(Err(error)) => UpstreamError::Connect(error),
            Err(_elapsed) => UpstreamError::ConnectTimeout,
        };
    }
    Err(failure)
}

/// Whether the gateway has no means for a connection: no descriptor, port or memory. That is no fault of the backend's.
fn is_want_of_ours(error: &io::Error) -> bool {
    let code = error.raw_os_error().map(Errno::from_raw_os_error);
    matches!(
        code,
        Some(Errno::MFILE | Errno::NFILE | Errno::ADDRNOTAVAIL | Errno::NOBUFS | Errno::NOMEM)
    )
}

async fn secure(backend: &Backend, address: &UpstreamAddress, socket: TcpStream) -> Result<Socket, UpstreamError> {
    let config = tls::client(backend.ca_file.as_ref())
        .await
        .map_err(UpstreamError::Roots)?;
    let host = address.host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(host)
        .map_err(|error| UpstreamError::Tls(io::Error::new(io::ErrorKind::InvalidInput, error)))?;
    let stream = TlsConnector::from(config)
        .connect(name, socket)
        .await
        .map_err(UpstreamError::Tls)?;
    Ok(Socket::Tls(Box::new(TlsStream::Client(stream))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn want_of_descriptors_is_ours_and_a_refused_connection_is_not() {
        let is_ours = |errno: Errno| is_want_of_ours(&errno.into());
        assert!(is_ours(Errno::MFILE) && is_ours(Errno::ADDRNOTAVAIL));
        assert!(!is_ours(Errno::CONNREFUSED) && !is_ours(Errno::TIMEDOUT));
    }
}
