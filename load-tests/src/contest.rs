//! One rung: every competitor, in turns, at its maximum and at shares of it; and the proof that each did the work.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use http::{HeaderMap, StatusCode};

use crate::generator::{self, Pace, Plan, Run};
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
}

/// A competitor and what was measured of it.
pub(crate) struct Contender {
    /// The work asked for.
    pub(crate) rung: Rung,
    /// Who.
    pub(crate) subject: Subject,
    /// Memory before the first request.
    pub(crate) idle: Option<Memory>,
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
    let (mut contenders, absent) = start(rung, bench).await?;
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

async fn start(rung: Rung, bench: &Bench) -> Result<(Vec<Contender>, Vec<Absent>)> {
    let mut entries = Vec::new();
    // The backend alone refuses nobody: where calls are to be refused there is no reference.
    if rung.limit != Limit::Reached {
        entries.push(reference(bench, &rung)?);
    }
    for peer in &PEERS {
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
        refuses_without_credential(subject).await?;
    }
    // Long enough that each caller has called.
    let report = turn(
        contender,
        Pace::Closed,
        Duration::from_millis(1_500),
        effort.connections,
    )
    .await?;
    if report.succeeded == 0 {
        bail!(
            "{} ({}) answered nothing as it should: statuses {:?}",
            subject.name,
            contender.rung.name,
            report.statuses
        );
    }
    Ok(())
}

/// A gateway that did not check the credential would win every comparison.
async fn refuses_without_credential(subject: &Subject) -> Result<()> {
    let plan = Plan {
        target: subject.target.clone(),
        callers: [HeaderMap::new()].into(),
        pace: Pace::Open { per_second: 10 },
        duration: Duration::from_millis(300),
        connections: 1,
        expected: StatusCode::UNAUTHORIZED,
        least_body: 0,
    };
    let run = generator::run(plan).await?;
    if run.measured.failed() > 0 || run.measured.succeeded() == 0 {
        bail!(
            "{} does not refuse a call without a credential: statuses {:?}",
            subject.name,
            run.measured.statuses
        );
    }
    Ok(())
}

async fn turn(contender: &Contender, pace: Pace, duration: Duration, connections: usize) -> Result<Report> {
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
        target: contender.subject.target.clone(),
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
