//! The servers that are compared, each started from its own configuration file under `load-tests/peers/`.
//!
//! A new one: its module here, its files there, and a line in each rung it takes part in.

pub(crate) mod haproxy;
pub(crate) mod nginx;
pub(crate) mod vagvisare;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use http::HeaderMap;

use crate::running::Running;
use crate::target::Target;

/// What every server of a comparison stands on.
pub(crate) struct Bench {
    /// The backend behind each of them.
    pub(crate) origin: SocketAddr,
    /// A folder for configuration files and logs.
    pub(crate) folder: PathBuf,
    /// The one core they run on; `None` on a machine with one core.
    pub(crate) core: Option<usize>,
    /// The gateway's program.
    pub(crate) gateway: PathBuf,
}

/// One competitor of a rung: how to call it, and the server behind it.
pub(crate) struct Subject {
    /// Its name in tables.
    pub(crate) name: &'static str,
    /// What it says about its version.
    pub(crate) version: String,
    /// What to call.
    pub(crate) target: Target,
    /// What to send along.
    pub(crate) headers: HeaderMap,
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

/// The backend called without a gateway: what the generator and the backend can do by themselves.
pub(crate) fn reference(bench: &Bench) -> Result<Entry> {
    let target = Target::new(bench.origin, "/bare/v1/item")?;
    Ok(Entry::Ready(Box::new(Subject {
        name: "no gateway",
        version: String::new(),
        target,
        headers: HeaderMap::new(),
        server: None,
    })))
}

/// Fills `{{name}}` in a configuration file and writes it into the bench's folder.
fn write_config(bench: &Bench, name: &str, template: &str, values: &[(&str, String)]) -> Result<PathBuf> {
    let filled = values.iter().fold(template.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{{{name}}}}}"), value)
    });
    let file = bench.folder.join(name);
    std::fs::write(&file, filled).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
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
        .next()
        .unwrap_or_default()
        .trim()
        .to_owned()
}
