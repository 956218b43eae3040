//! What callers saw, before, during and after.

use std::fmt::Write;
use std::time::Duration;

use serde::Serialize;

use super::node::Fate;
use super::{Failure, Fault};
use crate::measured::Latencies;

/// A stretch of the story; a call belongs to the one it came in, or broke in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// Before anything broke.
    Before,
    /// While it was broken.
    During,
    /// After it was mended.
    After,
}

/// What came of the calls of one phase.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Seen {
    /// Which.
    pub phase: Phase,
    /// All of them.
    pub calls: u64,
    /// Answered.
    pub answered: u64,
    /// Refused with a 503, of those with a person's token.
    pub refused_people: u64,
    /// Refused with a 503, of the others.
    pub refused_others: u64,
    /// No connection, or one that broke.
    pub failed: u64,
    /// Half of the answers came within so many milliseconds.
    pub p50_millis: f64,
    /// 99 of 100 did.
    pub p99_millis: f64,
}

/// A failure as callers saw it, with the simulated share of the load.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Story {
    /// What broke.
    pub failure: Failure,
    /// For so many seconds.
    pub outage_seconds: f64,
    /// In order.
    pub phases: [Seen; 3],
    /// Seconds from the fault to the first call that was not answered.
    pub first_noticed_seconds: Option<f64>,
    /// Seconds from the mending to the last call that was not answered.
    pub last_noticed_seconds: Option<f64>,
    /// Readings about people that were told to be written.
    pub readings_told: u64,
    /// Those that are in the database.
    pub readings_written: u64,
    /// Those that went with a data centre.
    pub readings_lost: u64,
    /// The most that waited on one node.
    pub most_readings_waiting: u64,
}

/// Gathers it.
pub(super) struct Teller {
    fault: Fault,
    tallies: [Tally; 3],
    first: Option<f64>,
    last: Option<f64>,
}

#[derive(Default)]
struct Tally {
    latencies: Latencies,
    refused_people: u64,
    refused_others: u64,
    failed: u64,
}

impl Teller {
    pub(super) fn new(fault: Fault) -> Self {
        Self {
            fault,
            tallies: Default::default(),
            first: None,
            last: None,
        }
    }

    pub(super) fn tell(&mut self, time: f64, person: bool, fate: Fate) {
        let [before, during, after] = &mut self.tallies;
        let tally = if time < self.fault.from {
            before
        } else if time < self.fault.until {
            during
        } else {
            after
        };
        match fate {
            Fate::Answered(seconds) => tally.latencies.record(Duration::from_secs_f64(seconds)),
            Fate::Refused if person => tally.refused_people += 1,
            Fate::Refused => tally.refused_others += 1,
            Fate::Failed => tally.failed += 1,
        }
        if !matches!(fate, Fate::Answered(_)) {
            if time >= self.fault.from {
                self.first.get_or_insert(time - self.fault.from);
            }
            if time >= self.fault.until {
                self.last = Some(time - self.fault.until);
            }
        }
    }

    pub(super) fn end(self, told: u64, written: u64, lost: u64, most_waiting: u64) -> Story {
        let phases = [Phase::Before, Phase::During, Phase::After];
        let mut seen = phases
            .into_iter()
            .zip(&self.tallies)
            .map(|(phase, tally)| tally.seen(phase));
        let mut next = |phase| seen.next().unwrap_or_else(|| Tally::default().seen(phase));
        Story {
            failure: self.fault.failure,
            outage_seconds: self.fault.until - self.fault.from,
            phases: phases.map(&mut next),
            first_noticed_seconds: self.first,
            last_noticed_seconds: self.last,
            readings_told: told,
            readings_written: written,
            readings_lost: lost,
            most_readings_waiting: most_waiting,
        }
    }
}

impl Tally {
    fn seen(&self, phase: Phase) -> Seen {
        let answered = self.latencies.count();
        let summary = self.latencies.summary();
        Seen {
            phase,
            calls: answered + self.refused_people + self.refused_others + self.failed,
            answered,
            refused_people: self.refused_people,
            refused_others: self.refused_others,
            failed: self.failed,
            p50_millis: summary.p50 / 1_000.0,
            p99_millis: summary.p99 / 1_000.0,
        }
    }
}

impl Story {
    /// In lines.
    pub(in crate::scale) fn text(&self) -> String {
        let mut text = format!(
            "simulated  {} for {:.0} s, at the peak; one node of each data centre\n",
            self.failure.text(),
            self.outage_seconds
        );
        let _ = writeln!(
            text,
            "{:<10}{:>10}{:>12}{:>18}{:>18}{:>10}{:>10}{:>10}",
            "", "calls", "answered", "503 with person", "503 without", "failed", "p50 ms", "p99 ms"
        );
        for seen in &self.phases {
            let phase = match seen.phase {
                Phase::Before => "before",
                Phase::During => "during",
                Phase::After => "after",
            };
            let _ = writeln!(
                text,
                "{phase:<10}{:>10}{:>11.2}%{:>18}{:>18}{:>10}{:>10.1}{:>10.1}",
                seen.calls,
                seen.answered as f64 / seen.calls.max(1) as f64 * 100.0,
                seen.refused_people,
                seen.refused_others,
                seen.failed,
                seen.p50_millis,
                seen.p99_millis
            );
        }
        let _ = match self.first_noticed_seconds {
            None => writeln!(text, "no caller was refused anything"),
            Some(first) => writeln!(
                text,
                "the first call was not answered {first:.1} s after the fault; the last one {}",
                self.last_noticed_seconds
                    .map_or("before it was mended".to_owned(), |last| format!(
                        "{last:.1} s after it was mended"
                    ))
            ),
        };
        let _ = writeln!(
            text,
            "who read about people: {} told, {} written, {} lost with a centre; at most {} waited on one node",
            self.readings_told, self.readings_written, self.readings_lost, self.most_readings_waiting
        );
        text
    }
}
