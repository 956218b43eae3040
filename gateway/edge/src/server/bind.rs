//! Binding: one listener for each worker, all on one port, and a clear word when that cannot be.

use super::{Config, Handle, Running, Tls, TlsError, WorkerId, worker};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

/// Connections the kernel holds for a worker that is busy.
const BACKLOG: i32 = 1024;

/// Why the server cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody else listens there.
    #[error("address {0} is already in use: another program listens there, or this one runs already")]
    InUse(SocketAddr),
    /// The port is reserved (below 1024) or the system forbids it.
    #[error("address {0} may not be used: permission denied (ports below 1024 need a privilege)")]
    Denied(SocketAddr),
    /// No network interface has the address.
    #[error("address {0} is not an address of this machine")]
    NotHere(SocketAddr),
    /// Anything else the system says.
    #[error("cannot listen on {0}")]
    Other(SocketAddr, #[source] io::Error),
    /// The certificate or its key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl BindError {
    fn new(address: SocketAddr, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AddrInUse => Self::InUse(address),
            io::ErrorKind::PermissionDenied => Self::Denied(address),
            io::ErrorKind::AddrNotAvailable => Self::NotHere(address),
            _ => Self::Other(address, error),
        }
    }
}

/// Listeners that are bound; nothing is accepted before [`Bound::serve`].
#[derive(Debug)]
pub struct Bound {
    pub(super) config: Config,
    pub(super) address: SocketAddr,
    pub(super) listeners: Vec<TcpListener>,
    pub(super) tls: Option<Arc<Tls>>,
}

impl Bound {
    /// Where it listens, with the port it was given for port 0.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The certificate in force, to reload it; `None` in plain text.
    pub fn tls(&self) -> Option<Arc<Tls>> {
        self.tls.clone()
    }

    /// Starts the workers; `make` is called once on each worker's thread. Returns when all of them accept.
    ///
    /// # Errors
    /// A thread or a runtime could not be made; no worker is left behind.
    pub fn serve<F, S>(self, make: F) -> io::Result<Running>
    where
        F: Fn(WorkerId) -> S + Send + Clone + 'static,
        S: Handle,
    {
        worker::start(self, make)
    }
}

pub(super) fn bind(config: &Config) -> Result<Bound, BindError> {
    let tls = config.tls.as_ref().map(Tls::load).transpose()?;
    let workers = config.workers.max(1);
    let wanted = config.address;
    let (first, address) = claim(wanted).map_err(|error| BindError::new(wanted, error))?;
    let mut listeners = Vec::with_capacity(workers);
    listeners.push(first);
    for _ in 1..workers {
        listeners.push(join(address).map_err(|error| BindError::new(address, error))?);
    }
    let listeners = listeners
        .into_iter()
        .map(|socket| socket.listen(BACKLOG).map(|()| TcpListener::from(socket)))
        .collect::<io::Result<_>>()
        .map_err(|error| BindError::new(address, error))?;
    Ok(Bound {
        config: config.clone(),
        address,
        listeners,
        tls: tls.map(Arc::new),
    })
}

/// Binds the first socket *without* `SO_REUSEPORT`, so that the kernel refuses a port on which another program listens
/// even if that one shares its port; only then opens the port to our own other workers.
fn claim(address: SocketAddr) -> io::Result<(Socket, SocketAddr)> {
    let socket = socket(address)?;
    socket.bind(&address.into())?;
    socket.set_reuse_port(true)?;
    let bound = socket
        .local_addr()?
        .as_socket()
        .ok_or_else(|| io::Error::from(io::ErrorKind::Unsupported))?;
    Ok((socket, bound))
}

fn join(address: SocketAddr) -> io::Result<Socket> {
    let socket = socket(address)?;
    socket.set_reuse_port(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

fn socket(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A restart must not wait for the last connections' TIME_WAIT.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}
