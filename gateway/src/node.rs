//! One node: the data plane's listener, the operations listener, and what they share.

use crate::operations::{self, Readiness};
use crate::quota_ledger::QuotaLedger;
use anyhow::Context;
use edge::middleware::authenticate::Credentials;
use edge::plan::{Plan, Settings, Shared};
use edge::server::{self, DrainReport, Running};
use edge::stack::Entry;
use edge::upstream::fleet::health;
use limits::{Limiter, Limits, Shelf, StoreConfig};
use snapshot::Snapshot;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use telemetry::Telemetry;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How often idle rate-limit counters are dropped.
const SWEEP: Duration = Duration::from_secs(5);
/// How long the node waits for reserved calls to be given back.
const QUOTAS_END: Duration = Duration::from_secs(5);
/// How often certificate files are looked at.
const CERTIFICATE_WATCH: Duration = Duration::from_secs(5);

/// What a node is started with.
#[derive(Debug)]
pub struct Setup {
    /// The data plane's listener.
    pub listen: server::Config,
    /// The operations listener.
    pub operations: SocketAddr,
    /// Settings of the data plane.
    pub settings: Settings,
    /// Records, metrics, traces.
    pub telemetry: telemetry::Config,
    /// Where shared limits are counted; `None`: each node counts for itself.
    pub shared_limits: Option<StoreConfig>,
    /// Where quotas of a day or a month are kept, `sqlite:PATH` or `postgres://...`; `None`: nothing has such a quota.
    pub quota_ledger: Option<String>,
    /// How long requests in flight may take once the node is told to stop.
    pub drain_timeout: Duration,
    /// How the node keeps up with a registry's database; `None`: its registry is a document.
    pub registry: Option<Arc<registry::watch::Status>>,
}

/// Both listeners bound, nothing served yet: everything that can refuse to start has had its say.
pub struct Bound {
    setup: Setup,
    edge: server::Bound,
    operations: TcpListener,
}

/// Binds both listeners.
///
/// # Errors
/// An address that is taken or not this machine's; a certificate that cannot be used.
pub fn bind(setup: Setup) -> anyhow::Result<Bound> {
    let edge = server::bind(&setup.listen)?;
    let operations = TcpListener::bind(setup.operations)
        .with_context(|| format!("the operations address {} cannot be used", setup.operations))?;
    operations.set_nonblocking(true)?;
    Ok(Bound {
        setup,
        edge,
        operations,
    })
}

impl Bound {
    /// Where callers are served.
    pub fn address(&self) -> SocketAddr {
        self.edge.local_addr()
    }

    /// Sets where callers know the gateway, for those who learn it only now: port 0 has become a port.
    pub fn set_public_base_url(&mut self, url: &str) {
        self.setup.settings.public_base_url = Some(Arc::from(url));
    }

    /// Says how the node keeps up with its registry.
    pub fn set_registry(&mut self, status: Arc<registry::watch::Status>) {
        self.setup.registry = Some(status);
    }

    /// Where operations are served.
    ///
    /// # Errors
    /// The operating system's, when the socket has been lost.
    pub fn operations_address(&self) -> std::io::Result<SocketAddr> {
        self.operations.local_addr()
    }

    /// Starts to serve `snapshot`. Call it inside the control runtime.
    ///
    /// # Errors
    /// Telemetry settings out of range, threads that cannot be started.
    pub fn serve(self, snapshot: Snapshot, credentials: Arc<dyn Credentials>) -> anyhow::Result<Node> {
        let (telemetry, guard) = Telemetry::start(self.setup.telemetry)?;
        let plan = Plan::new(snapshot, &telemetry);
        let stop = CancellationToken::new();
        let mut settings = self.setup.settings;
        if let Some(store) = &self.setup.shared_limits {
            settings.shelf = Shelf::with_store(store.clone());
        }
        let limits = limits(self.setup.shared_limits, &plan.snapshot, &stop);
        let quotas = self.setup.quota_ledger.map(|address| {
            let keeper = limits.keep_quotas_in(Arc::new(QuotaLedger::at(&address)));
            tokio::spawn(keeper.run(stop.clone().cancelled_owned()))
        });
        let shared = Shared::new(plan, limits, telemetry, credentials, settings);
        let running = {
            let shared = Arc::clone(&shared);
            self.edge.serve(move |_| Entry::new(&shared))?
        };
        let readiness = Readiness::default();
        let router = operations::router(&shared, running.stats(), readiness.clone(), self.setup.registry);
        let listener = tokio::net::TcpListener::from_std(self.operations)?;
        let operations = tokio::spawn({
            let stop = stop.clone();
            async move {
                axum::serve(listener, router)
                    .with_graceful_shutdown(stop.cancelled_owned())
                    .await
            }
        });
        start_upkeep(&shared, &running, &stop);
        readiness.set(true);
        Ok(Node {
            shared,
            running,
            guard,
            operations,
            quotas,
            stop,
            readiness,
            drain_timeout: self.setup.drain_timeout,
        })
    }
}

/// A serving node.
pub struct Node {
    shared: Arc<Shared>,
    running: Running,
    guard: telemetry::Guard,
    operations: JoinHandle<std::io::Result<()>>,
    quotas: Option<JoinHandle<()>>,
    stop: CancellationToken,
    readiness: Readiness,
    drain_timeout: Duration,
}

impl Node {
    /// Puts another snapshot in force.
    pub fn swap(&self, snapshot: Snapshot) {
        self.shared.swap(snapshot);
    }

    /// What is shared with the data plane's workers.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Version of the snapshot in force.
    pub fn version(&self) -> u64 {
        self.shared.plan.load().snapshot.version()
    }

    /// Takes no more requests, lets those in flight finish, and sends what telemetry still holds.
    ///
    /// # Errors
    /// A background thread that panicked.
    pub async fn stop(self) -> anyhow::Result<DrainReport> {
        self.readiness.set(false);
        self.running.begin_drain();
        let report = self.running.drained(self.drain_timeout).await;
        self.stop.cancel();
        if let Some(quotas) = self.quotas {
            // What is reserved goes back; a ledger that does not answer must not hold the node up.
            let _ = tokio::time::timeout(QUOTAS_END, quotas).await;
        }
        // A page of the operations listener that somebody still reads must not hold the node up.
        let _ = tokio::time::timeout(Duration::from_secs(1), self.operations).await;
        let guard = self.guard;
        tokio::task::spawn_blocking(move || guard.shutdown()).await?;
        Ok(report)
    }
}

/// The limits, with the task that keeps leases on the control runtime where there is a store.
fn limits(store: Option<StoreConfig>, snapshot: &Snapshot, stop: &CancellationToken) -> Limits {
    let Some(store) = store else {
        if let Some(policy) = snapshot
            .apis()
            .iter()
            .flat_map(|api| &api.limits)
            .find(|policy| policy.shared.is_some() && policy.calendar.is_none())
        {
            tracing::warn!(
                policy = &*policy.id,
                "shared limits are counted by each node alone: limits.store names no store"
            );
        }
        return Limiter::new().into();
    };
    let (limits, keeper) = Limits::with_store(Limiter::new(), store);
    let stop = stop.clone();
    tokio::spawn(async move { stop.run_until_cancelled_owned(keeper.run()).await });
    limits
}

fn start_upkeep(shared: &Arc<Shared>, running: &Running, stop: &CancellationToken) {
    let shared = Arc::clone(shared);
    tokio::spawn({
        let (shared, stop) = (Arc::clone(&shared), stop.clone());
        async move {
            let mut clock = tokio::time::interval(SWEEP);
            while stop.run_until_cancelled(clock.tick()).await.is_some() {
                shared.limits.sweep();
            }
        }
    });
    tokio::spawn({
        let (shared, stop) = (Arc::clone(&shared), stop.clone());
        async move { stop.run_until_cancelled(health::watch(shared)).await }
    });
    if let Some(tls) = running.tls() {
        let stop = stop.clone();
        tokio::spawn(async move { stop.run_until_cancelled(tls.watch(CERTIFICATE_WATCH)).await });
    }
}

/// Listens for Ctrl-C and SIGTERM from now on; what comes back waits for one of them. Call it before the node says that it
/// is ready: until then either ends the process at once.
///
/// # Errors
/// Signals that the operating system will not deliver.
pub fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
