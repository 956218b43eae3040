//! A worker: its thread, its runtime, its accept loop, and how it ends.

use super::connection::{self, Accepted, Setting};
use super::running::Phase;
use super::stats::{self, Stats};
use super::watch::{Patience, Registry};
use super::{Bound, Handle, Running, WorkerId};
use crate::rounds;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::rc::Rc;
use std::sync::mpsc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, LocalOptions, LocalRuntime};
use tokio::sync::{oneshot, watch};
use tokio_rustls::TlsAcceptor;

/// How long a listener rests when the system has no more file descriptors or memory: trying at once would spin.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// How long a caller gets to send a request that crosses the beginning of a drain, at least.
const HURRY: Duration = Duration::from_millis(250);

/// Threads beside a worker for what blocks: name look-ups and reading roots, both only when a connection is opened.
const LOOK_UPS: usize = 8;

/// What a worker takes along to its thread.
struct Post {
    id: WorkerId,
    listener: StdListener,
    config: super::Config,
    tls: Option<TlsAcceptor>,
    stats: Stats,
    phase: watch::Receiver<Phase>,
    started: mpsc::Sender<io::Result<()>>,
    ended: oneshot::Sender<u64>,
}

pub(super) fn start<F, S>(bound: Bound, make: F) -> io::Result<Running>
where
    F: Fn(WorkerId) -> S + Send + Clone + 'static,
    S: Handle,
{
    let Bound {
        config,
        address,
        listeners,
        tls,
    } = bound;
    let stats = Stats::new(listeners.len());
    let (phase, phases) = watch::channel(Phase::Serving);
    let (started, starts) = mpsc::channel();
    let mut workers = Vec::with_capacity(listeners.len());
    for (index, listener) in listeners.into_iter().enumerate() {
        let (ended, end) = oneshot::channel();
        let post = Post {
            id: WorkerId(index),
            listener,
            config: config.clone(),
            tls: tls.as_ref().map(|tls| TlsAcceptor::from(tls.server())),
            stats: stats.clone(),
            phase: phases.clone(),
            started: started.clone(),
            ended,
        };
        let make = make.clone();
        std::thread::Builder::new()
            .name(format!("worker-{index}"))
            .spawn(move || run(post, make))?;
        workers.push(end);
    }
    drop(started);
    for _ in &workers {
        starts
            .recv()
            .map_err(|_| io::Error::other("a worker ended while it started"))??;
    }
    Ok(Running {
        address,
        phase,
        workers,
        stats,
        tls,
    })
}

/// The thread's life.
fn run<F: Fn(WorkerId) -> S, S: Handle>(post: Post, make: F) {
    let runtime: LocalRuntime = match Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(LOOK_UPS)
        .on_thread_park(rounds::rest)
        .build_local(LocalOptions::default())
    {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = post.started.send(Err(error));
            return;
        }
    };
    let ended = runtime.block_on(work(post, make));
    // Tasks are dropped here, which cuts what is left; a look-up in a blocking thread is not waited for.
    runtime.shutdown_background();
    if let Some((ended, cut)) = ended {
        let _ = ended.send(cut);
    }
}

/// Accepts until the drain, then waits for the end. Gives how many requests were cut.
async fn work<F: Fn(WorkerId) -> S, S: Handle>(post: Post, make: F) -> Option<(oneshot::Sender<u64>, u64)> {
    let Post {
        id,
        listener,
        config,
        tls,
        stats,
        mut phase,
        started,
        ended,
    } = post;
    let own = stats.workers.get(id.0).cloned()?;
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            let _ = started.send(Err(error));
            return None;
        }
    };
    let (tick, patience) = Patience::of(&config);
    let setting = Rc::new(Setting::new(&config, tls, own));
    let worker = Worker {
        handle: make(id),
        setting,
        stats,
    };
    let _ = started.send(Ok(()));
    drop(started);
    tokio::task::spawn_local(look(Rc::clone(&worker.setting.registry), tick, patience));

    tokio::select! {
        () = worker.accept(&listener) => {}
        () = Phase::at_least(&mut phase, Phase::Draining) => {}
    }
    // First those that are open, so that they know before a client can see that the port is closed.
    worker.setting.registry.drain(patience);
    worker.take_waiting(listener);
    tokio::task::spawn_local(hurry(Rc::clone(&worker.setting.registry), patience));
    tokio::select! {
        () = worker.emptied() => {}
        () = Phase::at_least(&mut phase, Phase::Cut) => {}
    }
    Some((ended, worker.left()))
}

async fn look(registry: Rc<Registry>, tick: Duration, patience: Patience) {
    loop {
        tokio::time::sleep(tick).await;
        registry.tick(patience);
    }
}

/// Ticks between the ticks at the beginning of a drain, so that connections at rest do not hold the end up for seconds.
async fn hurry(registry: Rc<Registry>, patience: Patience) {
    for _ in 0..2 {
        tokio::time::sleep(HURRY).await;
        registry.tick(patience);
    }
}

struct Worker<S> {
    handle: S,
    setting: Rc<Setting>,
    stats: Stats,
}

impl<S: Handle> Worker<S> {
    async fn accept(&self, listener: &TcpListener) {
        let mut failing = false;
        loop {
            match listener.accept().await {
                Ok((socket, address)) => {
                    failing = false;
                    self.take(socket, address);
                }
                // The peer was gone before we came: its own affair.
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    stats::add(&self.setting.stats.accept_errors);
                    if !failing {
                        tracing::error!(%error, "cannot accept connections; trying again every 100 ms");
                    }
                    failing = true;
                    tokio::time::sleep(ACCEPT_REST).await;
                }
            }
        }
    }

    fn take(&self, socket: TcpStream, address: SocketAddr) {
        if self.stats.connections() >= self.setting.max_connections {
            stats::add(&self.setting.stats.refused);
            return;
        }
        stats::add(&self.setting.stats.accepted);
        let address = SocketAddr::new(address.ip().to_canonical(), address.port());
        let accepted = Accepted::new(socket, address, &self.setting.stats);
        tokio::task::spawn_local(connection::serve(
            accepted,
            self.handle.clone(),
            Rc::clone(&self.setting),
        ));
    }

    /// Takes what the kernel has accepted for us: it would be reset with the listener. Asks the listener itself, since
    /// the runtime may not have heard yet of the last ones.
    fn take_waiting(&self, listener: TcpListener) {
        let Ok(listener) = listener.into_std() else { return };
        while let Ok((socket, address)) = listener.accept() {
            if socket.set_nonblocking(true).is_ok()
                && let Ok(socket) = TcpStream::from_std(socket)
            {
                self.take(socket, address);
            }
        }
    }

    /// Waits until no connection is open.
    async fn emptied(&self) {
        while stats::read(&self.setting.stats.open) > 0 {
            self.setting.stats.emptied.notified().await;
        }
    }

    /// Requests that are still going on: those in flight, and tunnels (open sockets that no connection's task drives).
    fn left(&self) -> u64 {
        let own = &self.setting.stats;
        stats::read(&own.in_flight) + stats::read(&own.open).saturating_sub(stats::read(&own.tasks))
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}
