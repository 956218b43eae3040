//! What an access token costs the gateway: `client_credentials` with `private_key_jwt`, the client's assertion verified and
//! used up in the database, the token signed. One gateway an algorithm; they take turns on one core.
//!
//! Callers come from many loopback addresses, because the token endpoint holds each address to twenty requests a second.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use identity::client_key::{Algorithm, ClientKey, generate};
use serde::Serialize;
use serde_json::json;
use tokio::net::TcpSocket;
use tokio::task::LocalSet;

use crate::credentials::AUDIENCE;
use crate::interleave::{median, order};
use crate::ladder::share_the_cores;
use crate::process;
use crate::running::{Running, free_address};

/// The application that asks.
const CLIENT: &str = "load";
/// Requests from one address, below the burst that the token endpoint lets it have.
const MOST_FROM_ONE: usize = 150;
/// Largest answer.
const MOST_ANSWER: usize = 64 * 1024;
/// Before the first turn: keys are read, statements prepared.
const WARM_UP: Duration = Duration::from_millis(300);
/// A node counts it as an encryption key; it protects nothing here.
const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// What to measure, and how long.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The gateway's program.
    pub gateway: PathBuf,
    /// Turns of each algorithm.
    pub rounds: usize,
    /// Length of one turn.
    pub turn: Duration,
    /// How many clients ask at the same time.
    pub connections: usize,
    /// Where assertions are used up, `sqlite:PATH` or `postgres://..`; `None`: an SQLite of the run's own.
    pub database: Option<String>,
}

/// What came out.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// For people.
    pub text: String,
    /// For programs.
    pub json: String,
}

/// One algorithm, over its turns; figures are medians.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    /// Of the client's key and of the gateway's.
    algorithm: &'static str,
    tokens: usize,
    /// Processor time a token, of all of the gateway's threads.
    cpu_micros: f64,
    /// What one core would issue, were it all that bounds it.
    per_second_per_core: f64,
    /// What was issued, with the waits for the database.
    per_second: f64,
    /// How long a client waited, in milliseconds.
    median_wait_ms: f64,
}

/// One turn.
struct Turn {
    waits: Vec<Duration>,
    took: Duration,
    cpu: Duration,
}

/// A gateway that signs by one algorithm, and its client's key.
struct Subject {
    algorithm: Algorithm,
    running: Running,
    address: SocketAddr,
    key: Rc<ClientKey>,
    turns: Vec<Turn>,
    /// Connections so far: each comes from another address.
    connections: usize,
}

/// Measures every algorithm.
///
/// # Errors
/// A gateway that does not start, and a request that gets no token.
pub async fn run(settings: &Settings, tell: impl Fn(&str)) -> Result<Outcome> {
    ensure!(
        settings.gateway.is_file(),
        "{} is not built (`cargo build --profile dist`)",
        settings.gateway.display()
    );
    // It is started in a folder of its own.
    let gateway = std::path::absolute(&settings.gateway).context("where is the gateway?")?;
    let folder = tempfile::tempdir().context("no folder for the gateways")?;
    let core = share_the_cores()?;
    let mut subjects = Vec::new();
    for algorithm in Algorithm::ALL {
        subjects.push(Subject::start(algorithm, settings, &gateway, folder.path(), core).await?);
    }
    for subject in &mut subjects {
        subject.turn(WARM_UP, settings.connections).await?;
    }
    for round in 0..settings.rounds.max(1) {
        for index in order(round, subjects.len()) {
            let Some(subject) = subjects.get_mut(index) else {
                continue;
            };
            let turn = subject.turn(settings.turn, settings.connections).await?;
            tell(&format!(
                "{:<6} {} tokens, {:.0} us of processor time each",
                subject.algorithm.name(),
                turn.waits.len(),
                turn.cpu_micros()
            ));
            subject.turns.push(turn);
        }
    }
    let rows: Vec<Row> = subjects.iter().map(Subject::row).collect();
    for subject in subjects {
        subject.running.stop().await?;
    }
    Ok(Outcome {
        text: text(&rows),
        json: serde_json::to_string_pretty(&json!({ "tokens": rows }))?,
    })
}

fn text(rows: &[Row]) -> String {
    let mut text = String::from(
        "client_credentials with private_key_jwt; one gateway on one core, the figures of its turns' medians\n",
    );
    for row in rows {
        // Writing to a text does not fail.
        let _ = writeln!(
            text,
            "{:<6} {:>8.1} us of processor time a token, {:>7.0} tokens/s a core; issued {:>7.0}/s, half of the clients waited {:.1} ms or less",
            row.algorithm, row.cpu_micros, row.per_second_per_core, row.per_second, row.median_wait_ms
        );
    }
    text
}

impl Turn {
    fn cpu_micros(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.waits.len().max(1) as f64
    }
}

impl Subject {
    async fn start(
        algorithm: Algorithm,
        settings: &Settings,
        gateway: &Path,
        folder: &Path,
        core: Option<usize>,
    ) -> Result<Self> {
        let folder = folder.join(algorithm.name());
        std::fs::create_dir(&folder)?;
        let pair = generate(algorithm).context("no key pair can be made")?;
        let key = ClientKey::from_pem(pair.private_pem.expose()).context("the key pair cannot be read")?;
        let (address, operations) = (free_address()?, free_address()?);
        let secret = folder.join("secret");
        std::fs::write(&secret, SECRET)?;
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600))?;
        let own = format!("sqlite:{}", folder.join("identity.sqlite").display());
        let database = settings.database.as_ref().unwrap_or(&own);
        let jwks = json!({ "keys": [key.public_jwk()] });
        std::fs::write(folder.join("registry.toml"), registry(&jwks.to_string()))?;
        let config = format!(
            "[listen]\naddress = \"{address}\"\n[operations]\nlisten = \"{operations}\"\n\
             [gateway]\nworker_threads = 1\npublic_base_url = \"http://{address}\"\n[registry]\ndocument = \"registry.toml\"\n\
             [identity.service]\ndatabase = \"{database}\"\nkey_encryption_file = \"secret\"\nalgorithm = \"{}\"\n\
             tokens_per_minute = 60000000\n[telemetry]\naccess_log = \"off\"\nshare = 0.0\nslow = \"60s\"\ntrace_store = 0\n\
             [network]\nallow_private_backends = true\n",
            algorithm.name()
        );
        let file = folder.join("config.toml");
        std::fs::write(&file, config)?;
        let arguments = ["serve".as_ref(), "--config".as_ref(), file.as_os_str()];
        let running = Running::start(gateway, &arguments, core, &folder, address).await?;
        Ok(Self {
            algorithm,
            running,
            address,
            key: Rc::new(key),
            turns: Vec::new(),
            connections: 0,
        })
    }

    async fn turn(&mut self, length: Duration, clients: usize) -> Result<Turn> {
        let before = process::usage(self.running.id())?.cpu;
        let began = Instant::now();
        let end = began + length;
        let tasks = LocalSet::new();
        let most = usize::from(u16::MAX);
        let clients: Vec<_> = (0..clients.max(1))
            .map(|number| {
                let client = Client {
                    address: self.address,
                    key: Rc::clone(&self.key),
                    // Far apart, so that no two of a turn come from one address.
                    next_from: self.connections + number * most,
                    sender: None,
                    sent: 0,
                };
                tasks.spawn_local(client.ask_until(end))
            })
            .collect();
        let mut waits = Vec::new();
        let mut used = 0;
        let gather = async {
            for client in clients {
                let (own, connections) = client.await.context("a client of this run has panicked")??;
                waits.extend(own);
                used = used.max(connections);
            }
            anyhow::Ok(())
        };
        tasks.run_until(gather).await?;
        self.connections += used;
        let took = began.elapsed();
        let cpu = process::usage(self.running.id())?.cpu.saturating_sub(before);
        ensure!(!waits.is_empty(), "no token was issued in a turn");
        Ok(Turn { waits, took, cpu })
    }

    fn row(&self) -> Row {
        let cpu_micros = median(self.turns.iter().map(Turn::cpu_micros));
        let rate = |turn: &Turn| turn.waits.len() as f64 / turn.took.as_secs_f64();
        let waits = self.turns.iter().flat_map(|turn| &turn.waits);
        Row {
            algorithm: self.algorithm.name(),
            tokens: self.turns.iter().map(|turn| turn.waits.len()).sum(),
            cpu_micros,
            per_second_per_core: if cpu_micros > 0.0 { 1e6 / cpu_micros } else { 0.0 },
            per_second: median(self.turns.iter().map(rate)),
            median_wait_ms: median(waits.map(|wait| wait.as_secs_f64() * 1e3)),
        }
    }
}

/// One that asks for a token at a time.
struct Client {
    address: SocketAddr,
    key: Rc<ClientKey>,
    next_from: usize,
    sender: Option<SendRequest<Full<Bytes>>>,
    /// On this connection.
    sent: usize,
}

impl Client {
    /// How long it waited each time, and from how many addresses it came.
    async fn ask_until(mut self, end: Instant) -> Result<(Vec<Duration>, usize)> {
        let first = self.next_from;
        let mut waits = Vec::new();
        while Instant::now() < end {
            let body = self.request()?;
            let mut sender = match self.sender.take().filter(|_| self.sent < MOST_FROM_ONE) {
                Some(sender) => sender,
                None => self.connect().await?,
            };
            let asked = Instant::now();
            sender.ready().await.context("the gateway closed a connection")?;
            let answer = sender.send_request(body).await.context("the gateway broke an answer")?;
            let status = answer.status();
            #[expect(clippy::disallowed_methods, reason = "it is limited")]
            let body = Limited::new(answer.into_body(), MOST_ANSWER).collect().await;
            let body = body.map_err(|error| anyhow::anyhow!("an answer cannot be read: {error}"))?;
            if status != StatusCode::OK {
                bail!("no token: {status} {}", String::from_utf8_lossy(&body.to_bytes()));
            }
            waits.push(asked.elapsed());
            self.sent += 1;
            self.sender = Some(sender);
        }
        Ok((waits, self.next_from - first))
    }

    /// A new connection from an address of this network that has not asked yet.
    async fn connect(&mut self) -> Result<SendRequest<Full<Bytes>>> {
        let number = u32::try_from(self.next_from % 0x00ff_0000).unwrap_or_default();
        let from = Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 0, 1, 0)) + number);
        self.next_from += 1;
        self.sent = 0;
        let socket = TcpSocket::new_v4()?;
        socket
            .bind((from, 0).into())
            .with_context(|| format!("{from} is not this machine's"))?;
        let stream = socket
            .connect(self.address)
            .await
            .context("the gateway takes no connection")?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Its end is seen where the answer is missed.
        tokio::task::spawn_local(async move { connection.await.ok() });
        Ok(sender)
    }

    fn request(&self) -> Result<Request<Full<Bytes>>> {
        let issuer = format!("http://{}", self.address);
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let assertion = self.key.assertion(CLIENT, &issuer, i64::try_from(now)?);
        let assertion = assertion.context("no assertion can be signed")?;
        let resource = AUDIENCE.replace(':', "%3A").replace('/', "%2F");
        let body = format!(
            "grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer\
             &client_assertion={assertion}&resource={resource}"
        );
        Request::builder()
            .method(Method::POST)
            .uri("/oauth2/token")
            .header(header::HOST, self.address.to_string())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(body.into()))
            .context("a request that cannot be")
    }
}

/// One API, and an application that has a key and an agreement.
fn registry(jwks: &str) -> String {
    format!(
        "version = 1\n\
         [[organisations]]\nid = \"agency\"\nname = \"Load tests\"\nkind = \"stateAgency\"\n\
         [[organisations]]\nid = \"caller\"\nname = \"Caller\"\nkind = \"privateActor\"\n\
         [[backends]]\nid = \"none\"\norganisation = \"agency\"\naddresses = [\"http://127.0.0.1:9\"]\nallow_private_network = true\n\
         [[apis]]\nname = \"load\"\ntitle = \"Load\"\nversion = \"1.0.0\"\nreleased = 2026-11-26\norganisation = \"agency\"\n\
         state = \"active\"\nauthentication = \"token\"\naudience = \"{AUDIENCE}\"\npersonal_data = false\nbackend = \"none\"\n\
         [[apis.routes]]\nmethod = \"GET\"\npath = \"/items\"\nscopes = [\"load.read\"]\n\
         [[applications]]\nid = \"{CLIENT}\"\nname = \"Load\"\norganisation = \"caller\"\njwks = '{jwks}'\n\
         [[agreements]]\nid = \"agreement\"\nkind = \"avtal\"\npurpose = \"Load tests\"\nproducers = [\"agency\"]\n\
         consumers = [\"caller\"]\napis = [\"load-v1\"]\nscopes = [\"load.read\"]\nvalid_from = 2026-01-01\n"
    )
}
