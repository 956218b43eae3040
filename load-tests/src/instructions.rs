//! Instructions and heap allocations a request, counted by callgrind: figures that do not depend on how busy the machine is.
//!
//! The gateway runs as it ships, under valgrind, in front of the same backend and caller as on the ladder. It is run twice
//! with different numbers of requests; the difference divided by the difference is one request, without start and stop.
//! Counted is the worker's thread, which has all that a caller waits for. The kernel's part is not counted, nor are the
//! threads that write the log and send traces: they wake by the clock, so that their share depends on the machine.

mod budget;
mod counts;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Serialize;

use crate::document;
use crate::generator::{self, Pace, Plan};
use crate::origin::{BODY_LENGTH, Origin};
use crate::peers::{Bench, Entry, Subject, gateway_under_callgrind};
use crate::rungs::Rung;
use crate::running::{find, free_address};

pub use budget::{Budget, Verdict};
use counts::Counts;

/// The rungs that are counted: each adds one layer's work to the one it stands on.
pub const COUNTED: [&str; 9] = [
    "bare", "log", "key", "es256", "rs256", "limit", "validate", "routes", "tls",
];
/// Requests of the shorter and of the longer run: the shorter one has made the connections and filled the caches.
const REQUESTS: [u32; 2] = [500, 3_500];
/// Every run has ended long before, even on a busy machine.
const LONGEST: Duration = Duration::from_secs(300);

/// What one request of a rung costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// Name of the rung.
    pub rung: &'static str,
    /// Instructions of the worker's thread.
    pub instructions: u64,
    /// Calls of `malloc`, `calloc`, `realloc` and their kind, in thousandths.
    pub milli_allocations: u64,
}

impl Cost {
    /// The lesser of two counts of one rung.
    pub fn least(self, other: Self) -> Self {
        Self {
            instructions: self.instructions.min(other.instructions),
            milli_allocations: self.milli_allocations.min(other.milli_allocations),
            ..self
        }
    }
}

/// Counts `rungs` (all of [`COUNTED`] when empty) on the current thread's runtime; `tell` hears of each. What callgrind
/// writes of the longer runs goes to `listings` as `RUNG.callgrind`, for `callgrind_annotate`, when that is given.
///
/// # Errors
/// Without valgrind or the gateway's program; a request that is not answered as it should.
pub async fn count(
    gateway: &Path,
    rungs: &[String],
    listings: Option<&Path>,
    tell: impl Fn(&str),
) -> Result<Vec<Cost>> {
    if find("valgrind").is_none() {
        bail!("valgrind is not installed (Debian package valgrind)");
    }
    let gateway = std::path::absolute(gateway).context("cannot resolve the gateway's path")?;
    let origin = Origin::bind("127.0.0.1:0".parse()?).await?;
    let address = origin.address();
    let serving = tokio::spawn(origin.serve());
    let all: Vec<String> = COUNTED.iter().map(|name| (*name).to_owned()).collect();
    let names = if rungs.is_empty() { all } else { rungs.to_vec() };
    let mut costs = Vec::new();
    for rung in Rung::named(&names).map_err(anyhow::Error::msg)? {
        let cost = count_one(&rung, &gateway, address, listings)
            .await
            .with_context(|| format!("rung {}", rung.name))?;
        tell(&format!(
            "{:<8}{:>8} instructions, {:.1} allocations a request",
            cost.rung,
            cost.instructions,
            cost.milli_allocations as f64 / 1_000.0
        ));
        costs.push(cost);
    }
    serving.abort();
    Ok(costs)
}

/// Counts one rung; see [`count`].
pub(crate) async fn count_one(
    rung: &Rung,
    gateway: &Path,
    origin: SocketAddr,
    listings: Option<&Path>,
) -> Result<Cost> {
    let [few, many] = [
        counted(rung, gateway, origin, REQUESTS[0], None).await?,
        counted(rung, gateway, origin, REQUESTS[1], listings).await?,
    ];
    let requests = u64::from(REQUESTS[1] - REQUESTS[0]);
    let Some((instructions, allocations)) = many
        .instructions
        .checked_sub(few.instructions)
        .zip(many.allocations.checked_sub(few.allocations))
    else {
        bail!("the longer run took less than the shorter one");
    };
    Ok(Cost {
        rung: rung.name,
        instructions: instructions / requests,
        milli_allocations: allocations * 1_000 / requests,
    })
}

/// One run of the gateway with so many requests, from its start to its end.
async fn counted(
    rung: &Rung,
    gateway: &Path,
    origin: SocketAddr,
    requests: u32,
    listings: Option<&Path>,
) -> Result<Counts> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let bench = Bench::new(rung, origin, folder.path(), None, gateway)?;
    let file = folder.path().join(counts::NAME);
    let subject = match gateway_under_callgrind(&bench, rung, free_address()?, &file).await? {
        Entry::Ready(subject) => *subject,
        Entry::Cannot { reason, .. } => bail!("{reason}"),
    };
    ask(&subject, rung, requests).await?;
    let server = subject.server.context("the gateway has no process")?;
    server.stop().await?;
    let (file, counts) = counts::of_the_worker(folder.path())?;
    if let Some(listings) = listings {
        let kept = listings.join(format!("{}.callgrind", rung.name));
        std::fs::copy(&file, &kept).with_context(|| format!("cannot write {}", kept.display()))?;
    }
    Ok(counts)
}

/// One request after the other on one connection: nothing is left to chance.
async fn ask(subject: &Subject, rung: &Rung, requests: u32) -> Result<()> {
    let plan = Plan {
        callers: [subject.callers.first().cloned().unwrap_or_default()].into(),
        pace: Pace::Counted { requests },
        duration: LONGEST,
        least_body: BODY_LENGTH as u64,
        payload: rung.validate.then(document::fitting),
        protocol: subject.protocol.clone(),
        ..Plan::of(subject.target.clone())
    };
    let run = generator::run(plan).await?;
    if run.measured.succeeded() != u64::from(requests) {
        bail!(
            "{} of {requests} requests were answered as they should: statuses {:?}, {:?}",
            run.measured.succeeded(),
            run.measured.statuses,
            run.measured.failures
        );
    }
    Ok(())
}
