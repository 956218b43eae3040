//! Starting the sandbox: each part on an address of its own, or all of it on one.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Context;
use jiff::Timestamp;
use service_host::{Service, ServiceTelemetry, serve};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::agency::{Agency, Form};
use crate::faults::{Failure, Fault, Habits, gone};
use crate::forms::{self, Office};
use crate::identity::{self, Issuer, Provider, RelyingParty};
use crate::push::{self, PushTo};
use crate::switchboard::Switchboard;
use crate::world::World;
use crate::{control, people, register};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where the OpenID provider is.
const OPENID_PATH: &str = "/e-id";

/// How the sandbox is to be.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// Where its parts listen, each on a free port.
    pub address: IpAddr,
    /// What tokens say as `iss`; the test e-identification's own URL when it is empty.
    pub issuer: String,
    /// What people and cases are made from.
    pub seed: u64,
    /// The day that stories are told around; time stands still there. Without it the day is today and time goes on.
    pub now: Option<Timestamp>,
    /// Ids of the agencies that are down from the start.
    pub down: Vec<String>,
    /// Who may send people to the OpenID provider; nobody unless named.
    pub relying_parties: Vec<RelyingParty>,
    /// Where spans go.
    pub telemetry: ServiceTelemetry,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            issuer: String::new(),
            seed: people::DEFAULT_SEED,
            now: None,
            down: Vec::new(),
            relying_parties: Vec::new(),
            telemetry: ServiceTelemetry::off(),
        }
    }
}

/// A sandbox that runs. Dropping it stops everything at once; [`Running::stop`] lets requests finish.
pub struct Running {
    /// Where each agency is.
    pub agencies: Vec<RunningAgency>,
    /// Base URL of the test e-identification's listener, without `/test-identity/v0`.
    pub identity_url: String,
    /// The key set's URL.
    pub jwks_url: String,
    /// What tokens say as `iss`.
    pub issuer: String,
    /// Issuer of the OpenID provider; its discovery document is under it.
    pub openid_issuer: String,
    /// Base URL of the party register; asks are posted to `/parties/lookups` under it.
    pub party_register_url: String,
    /// Base URL of the fault switches; `PUT /sandbox/faults/{agency}` under it.
    pub control_url: String,
    push_to: watch::Sender<Option<PushTo>>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<anyhow::Result<()>>,
}

/// Where an agency is.
#[derive(Clone, Debug)]
pub struct RunningAgency {
    /// Who it is.
    pub agency: &'static Agency,
    /// Its base URL; the path of its form comes after it.
    pub base_url: String,
}

impl RunningAgency {
    /// In which form it answers.
    #[must_use]
    pub fn form(&self) -> Form {
        self.agency.form
    }
}

impl Running {
    /// Lets the agencies that push tell of what happens from now on.
    pub fn push_to(&self, to: PushTo) {
        self.push_to.send_replace(Some(to));
    }

    /// Stops taking requests, lets those in hand finish, and sends the spans that are left.
    pub async fn stop(mut self) {
        // Nobody listens only when everything has ended already.
        let _ = self.stop.send(true);
        while let Some(ended) = self.tasks.join_next().await {
            if let Ok(Err(error)) = ended {
                tracing::warn!(%error, "a part of the sandbox ended with an error");
            }
        }
    }
}

/// Starts every part on a free port of its own and returns when all can be called.
///
/// # Errors
/// An agency in `down` that does not exist, or an address that cannot be listened on.
pub async fn start(config: SandboxConfig) -> anyhow::Result<Running> {
    check(&config)?;
    let world = world(&config);
    let switchboard = Arc::new(Switchboard::new(&config.down));
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();

    let mut agencies = Vec::new();
    for agency in Agency::ALL {
        let socket = reserve(SocketAddr::new(config.address, 0))?;
        let address = socket.local_addr()?;
        agencies.push(RunningAgency {
            agency,
            base_url: format!("http://{address}"),
        });
        // Who is not down can be called as soon as this function returns.
        let down = switchboard.of(agency).borrow().failure == Failure::Down;
        let port = if down { Port::Taken(socket) } else { listen(socket)? };
        let habits = Habits {
            agency,
            fault: switchboard.of(agency),
            seed: config.seed,
        };
        let office = Office {
            agency,
            world: Arc::clone(&world),
        };
        tasks.spawn(keep(
            port,
            address,
            office,
            habits,
            stopped.clone(),
            config.telemetry.clone(),
        ));
    }

    let listener = TcpListener::bind(SocketAddr::new(config.address, 0)).await?;
    let identity_url = format!("http://{}", listener.local_addr()?);
    let issuer = if config.issuer.is_empty() {
        format!("{identity_url}/test-identity/v0")
    } else {
        config.issuer.clone()
    };
    // People are sent to the sandbox itself: nothing of a login passes the gateway.
    let openid_issuer = format!("{identity_url}{OPENID_PATH}");
    let provider = Provider::new(
        Arc::clone(&world),
        openid_issuer.clone(),
        config.relying_parties.clone(),
    )?;
    let api = identity::api(Arc::clone(&world), Arc::new(Issuer::new(issuer.clone())?));
    let service = Service::new("sandbox-test-identity", VERSION)
        .api(api)
        .routes(axum::Router::new().nest(OPENID_PATH, identity::router(provider)));
    tasks.spawn(serve(
        listener,
        service,
        until(stopped.clone()),
        config.telemetry.clone(),
    ));

    let listener = TcpListener::bind(SocketAddr::new(config.address, 0)).await?;
    let party_register_url = format!("http://{}", listener.local_addr()?);
    let service = Service::new("sandbox-party-register", VERSION).routes(register::router(Arc::clone(&world)));
    tasks.spawn(serve(
        listener,
        service,
        until(stopped.clone()),
        config.telemetry.clone(),
    ));

    let listener = TcpListener::bind(SocketAddr::new(config.address, 0)).await?;
    let control_url = format!("http://{}", listener.local_addr()?);
    let service =
        Service::new("sandbox-control", VERSION).routes(control::router(Arc::clone(&switchboard), Arc::clone(&world)));
    tasks.spawn(serve(
        listener,
        service,
        until(stopped.clone()),
        config.telemetry.clone(),
    ));

    let (push_to, asked_to) = watch::channel(None);
    let pushing = push::keep(world, switchboard, asked_to)?;
    tasks.spawn(async move {
        tokio::select! {
            () = pushing => {}
            () = until(stopped) => {}
        }
        Ok(())
    });

    let jwks_url = format!("{identity_url}/test-identity/v0/keys");
    Ok(Running {
        agencies,
        identity_url,
        jwks_url,
        issuer,
        openid_issuer,
        party_register_url,
        control_url,
        push_to,
        stop,
        tasks,
    })
}

/// All of the sandbox as one service: agencies under `/agencies/{id}`, the rest at its usual path. An agency that
/// is down answers 503, since the port is shared. `config.telemetry` and `config.address` are the caller's to use.
///
/// # Errors
/// An agency in `down` that does not exist, or a signing key that cannot be made.
pub fn one_service(config: &SandboxConfig) -> anyhow::Result<Service> {
    check(config)?;
    let world = world(config);
    let switchboard = Arc::new(Switchboard::new(&config.down));
    let issuer = Arc::new(Issuer::new(config.issuer.clone())?);
    let base = config.issuer.trim_end_matches("/test-identity/v0");
    let provider = Provider::new(
        Arc::clone(&world),
        format!("{base}{OPENID_PATH}"),
        config.relying_parties.clone(),
    )?;
    let mut service = Service::new("sandbox", VERSION)
        .api(identity::api(Arc::clone(&world), issuer))
        .routes(axum::Router::new().nest(OPENID_PATH, identity::router(provider)));
    for agency in Agency::ALL {
        let habits = Habits {
            agency,
            fault: switchboard.of(agency),
            seed: config.seed,
        };
        let office = Office {
            agency,
            world: Arc::clone(&world),
        };
        let path = format!("/agencies/{}", agency.id);
        service = service.routes(axum::Router::new().nest(&path, forms::router(office, habits)));
    }
    Ok(service
        .routes(register::router(Arc::clone(&world)))
        .routes(control::router(switchboard, world)))
}

fn check(config: &SandboxConfig) -> anyhow::Result<()> {
    match config.down.iter().find(|id| Agency::find(id).is_none()) {
        Some(unknown) => anyhow::bail!("there is no agency '{unknown}' in the sandbox"),
        None => Ok(()),
    }
}

fn world(config: &SandboxConfig) -> Arc<World> {
    // Whole seconds are as exact as any agency writes them.
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default();
    let first_day = config.now.unwrap_or(now);
    Arc::new(World::new(config.seed, first_day, config.now.is_some()))
}

/// Serves an agency for as long as it is not down, and comes back when it no longer is. While it is down the
/// port stays taken but nobody listens on it, so that connections are refused as they would be in life.
async fn keep(
    mut port: Port,
    address: SocketAddr,
    office: Office,
    habits: Habits,
    stopped: watch::Receiver<bool>,
    telemetry: ServiceTelemetry,
) -> anyhow::Result<()> {
    let mut fault = habits.fault.clone();
    loop {
        let listener = match port {
            Port::Listening(listener) => match fault.borrow_and_update().failure {
                Failure::Reset => Err(listener),
                _ => Ok(listener),
            },
            Port::Taken(socket) => {
                tokio::select! {
                        // Without anyone left to switch faults, the sandbox is ending.
                came_back = fault.wait_for(|fault| fault.failure != Failure::Down) => if came_back.is_err() { return Ok(()) },
                        () = until(stopped.clone()) => return Ok(()),
                    }
                port = listen(socket)?;
                continue;
            }
        };
        let listener = match listener {
            Ok(listener) => listener,
            Err(listener) => {
                tokio::select! {
                    // Who comes after the fault was switched off must not be met by it.
                    biased;
                    changed = fault.wait_for(|fault| fault.failure != Failure::Reset) => if changed.is_err() { return Ok(()) },
                    () = until(stopped.clone()) => return Ok(()),
                    () = reset_each(&listener) => {}
                }
                let down = fault.borrow().failure == Failure::Down;
                port = if down {
                    drop(listener);
                    Port::Taken(reserve(address)?)
                } else {
                    Port::Listening(listener)
                };
                continue;
            }
        };
        let name = format!("sandbox-{}", office.agency.id);
        let service = Service::new(name, VERSION).routes(forms::router(office.clone(), habits.clone()));
        serve(
            listener,
            service,
            unreachable_or(fault.clone(), stopped.clone()),
            telemetry.clone(),
        )
        .await?;
        if *stopped.borrow() {
            return Ok(());
        }
        let resets = fault.borrow().failure == Failure::Reset;
        let socket = reserve(address)?;
        port = if resets { listen(socket)? } else { Port::Taken(socket) };
    }
}

/// An agency's port.
enum Port {
    /// Nobody else can have it, and connections are refused.
    Taken(TcpSocket),
    /// Connections are taken.
    Listening(TcpListener),
}

fn listen(socket: TcpSocket) -> anyhow::Result<Port> {
    Ok(Port::Listening(socket.listen(1024).context("an agency cannot listen")?))
}

async fn unreachable_or(fault: watch::Receiver<Fault>, stopped: watch::Receiver<bool>) {
    tokio::select! {
        () = gone(fault) => {}
        () = until(stopped) => {}
    }
}

/// Takes connections and ends each with a reset (RST).
async fn reset_each(listener: &TcpListener) {
    loop {
        if let Ok((connection, _)) = listener.accept().await {
            // One that cannot be told so is closed all the same.
            let _ = connection.set_zero_linger();
        }
    }
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that the sandbox was dropped, which is a reason to stop as good as any.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// Takes the port without listening on it.
fn reserve(address: SocketAddr) -> anyhow::Result<TcpSocket> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // Connections of before may still be closing.
    socket.set_reuseaddr(true)?;
    socket.bind(address).with_context(|| format!("cannot take {address}"))?;
    Ok(socket)
}
