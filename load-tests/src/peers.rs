//! The servers that are compared, each started from its own configuration file under `load-tests/peers/`.
//!
//! A new one: its module here, its files there, and a line in [`PEERS`]. In a configuration file, `{{name}}` is filled in,
//! and a line that begins with `@feature ` stands only where the rung asks for that feature.

mod caddy;
mod envoy;
mod haproxy;
mod hyper_util;
mod nginx;
mod pingora;
mod vagvisare;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result};
use http::HeaderMap;

use crate::certificate::Certificate;
use crate::credentials::Credentials;
use crate::generator::Protocol;
use crate::rungs::Rung;
use crate::running::{Running, free_address};
use crate::target::Target;

/// What every server of a comparison stands on.
pub(crate) struct Bench {
    /// The backend behind each of them.
    pub(crate) origin: SocketAddr,
    /// A folder for configuration files and logs of this rung.
    pub(crate) folder: PathBuf,
    /// The one core they run on; `None` on a machine with one core.
    pub(crate) core: Option<usize>,
    /// The gateway's program.
    pub(crate) gateway: PathBuf,
    /// What callers send.
    pub(crate) credentials: Credentials,
    /// What a server proves itself with, where the rung speaks TLS.
    pub(crate) certificate: Option<Certificate>,
    /// A Redis, where the rung counts in one.
    pub(crate) redis: Option<SocketAddr>,
    /// An OTLP receiver (gRPC), where the rung traces.
    pub(crate) receiver: Option<SocketAddr>,
}

impl Bench {
    /// A bench for `rung` in `folder`, with credentials and a certificate made for it; nobody stands beside it yet.
    pub(crate) fn new(
        rung: &Rung,
        origin: SocketAddr,
        folder: &Path,
        core: Option<usize>,
        gateway: &Path,
    ) -> Result<Self> {
        Ok(Self {
            origin,
            folder: folder.to_path_buf(),
            core,
            gateway: std::path::absolute(gateway).context("cannot resolve the gateway's path")?,
            credentials: Credentials::make(rung.credential, folder)?,
            certificate: rung.tls.then(|| Certificate::make(folder)).transpose()?,
            redis: None,
            receiver: None,
        })
    }
}

/// One competitor of a rung: how to call it, and the server behind it.
pub(crate) struct Subject {
    /// Its name in tables.
    pub(crate) name: &'static str,
    /// What it says about its version.
    pub(crate) version: String,
    /// What to call.
    pub(crate) target: Target,
    /// What is spoken with it.
    pub(crate) protocol: Protocol,
    /// What to send along, a map a caller, in turn.
    pub(crate) callers: Arc<[HeaderMap]>,
    /// Where it writes a line for each request, if the rung asks for it.
    pub(crate) log: Option<PathBuf>,
    /// Where its metrics are read, if the rung asks for it.
    pub(crate) metrics: Option<Target>,
    /// Its process; `None` for the backend itself, which the reference run calls.
    pub(crate) server: Option<Running>,
}

/// A competitor, or why it does not take part.
pub(crate) enum Entry {
    /// Takes part.
    Ready(Box<Subject>),
    /// Does not; the reason is shown in the table.
    Cannot {
        /// Its name in tables.
        name: &'static str,
        /// Why.
        reason: String,
    },
}

/// A server that may take part: its name, and what it needs to be started for a rung.
pub(crate) struct Peer {
    name: &'static str,
    prepare: fn(&Bench, &Rung, SocketAddr) -> Result<Prepared, Cannot>,
}

/// The work cannot be done by this server; why.
enum Cannot {
    /// It has no such function, or it is not on this machine.
    Work(String),
    /// Its files could not be written.
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for Cannot {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

/// A program with its files, ready to start.
struct Prepared {
    program: PathBuf,
    arguments: Vec<std::ffi::OsString>,
    version: String,
    log: Option<PathBuf>,
    metrics: Option<SocketAddr>,
}

/// In the order of the tables; the gateway itself is last.
pub(crate) const PEERS: [Peer; 7] = [
    haproxy::PEER,
    nginx::PEER,
    envoy::PEER,
    caddy::PEER,
    pingora::PEER,
    hyper_util::PEER,
    vagvisare::PEER,
];

impl Peer {
    /// Starts it for `rung`.
    pub(crate) async fn start(&self, bench: &Bench, rung: &Rung) -> Result<Entry> {
        self.start_within(bench, rung, free_address()?, |prepared| prepared)
            .await
    }

    /// As [`Peer::start`], on `address`; `change` may put something around the program.
    async fn start_within(
        &self,
        bench: &Bench,
        rung: &Rung,
        address: SocketAddr,
        change: impl FnOnce(Prepared) -> Prepared,
    ) -> Result<Entry> {
        let prepared = match (self.prepare)(bench, rung, address) {
            Ok(prepared) => change(prepared),
            Err(Cannot::Work(reason)) => {
                return Ok(Entry::Cannot {
                    name: self.name,
                    reason,
                });
            }
            Err(Cannot::Failed(error)) => return Err(error.context(self.name)),
        };
        let arguments: Vec<&std::ffi::OsStr> = prepared.arguments.iter().map(AsRef::as_ref).collect();
        let server = Running::start(&prepared.program, &arguments, bench.core, &bench.folder, address).await?;
        let metrics = prepared
            .metrics
            .map(|address| Target::new(address, "/metrics"))
            .transpose()?;
        Ok(Entry::Ready(Box::new(Subject {
            name: self.name,
            version: prepared.version,
            target: Target::new(address, &rung.path())?,
            protocol: bench
                .certificate
                .as_ref()
                .map_or(Protocol::Http1, Certificate::protocol),
            callers: Arc::clone(&bench.credentials.callers),
            log: prepared.log,
            metrics,
            server: Some(server),
        })))
    }
}

/// The gateway alone.
pub(crate) async fn gateway(bench: &Bench, rung: &Rung) -> Result<Subject> {
    match vagvisare::PEER.start(bench, rung).await? {
        Entry::Ready(subject) => Ok(*subject),
        Entry::Cannot { reason, .. } => anyhow::bail!("{reason}"),
    }
}

/// The gateway under valgrind, whose callgrind writes a file for each thread when the gateway ends: `file` with `-01` and so
/// on behind it.
pub(crate) async fn gateway_under_callgrind(
    bench: &Bench,
    rung: &Rung,
    address: SocketAddr,
    file: &Path,
) -> Result<Entry> {
    let within = |mut prepared: Prepared| {
        let mut arguments = vec!["--tool=callgrind".into(), "--quiet".into()];
        arguments.push("--separate-threads=yes".into());
        arguments.push(format!("--callgrind-out-file={}", file.display()).into());
        arguments.push(prepared.program.into());
        arguments.append(&mut prepared.arguments);
        Prepared {
            program: "valgrind".into(),
            arguments,
            ..prepared
        }
    };
    vagvisare::PEER.start_within(bench, rung, address, within).await
}

/// The backend called without a gateway: what the generator and the backend can do by themselves.
pub(crate) fn reference(bench: &Bench, rung: &Rung) -> Result<Entry> {
    Ok(Entry::Ready(Box::new(Subject {
        name: "no gateway",
        version: String::new(),
        target: Target::new(bench.origin, &rung.path())?,
        protocol: Protocol::Http1,
        callers: Arc::clone(&bench.credentials.callers),
        log: None,
        metrics: None,
        server: None,
    })))
}

/// Says no to work that a server has no function for.
fn refuse(wanted: bool, reason: &str) -> Result<(), Cannot> {
    if wanted {
        Err(Cannot::Work(reason.to_owned()))
    } else {
        Ok(())
    }
}

/// Keeps the lines that `rung` asks for, fills in `{{name}}`, and writes the file into the bench's folder.
fn write_config(bench: &Bench, name: &str, template: &str, rung: &Rung, values: &[(&str, String)]) -> Result<PathBuf> {
    let features = rung.features();
    let lines = template
        .lines()
        .filter_map(|line| match line.trim_start().strip_prefix('@') {
            None => Some(line),
            Some(conditional) => {
                let (feature, rest) = conditional.split_once(' ')?;
                features.contains(&feature).then_some(rest)
            }
        });
    let text: Vec<&str> = lines.collect();
    let filled = values.iter().fold(text.join("\n") + "\n", |text, (name, value)| {
        text.replace(&format!("{{{{{name}}}}}"), value)
    });
    let file = bench.folder.join(name);
    std::fs::write(&file, filled).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

/// What every configuration may name.
fn common_values(bench: &Bench, rung: &Rung, address: SocketAddr) -> Vec<(&'static str, String)> {
    let of_certificate = |file: fn(&Certificate) -> &PathBuf| {
        let certificate = bench.certificate.as_ref();
        certificate.map_or(String::new(), |certificate| file(certificate).display().to_string())
    };
    vec![
        ("certificate", of_certificate(|made| &made.certificate)),
        ("certificate-key", of_certificate(|made| &made.key)),
        ("certificate-both", of_certificate(|made| &made.both)),
        ("listen", address.to_string()),
        ("host", address.ip().to_string()),
        ("port", address.port().to_string()),
        ("origin", bench.origin.to_string()),
        ("origin-host", bench.origin.ip().to_string()),
        ("origin-port", bench.origin.port().to_string()),
        ("folder", bench.folder.display().to_string()),
        ("path", rung.path()),
        ("limit", rung.limit.per_second().to_string()),
        ("issuer", crate::credentials::ISSUER.to_owned()),
        ("audience", crate::credentials::AUDIENCE.to_owned()),
        ("key-set", bench.credentials.key_set.display().to_string()),
        ("pem", bench.credentials.pem.display().to_string()),
    ]
}

/// The first line that `program` says about its version.
fn version(program: &Path, argument: &str) -> String {
    let Ok(output) = Command::new(program).arg(argument).output() else {
        return String::new();
    };
    // nginx speaks on standard error.
    let said = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&said)
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default()
        .trim()
        .to_owned()
}
