//! One rung: every competitor, in turns, at its maximum and at shares of it; and the proof that each did the work.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use http::StatusCode;

use crate::document;
use crate::generator::{self, Idle, Pace, Plan, Run};
use crate::interleave::{median, order};
use crate::measured::Failure;
use crate::origin::BODY_LENGTH;
use crate::peers::{Bench, Entry, PEERS, Subject, reference};
use crate::process::{self, Memory};
use crate::report::{Cost, Report};
use crate::rungs::{Credential, Limit, Rung};
use crate::surroundings;

/// How much is measured.
#[derive(Debug, Clone)]
pub(crate) struct Effort {
    /// Turns of each competitor at each pace.
    pub(crate) rounds: usize,
    /// Length of one turn.
    pub(crate) turn: Duration,
    /// Connections that carry the load.
    pub(crate) connections: usize,
    /// Shares of its own maximum at which each competitor's latency is measured.
    pub(crate) shares: Vec<f64>,
    /// The gateway without its peers.
    pub(crate) alone: bool,
}

/// A competitor and what was measured of it.
pub(crate) struct Contender {
    /// The work asked for.
    pub(crate) rung: Rung,
    /// Who.
    pub(crate) subject: Subject,
    /// Memory before the first request.
    pub(crate) idle: Option<Memory>,
    /// What an idle connection takes, in KiB, where the rung holds some open.
    pub(crate) idle_connection: Option<f64>,
    /// One report a round, as fast as the answers came.
    pub(crate) fastest: Vec<Report>,
    /// For each share of the maximum: the reports, one a round.
    pub(crate) paced: Vec<(f64, Vec<Report>)>,
}

/// A competitor that did not take part, and why.
pub(crate) struct Absent {
    /// The work asked for.
    pub(crate) rung: Rung,
    /// Who.
    pub(crate) name: &'static str,
    /// Why.
    pub(crate) reason: String,
}

impl Contender {
    /// Its highest rate, in requests a second: the median of its rounds.
    pub(crate) fn maximum(&self) -> f64 {
        median(self.fastest.iter().map(|report| report.per_second))
    }
}

/// Starts everyone, warms up, measures in turns, stops everyone, and looks at what they left.
pub(crate) async fn run(
    rung: Rung,
    bench: &Bench,
    effort: &Effort,
    tell: impl Fn(&str),
) -> Result<(Vec<Contender>, Vec<Absent>)> {
    let (mut contenders, absent) = start(rung, bench, effort.alone).await?;
    for contender in &mut contenders {
        warm_up(contender, effort).await?;
    }
    let readers: Vec<_> = contenders
        .iter()
        .filter_map(|contender| surroundings::read_metrics(&contender.subject))
        .collect();
    for round in 0..effort.rounds {
        for index in order(round, contenders.len()) {
            let Some(contender) = contenders.get_mut(index) else {
                continue;
            };
            let report = turn(contender, Pace::Closed, effort.turn, effort.connections).await?;
            tell(&progress(contender, "at its maximum", &report));
            contender.fastest.push(report);
        }
    }
    for share in &effort.shares {
        contenders
            .iter_mut()
            .for_each(|contender| contender.paced.push((*share, Vec::new())));
        for round in 0..effort.rounds {
            for index in order(round, contenders.len()) {
                let Some(contender) = contenders.get_mut(index) else {
                    continue;
                };
                let pace = Pace::Open {
                    per_second: (contender.maximum() * share).max(1.0) as u32,
                };
                let report = turn(contender, pace, effort.turn, effort.connections).await?;
                tell(&progress(contender, &format!("at {:.0} %", share * 100.0), &report));
                if let Some((_, reports)) = contender.paced.last_mut() {
                    reports.push(report);
                }
            }
        }
    }
    drop(readers);
    for contender in &mut contenders {
        if let Some(server) = contender.subject.server.take() {
            server.stop().await?;
        }
        wrote_its_log(contender)?;
    }
    Ok((contenders, absent))
}

async fn start(rung: Rung, bench: &Bench, alone: bool) -> Result<(Vec<Contender>, Vec<Absent>)> {
    let mut entries = Vec::new();
    // The backend alone refuses nobody: where calls are to be refused there is no reference.
    if rung.limit != Limit::Reached {
        entries.push(reference(bench, &rung)?);
    }
    let others = if alone { 0 } else { PEERS.len() - 1 };
    for peer in PEERS.iter().take(others).chain(PEERS.last()) {
        entries.push(peer.start(bench, &rung).await?);
    }
    let mut contenders = Vec::new();
    let mut absent = Vec::new();
    for entry in entries {
        match entry {
            Entry::Ready(subject) => contenders.push(Contender {
                rung,
                subject: *subject,
                idle: None,
                idle_connection: None,
                fastest: Vec::new(),
                paced: Vec::new(),
            }),
            Entry::Cannot { name, reason } => absent.push(Absent { rung, name, reason }),
        }
    }
    Ok((contenders, absent))
}

/// Takes the idle memory, proves that the work is done, and lets caches and pools fill.
async fn warm_up(contender: &mut Contender, effort: &Effort) -> Result<()> {
    let subject = &contender.subject;
    contender.idle = subject
        .server
        .as_ref()
        .map(|server| process::usage(server.id()))
        .transpose()?
        .map(|usage| usage.memory);
    if contender.rung.credential != Credential::None && subject.server.is_some() {
        refuses(subject, StatusCode::UNAUTHORIZED, None).await?;
    }
    if contender.rung.validate && subject.server.is_some() {
        refuses(subject, StatusCode::BAD_REQUEST, Some(document::unfitting())).await?;
    }
    // Long enough that each caller has called; without idle connections, whose memory is measured afterwards.
    let report = loaded(
        contender,
        Pace::Closed,
        Duration::from_millis(1_500),
        effort.connections,
    )
    .await?;
    if report.succeeded == 0 {
        bail!(
            "{} ({}) answered nothing as it should: statuses {:?}",
            contender.subject.name,
            contender.rung.name,
            report.statuses
        );
    }
    contender.idle_connection = idle_connection(contender).await?;
    Ok(())
}

/// A gateway that did not look at what it is to check would win every comparison: a call without a credential, or with a
/// `payload` that does not fit, is answered with `expected`.
async fn refuses(subject: &Subject, expected: StatusCode, payload: Option<bytes::Bytes>) -> Result<()> {
    let plan = Plan {
        pace: Pace::Open { per_second: 10 },
        duration: Duration::from_millis(300),
        expected,
        payload,
        protocol: subject.protocol.clone(),
        ..Plan::of(subject.target.clone())
    };
    let run = generator::run(plan).await?;
    if run.measured.failed() > 0 || run.measured.succeeded() == 0 {
        bail!(
            "{} does not refuse with {expected} what it is to check: statuses {:?}",
            subject.name,
            run.measured.statuses
        );
    }
    Ok(())
}

/// What one of the rung's idle connections takes, in KiB: the growth of resident memory when they are opened, after the first
/// load has filled pools and buffers.
async fn idle_connection(contender: &Contender) -> Result<Option<f64>> {
    let Some(server) = contender.subject.server.as_ref().filter(|_| contender.rung.idle > 0) else {
        return Ok(None);
    };
    let before = process::usage(server.id())?.memory.resident_kib;
    let mut idle = hold_idle(contender).await?;
    let after = process::usage(server.id())?.memory.resident_kib;
    let open = idle.still_open().await;
    if open != contender.rung.idle {
        bail!(
            "{} closed {} idle connections",
            contender.subject.name,
            contender.rung.idle - open
        );
    }
    Ok(Some(after.saturating_sub(before) as f64 / open.max(1) as f64))
}

/// The rung's idle connections, open until what comes back is dropped.
async fn hold_idle(contender: &Contender) -> Result<Idle> {
    let plan = plan(contender, Pace::Closed, Duration::from_secs(60), 1);
    Idle::open(plan, contender.rung.idle)
        .await
        .with_context(|| contender.subject.name.to_owned())
}

/// A turn with the rung's idle connections beside it.
async fn turn(contender: &Contender, pace: Pace, duration: Duration, connections: usize) -> Result<Report> {
    let idle = hold_idle(contender).await?;
    let report = loaded(contender, pace, duration, connections).await;
    drop(idle);
    report
}

async fn loaded(contender: &Contender, pace: Pace, duration: Duration, connections: usize) -> Result<Report> {
    let subject = &contender.subject;
    let usage = || {
        subject
            .server
            .as_ref()
            .map(|server| process::usage(server.id()))
            .transpose()
    };
    let (before, generator) = (usage()?, process::of_generator()?);
    let mut run = generator::run(plan(contender, pace, duration, connections))
        .await
        .with_context(|| subject.name.to_owned())?;
    let usage = usage()?;
    if contender.rung.limit == Limit::Reached {
        within_its_limit(subject, &mut run)?;
    }
    let cost = before
        .zip(usage)
        .map(|(before, after)| Cost::between(before, after, &run));
    let generator = process::of_generator()?.saturating_sub(generator);
    Ok(Report::new(pace, connections, &run, generator, cost))
}

/// A limiter that admits more than its limit would win by not doing its work. What it rightly admitted is no failure.
fn within_its_limit(subject: &Subject, run: &mut Run) -> Result<()> {
    let admitted = run
        .measured
        .statuses
        .get(&StatusCode::OK.as_u16())
        .copied()
        .unwrap_or(0);
    let per_second = f64::from(Limit::Reached.per_second());
    // A second's calls at once, and one second more for servers that count in fixed seconds.
    let most = per_second * (run.elapsed.as_secs_f64() + 2.0);
    if admitted as f64 > most {
        bail!(
            "{} admitted {admitted} calls where its limit is {most:.0}",
            subject.name
        );
    }
    let rightly: u64 = [Failure::Status, Failure::ShortBody]
        .iter()
        .filter_map(|failure| run.measured.failures.remove(failure))
        .sum();
    if rightly != admitted {
        bail!(
            "{} answered {:?}, not only 200 and 429",
            subject.name,
            run.measured.statuses
        );
    }
    Ok(())
}

/// A line for each request that was answered; the last ones may have been under way when the server was told to end.
fn wrote_its_log(contender: &Contender) -> Result<()> {
    let Some(log) = &contender.subject.log else {
        return Ok(());
    };
    let written = std::fs::read(log).with_context(|| format!("cannot read {}", log.display()))?;
    let lines = written.iter().filter(|byte| **byte == b'\n').count() as u64;
    let paced = contender.paced.iter().flat_map(|(_, reports)| reports);
    let answered: u64 = contender
        .fastest
        .iter()
        .chain(paced)
        .map(|report| report.succeeded)
        .sum();
    if lines < answered {
        bail!("{} wrote {lines} lines for {answered} requests", contender.subject.name);
    }
    Ok(())
}

fn plan(contender: &Contender, pace: Pace, duration: Duration, connections: usize) -> Plan {
    let refused = contender.rung.limit == Limit::Reached;
    Plan {
        callers: Arc::clone(&contender.subject.callers),
        pace,
        duration,
        connections,
        expected: if refused {
            StatusCode::TOO_MANY_REQUESTS
        } else {
            StatusCode::OK
        },
        least_body: if refused { 0 } else { BODY_LENGTH as u64 },
        payload: contender.rung.validate.then(document::fitting),
        protocol: contender.subject.protocol.clone(),
        ..Plan::of(contender.subject.target.clone())
    }
}

fn progress(contender: &Contender, pace: &str, report: &Report) -> String {
    let cost = report.process.map_or(String::new(), |cost| {
        format!(", {:.1} us CPU a request", cost.cpu_micros_per_request)
    });
    format!(
        "{} {} {pace}: {:.0}/s{cost}",
        contender.rung.name, contender.subject.name, report.per_second
    )
}
