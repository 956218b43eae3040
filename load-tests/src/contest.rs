//! One comparison: every competitor of the chosen rungs, in turns, at its maximum and at shares of it.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use http::StatusCode;

use crate::generator::{self, Pace, Plan};
use crate::interleave::{median, order};
use crate::origin::BODY_LENGTH;
use crate::peers::{Bench, Entry, Subject};
use crate::process::{self, Memory};
use crate::report::{Cost, Report};
use crate::rungs::Rung;

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

/// Starts everyone, warms up, measures in turns, and stops everyone.
pub(crate) async fn run(
    rungs: &[Rung],
    bench: &Bench,
    effort: &Effort,
    tell: impl Fn(&str),
) -> Result<(Vec<Contender>, Vec<Absent>)> {
    let (mut contenders, absent) = start(rungs, bench).await?;
    for contender in &mut contenders {
        warm_up(contender, effort).await?;
    }
    for round in 0..effort.rounds {
        for index in order(round, contenders.len()) {
            let Some(contender) = contenders.get_mut(index) else {
                continue;
            };
            let report = turn(&contender.subject, Pace::Closed, effort.turn, effort.connections).await?;
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
                let report = turn(&contender.subject, pace, effort.turn, effort.connections).await?;
                tell(&progress(contender, &format!("at {:.0} %", share * 100.0), &report));
                if let Some((_, reports)) = contender.paced.last_mut() {
                    reports.push(report);
                }
            }
        }
    }
    for contender in &mut contenders {
        if let Some(server) = contender.subject.server.take() {
            server.stop().await?;
        }
    }
    Ok((contenders, absent))
}

async fn start(rungs: &[Rung], bench: &Bench) -> Result<(Vec<Contender>, Vec<Absent>)> {
    let mut contenders = Vec::new();
    let mut absent = Vec::new();
    for &rung in rungs {
        for entry in rung.start(bench).await? {
            match entry {
                Entry::Ready(subject) => {
                    contenders.push(Contender {
                        rung,
                        subject: *subject,
                        idle: None,
                        fastest: Vec::new(),
                        paced: Vec::new(),
                    });
                }
                Entry::Cannot { name, reason } => absent.push(Absent { rung, name, reason }),
            }
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
    if !subject.headers.is_empty() {
        refuses_without_credential(subject).await?;
    }
    let report = turn(subject, Pace::Closed, Duration::from_millis(500), effort.connections).await?;
    if report.succeeded == 0 {
        bail!(
            "{} ({}) answered nothing as it should: statuses {:?}",
            subject.name,
            contender.rung.name(),
            report.statuses
        );
    }
    Ok(())
}

/// A gateway that did not check the credential would win every comparison.
async fn refuses_without_credential(subject: &Subject) -> Result<()> {
    let mut plan = plan(subject, Pace::Open { per_second: 10 }, Duration::from_millis(300), 1);
    plan.headers.clear();
    plan.expected = StatusCode::UNAUTHORIZED;
    plan.least_body = 0;
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

async fn turn(subject: &Subject, pace: Pace, duration: Duration, connections: usize) -> Result<Report> {
    let usage = || {
        subject
            .server
            .as_ref()
            .map(|server| process::usage(server.id()))
            .transpose()
    };
    let (before, generator) = (usage()?, process::of_generator()?);
    let run = generator::run(plan(subject, pace, duration, connections))
        .await
        .with_context(|| subject.name.to_owned())?;
    let cost = before
        .zip(usage()?)
        .map(|(before, after)| Cost::between(before, after, &run));
    let generator = process::of_generator()?.saturating_sub(generator);
    Ok(Report::new(pace, connections, &run, generator, cost))
}

fn plan(subject: &Subject, pace: Pace, duration: Duration, connections: usize) -> Plan {
    Plan {
        target: subject.target.clone(),
        headers: subject.headers.clone(),
        pace,
        duration,
        connections,
        expected: StatusCode::OK,
        least_body: BODY_LENGTH as u64,
    }
}

fn progress(contender: &Contender, pace: &str, report: &Report) -> String {
    let cost = report.process.map_or(String::new(), |cost| {
        format!(", {:.1} us CPU a request", cost.cpu_micros_per_request)
    });
    format!(
        "{} {} {pace}: {:.0}/s{cost}",
        contender.rung.name(),
        contender.subject.name,
        report.per_second
    )
}
