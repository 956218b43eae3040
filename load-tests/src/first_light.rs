//! The first scenario: what a request costs the gateway, beside bare proxies, in one run on this machine.
//!
//! The servers share one core; the generator and the backend, one thread together, have the other. The backend is called
//! alone first: a rate that comes near the reference's says more about the generator than about the gateway, so the
//! figure to quote is CPU time a request.

mod summary;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::contest::{self, Effort};
use crate::origin::Origin;
use crate::peers::Bench;
use crate::rungs::Rung;

use summary::Summary;

/// What to measure, and how long.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The gateway's program, as it ships.
    pub gateway: PathBuf,
    /// Turns of each server at each pace.
    pub rounds: usize,
    /// Length of one turn.
    pub turn: Duration,
    /// Connections that carry the load.
    pub connections: usize,
}

/// What came out: a table for people, JSON for programs, and whether everything was answered.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The table.
    pub text: String,
    /// The same figures and more.
    pub json: String,
    /// Share of all requests that failed, 0 to 1.
    pub failed_share: f64,
}

/// Carries the scenario out on the current thread's runtime; `tell` hears of each turn.
///
/// # Errors
/// When a server does not start, is not called with success, or cannot be accounted.
pub async fn run(settings: &Settings, tell: impl Fn(&str)) -> Result<Outcome> {
    if settings.rounds == 0 || settings.rounds > 20 {
        bail!("{} rounds are out of bounds: 1 to 20", settings.rounds);
    }
    let core = share_the_cores()?;
    let origin = Origin::bind("127.0.0.1:0".parse()?).await?;
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let gateway = std::path::absolute(&settings.gateway).context("cannot resolve the gateway's path")?;
    let bench = Bench {
        origin: origin.address(),
        folder: folder.path().to_path_buf(),
        core,
        gateway,
    };
    let serving = tokio::spawn(origin.serve());
    let effort = Effort {
        rounds: settings.rounds,
        turn: settings.turn,
        connections: settings.connections,
        shares: vec![0.3, 0.6],
    };
    let outcome = contest::run(&Rung::FIRST_LIGHT, &bench, &effort, tell).await;
    serving.abort();
    let (contenders, absent) = outcome?;
    let summary = Summary::new(&effort, core, &contenders, &absent);
    Ok(Outcome {
        text: summary.text(),
        json: summary.json()?,
        failed_share: summary.failed_share(),
    })
}

/// Keeps this process off the servers' core; returns that core, or `None` where there is only one.
fn share_the_cores() -> Result<Option<usize>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if cores < 2 {
        return Ok(None);
    }
    let mut own = CpuSet::new();
    own.set(1);
    sched_setaffinity(None, &own).context("cannot pin the generator to a core")?;
    Ok(Some(0))
}
