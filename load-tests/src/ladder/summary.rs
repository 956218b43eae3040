//! The scenario's figures as a table and as JSON.

use std::fmt::Write;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::contest::{Absent, Contender, Effort};
use crate::interleave::median;
use crate::report::{Report, mebibytes};

/// Everything measured, with what is needed to judge it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    machine: Machine,
    rounds: usize,
    turn_seconds: f64,
    rows: Vec<Row>,
    absent: Vec<Missing>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Machine {
    processor: String,
    kernel: String,
    cores: usize,
    /// Whether servers and generator had a core each.
    pinned: bool,
}

/// One server at one kind of work; medians over the rounds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    rung: &'static str,
    name: &'static str,
    version: String,
    max_per_second: f64,
    /// CPU microseconds a request at the maximum: median, least, most.
    cpu_micros: Option<[f64; 3]>,
    idle_mebibytes: Option<f64>,
    /// KiB that a connection takes while it is idle.
    idle_connection_kib: Option<f64>,
    peak_mebibytes: Option<f64>,
    paced: Vec<Paced>,
    failed: u64,
    reports: Vec<Report>,
}

/// The same server at a share of its own maximum.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Paced {
    share: f64,
    per_second: f64,
    cpu_micros: Option<f64>,
    p50_micros: f64,
    p99_micros: f64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Missing {
    rung: &'static str,
    name: &'static str,
    reason: String,
}

impl Summary {
    pub(super) fn new(effort: &Effort, core: Option<usize>, contenders: &[Contender], absent: &[Absent]) -> Self {
        Self {
            machine: Machine::here(core),
            rounds: effort.rounds,
            turn_seconds: effort.turn.as_secs_f64(),
            rows: contenders.iter().map(Row::new).collect(),
            absent: absent
                .iter()
                .map(|absent| Missing {
                    rung: absent.rung.name,
                    name: absent.name,
                    reason: absent.reason.clone(),
                })
                .collect(),
        }
    }

    /// Failed requests of all, 0 to 1.
    pub(super) fn failed_share(&self) -> f64 {
        let reports = || self.rows.iter().flat_map(|row| &row.reports);
        let succeeded: u64 = reports().map(|report| report.succeeded).sum();
        let failed: u64 = self.rows.iter().map(|row| row.failed).sum();
        failed as f64 / ((succeeded + failed).max(1) as f64)
    }

    pub(super) fn json(&self) -> Result<String> {
        serde_json::to_string_pretty(self).context("cannot write the figures as JSON")
    }

    /// Rung, server and CPU microseconds of each row that has a cost.
    pub(super) fn costs(&self) -> impl Iterator<Item = (&'static str, &'static str, f64)> {
        let cost = |row: &Row| row.cpu_micros.map(|[middle, ..]| (row.rung, row.name, middle));
        self.rows.iter().filter_map(cost)
    }

    /// The machine in a line.
    pub(super) fn machine_line(&self) -> String {
        let machine = &self.machine;
        format!("{}, {} cores, {}", machine.processor, machine.cores, machine.kernel)
    }

    pub(super) fn text(&self) -> String {
        let mut text = self.machine_line() + "\n";
        if !self.machine.pinned {
            let _ = writeln!(
                text,
                "one core for everything: the servers and the generator disturb each other"
            );
        }
        let _ = writeln!(
            text,
            "{} rounds of {} s, in turns; medians; latency from the intended send time\n",
            self.rounds, self.turn_seconds
        );
        let _ = write!(
            text,
            "{:<12}{:<12}{:>10}{:>10}{:>16}{:>10}",
            "rung", "server", "max/s", "CPU us", "least..most", "to best"
        );
        for share in self.rows.first().map(|row| row.paced.as_slice()).unwrap_or_default() {
            let _ = write!(text, "{:>22}", format!("at {:.0} %: CPU p50 p99", share.share * 100.0));
        }
        let _ = writeln!(text, "{:>14}{:>8}", "MiB idle/peak", "failed");
        for row in &self.rows {
            text.push_str(&row.line(self.best_other(row)));
        }
        for (row, kib) in self.rows.iter().filter_map(|row| Some((row, row.idle_connection_kib?))) {
            let _ = writeln!(
                text,
                "{:<12}{:<12}{kib:>10.1} KiB for each idle connection",
                row.rung, row.name
            );
        }
        for missing in &self.absent {
            let _ = writeln!(
                text,
                "{:<12}{:<12}cannot: {}",
                missing.rung, missing.name, missing.reason
            );
        }
        text.push_str(&self.caution());
        text
    }

    /// The least cost of another server at the same work.
    fn best_other(&self, row: &Row) -> Option<f64> {
        let others = self
            .costs()
            .filter(|(rung, name, _)| *rung == row.rung && *name != row.name);
        others.map(|(_, _, micros)| micros).reduce(f64::min)
    }

    /// Says what the generator and the backend take themselves, and whether they may have set the rates.
    fn caution(&self) -> String {
        let Some(alone) = self.rows.iter().find(|row| row.cpu_micros.is_none()) else {
            return String::new();
        };
        let fastest = alone.reports.iter().filter(|report| report.asked_per_second.is_none());
        let own = median(fastest.map(|report| report.generator_micros));
        let mut text = format!("\nWithout a gateway the generator and the backend take {own:.1} us CPU a request.\n");
        let near = |row: &Row| row.cpu_micros.is_some() && row.max_per_second * 2.5 > alone.max_per_second;
        if self.rows.iter().any(near) {
            text.push_str("They drive less than 2.5 x some rate above: quote CPU a request, not rates.\n");
        }
        text
    }
}

impl Row {
    fn new(contender: &Contender) -> Self {
        let costs = || contender.fastest.iter().filter_map(|report| report.process);
        let cpu: Vec<f64> = costs().map(|cost| cost.cpu_micros_per_request).collect();
        let all = contender
            .fastest
            .iter()
            .chain(contender.paced.iter().flat_map(|(_, reports)| reports));
        let peak = all
            .clone()
            .filter_map(|report| report.process)
            .map(|cost| cost.memory.peak_kib)
            .max();
        Self {
            rung: contender.rung.name,
            name: contender.subject.name,
            version: contender.subject.version.clone(),
            max_per_second: contender.maximum(),
            cpu_micros: (!cpu.is_empty()).then(|| {
                let least = cpu.iter().copied().fold(f64::INFINITY, f64::min);
                let most = cpu.iter().copied().fold(0.0, f64::max);
                [median(cpu.iter().copied()), least, most]
            }),
            idle_connection_kib: contender.idle_connection,
            idle_mebibytes: contender.idle.map(|memory| mebibytes(memory.resident_kib)),
            peak_mebibytes: peak.map(mebibytes),
            paced: contender
                .paced
                .iter()
                .map(|(share, reports)| Paced::new(*share, reports))
                .collect(),
            failed: all.clone().flat_map(|report| report.failures.values()).sum(),
            reports: all.cloned().collect(),
        }
    }

    /// One line of the table; `best_other` is the least cost of another server.
    fn line(&self, best_other: Option<f64>) -> String {
        let mut text = format!("{:<12}{:<12}{:>10.0}", self.rung, self.name, self.max_per_second);
        let _ = match self.cpu_micros {
            Some([middle, least, most]) => write!(text, "{middle:>10.1}{:>16}", format!("{least:.1}..{most:.1}")),
            None => write!(text, "{:>10}{:>16}", "-", "-"),
        };
        let ratio = self
            .cpu_micros
            .zip(best_other)
            .map(|([middle, ..], best)| format!("{:.2} x", middle / best));
        let _ = write!(text, "{:>10}", ratio.unwrap_or_default());
        for paced in &self.paced {
            let cpu = paced.cpu_micros.map_or("-".to_owned(), |cpu| format!("{cpu:.1}"));
            let _ = write!(
                text,
                "{:>22}",
                format!("{cpu} {:.0} {:.0}", paced.p50_micros, paced.p99_micros)
            );
        }
        let memory = self.idle_mebibytes.zip(self.peak_mebibytes);
        let memory = memory.map_or("-".to_owned(), |(idle, peak)| format!("{idle:.1}/{peak:.1}"));
        let _ = writeln!(text, "{memory:>14}{:>8}", self.failed);
        text
    }
}

impl Paced {
    fn new(share: f64, reports: &[Report]) -> Self {
        let costs: Vec<f64> = reports
            .iter()
            .filter_map(|report| report.process)
            .map(|cost| cost.cpu_micros_per_request)
            .collect();
        Self {
            share,
            per_second: median(reports.iter().map(|report| report.per_second)),
            cpu_micros: (!costs.is_empty()).then(|| median(costs)),
            p50_micros: median(reports.iter().map(|report| report.latency_micros.p50)),
            p99_micros: median(reports.iter().map(|report| report.latency_micros.p99)),
        }
    }
}

impl Machine {
    fn here(core: Option<usize>) -> Self {
        let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let named = processors
            .lines()
            .find(|line| line.starts_with("model name"))
            .and_then(|line| line.split_once(':'));
        let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        Self {
            processor: named.map_or("unknown processor".to_owned(), |(_, name)| name.trim().to_owned()),
            kernel: format!("Linux {}", release.trim()),
            cores: processors.lines().filter(|line| line.starts_with("processor")).count(),
            pinned: core.is_some(),
        }
    }
}
