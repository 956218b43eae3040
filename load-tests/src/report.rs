//! A run as people and programs read it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use serde::Serialize;

use crate::generator::{Pace, Run};
use crate::measured::{Failure, LatencySummary};
use crate::process::{Memory, Usage};

/// Everything about one run.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Requests a second that were asked for; absent in a closed loop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_per_second: Option<u32>,
    /// Connections that carried the requests.
    pub connections: usize,
    /// How long it took.
    pub seconds: f64,
    /// Requests with a complete answer of the expected status.
    pub succeeded: u64,
    /// The same each second.
    pub per_second: f64,
    /// Microseconds from the intended send time to the last byte (closed loop: from the send).
    pub latency_micros: LatencySummary,
    /// Microseconds from the intended send time to the send: the generator's and its connections' own delay.
    pub send_lag_micros: LatencySummary,
    /// CPU microseconds a request that the generator's own process took (with the backend, where that is part of it).
    pub generator_micros: f64,
    /// Complete answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Failed requests by kind.
    pub failures: BTreeMap<Failure, u64>,
    /// What the target's processes cost; absent when none was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<Cost>,
}

/// What the target's processes cost in one run.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// User and system time of the processes, for each answered request, in microseconds.
    pub cpu_micros_per_request: f64,
    /// Share of one core that was busy with it, 0 to the number of cores.
    pub cores: f64,
    /// Resident memory after the run.
    pub memory: Memory,
}

impl Cost {
    /// The difference of two looks at a process around `run`.
    pub fn between(before: Usage, after: Usage, run: &Run) -> Self {
        let cpu = after.cpu.saturating_sub(before.cpu);
        Self {
            cpu_micros_per_request: micros_per_answer(cpu, run),
            cores: round(cpu.as_secs_f64() / run.elapsed.as_secs_f64().max(f64::EPSILON)),
            memory: after.memory,
        }
    }
}

impl Report {
    /// Sums up `run`; `generator` is the CPU time that this process itself took for it.
    pub fn new(pace: Pace, connections: usize, run: &Run, generator: Duration, process: Option<Cost>) -> Self {
        let measured = &run.measured;
        Self {
            asked_per_second: match pace {
                Pace::Open { per_second } => Some(per_second),
                Pace::Closed | Pace::Counted { .. } => None,
            },
            connections,
            seconds: round(run.elapsed.as_secs_f64()),
            succeeded: measured.succeeded(),
            per_second: round(run.per_second()),
            latency_micros: measured.latencies.summary(),
            send_lag_micros: measured.lags.summary(),
            generator_micros: micros_per_answer(generator, run),
            statuses: measured.statuses.clone(),
            failures: measured.failures.clone(),
            process,
        }
    }

    /// The report as lines of text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let asked = self
            .asked_per_second
            .map_or("closed loop".to_owned(), |rate| format!("{rate}/s asked for"));
        let _ = writeln!(
            text,
            "requests   {} in {:.2} s = {:.0}/s ({asked}, {} connections)",
            self.succeeded, self.seconds, self.per_second, self.connections
        );
        let _ = writeln!(text, "latency    {}", line(&self.latency_micros));
        let _ = writeln!(text, "send lag   {}", line(&self.send_lag_micros));
        let _ = writeln!(text, "generator  {:.1} us CPU a request", self.generator_micros);
        let statuses: Vec<_> = self
            .statuses
            .iter()
            .map(|(status, count)| format!("{status}: {count}"))
            .collect();
        let _ = writeln!(
            text,
            "statuses   {}",
            if statuses.is_empty() {
                "none".to_owned()
            } else {
                statuses.join(", ")
            }
        );
        let failures: Vec<_> = self
            .failures
            .iter()
            .map(|(failure, count)| format!("{failure}: {count}"))
            .collect();
        let _ = writeln!(
            text,
            "failures   {}",
            if failures.is_empty() {
                "none".to_owned()
            } else {
                failures.join(", ")
            }
        );
        if let Some(cost) = &self.process {
            let _ = writeln!(
                text,
                "process    {:.1} us CPU a request, {:.2} cores, {:.1} MiB resident (peak {:.1})",
                cost.cpu_micros_per_request,
                cost.cores,
                mebibytes(cost.memory.resident_kib),
                mebibytes(cost.memory.peak_kib)
            );
        }
        text
    }
}

/// KiB as MiB.
pub(crate) fn mebibytes(kib: u64) -> f64 {
    kib as f64 / 1_024.0
}

fn line(latency: &LatencySummary) -> String {
    format!(
        "p50 {:.0} us, p90 {:.0}, p99 {:.0}, p99.9 {:.0}, max {:.0}",
        latency.p50, latency.p90, latency.p99, latency.p999, latency.max
    )
}

fn micros_per_answer(cpu: Duration, run: &Run) -> f64 {
    // Whatever was answered was worked for, also an unexpected status.
    let answered: u64 = run.measured.statuses.values().sum();
    round(micros(cpu) / (answered.max(1) as f64))
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000_000.0
}

fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measured::Measured;

    fn run() -> Run {
        let mut measured = Measured::default();
        for _ in 0..1_000 {
            measured.latencies.record(Duration::from_micros(250));
        }
        measured.statuses.insert(200, 1_000);
        Run {
            measured,
            elapsed: Duration::from_secs(2),
        }
    }

    #[test]
    fn the_cost_is_processor_time_for_each_answer() {
        let memory = Memory {
            resident_kib: 2_048,
            peak_kib: 4_096,
        };
        let before = Usage {
            cpu: Duration::from_millis(500),
            memory,
        };
        let after = Usage {
            cpu: Duration::from_millis(520),
            memory,
        };
        let cost = Cost::between(before, after, &run());
        assert_eq!((cost.cpu_micros_per_request, cost.cores), (20.0, 0.01));
    }

    #[test]
    fn text_and_json_say_the_same() {
        let report = Report::new(
            Pace::Open { per_second: 500 },
            4,
            &run(),
            Duration::from_millis(4),
            None,
        );
        let text = report.text();
        assert!(
            text.contains("1000 in 2.00 s = 500/s (500/s asked for, 4 connections)"),
            "{text}"
        );
        assert!(text.contains("200: 1000") && text.contains("failures   none"), "{text}");
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["perSecond"], 500.0);
        assert_eq!(json["generatorMicros"], 4.0);
        assert_eq!(json["statuses"]["200"], 1_000);
        assert!((json["latencyMicros"]["p50"].as_f64().unwrap() - 250.0).abs() < 1.0);
    }
}
