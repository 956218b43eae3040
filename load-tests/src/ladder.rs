//! The ladder: what a request costs the gateway, beside other proxies at the same work, in one run on this machine.
//!
//! The servers share one core; the generator, the backend, Redis and the receiver of traces have the other. The backend is
//! called alone first: a rate that comes near the reference's says more about the generator than about the gateway, so the
//! figure to quote is CPU time a request.

mod plot;
mod summary;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::contest::{self, Absent, Contender, Effort};
use crate::origin::Origin;
use crate::peers::Bench;
use crate::rungs::{Limit, Rung};
use crate::surroundings::Neighbours;

use summary::Summary;

/// What to measure, and how long.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The gateway's program, as it ships.
    pub gateway: PathBuf,
    /// Names of the rungs to climb; all of them when empty.
    pub rungs: Vec<String>,
    /// Shares of its own maximum at which each server's latency is measured.
    pub shares: Vec<f64>,
    /// Turns of each server at each pace.
    pub rounds: usize,
    /// Length of one turn.
    pub turn: Duration,
    /// Connections that carry the load.
    pub connections: usize,
    /// The gateway without its peers.
    pub alone: bool,
}

/// What came out: a table for people, JSON for programs, and whether everything was answered.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The table.
    pub text: String,
    /// The same figures and more.
    pub json: String,
    /// The cost of each rung, drawn.
    pub svg: String,
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
    let rungs = Rung::named(&settings.rungs).map_err(anyhow::Error::msg)?;
    let core = share_the_cores()?;
    let origin = Origin::bind("127.0.0.1:0".parse()?).await?;
    let address = origin.address();
    let serving = tokio::spawn(origin.serve());
    let effort = Effort {
        rounds: settings.rounds,
        turn: settings.turn,
        connections: settings.connections,
        shares: settings.shares.clone(),
        alone: settings.alone,
    };
    let (mut contenders, mut absent) = (Vec::new(), Vec::new());
    for rung in rungs {
        tell(&format!("--- {}: {}", rung.name, rung.asks));
        let (ready, missing) = climb(rung, address, core, settings, &effort, &tell)
            .await
            .with_context(|| format!("rung {}", rung.name))?;
        contenders.extend(ready);
        absent.extend(missing);
    }
    serving.abort();
    let summary = Summary::new(&effort, core, &contenders, &absent);
    Ok(Outcome {
        text: summary.text(),
        json: summary.json()?,
        svg: plot::draw(&summary),
        failed_share: summary.failed_share(),
    })
}

/// One rung, with its own folder, credentials and neighbours.
async fn climb(
    rung: Rung,
    origin: SocketAddr,
    core: Option<usize>,
    settings: &Settings,
    effort: &Effort,
    tell: impl Fn(&str),
) -> Result<(Vec<Contender>, Vec<Absent>)> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let mut neighbours = Neighbours::default();
    let asked = async {
        if rung.limit == Limit::Shared {
            neighbours.start_redis(folder.path()).await?;
        }
        if rung.traces {
            neighbours.start_receiver(folder.path()).await?;
        }
        Ok::<_, anyhow::Error>(())
    };
    if let Err(error) = asked.await {
        let reason = format!("{error:#}");
        return Ok((
            Vec::new(),
            vec![Absent {
                rung,
                name: "everyone",
                reason,
            }],
        ));
    }
    let bench = Bench {
        redis: neighbours.redis(),
        receiver: neighbours.receiver(),
        ..Bench::new(&rung, origin, folder.path(), core, &settings.gateway)?
    };
    let outcome = contest::run(rung, &bench, effort, tell).await;
    neighbours.stop().await?;
    outcome
}

/// Keeps this process off the servers' core; returns that core, or `None` where there is only one.
pub(crate) fn share_the_cores() -> Result<Option<usize>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if cores < 2 {
        return Ok(None);
    }
    let mut own = CpuSet::new();
    own.set(1);
    sched_setaffinity(None, &own).context("cannot pin the generator to a core")?;
    Ok(Some(0))
}
