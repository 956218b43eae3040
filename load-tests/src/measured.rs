//! What one run of the generator saw: latencies, statuses, errors.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// What went wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Failure {
    /// No connection could be made.
    Connect,
    /// The connection broke before the head of the answer came.
    Send,
    /// The connection broke inside the answer's body.
    Body,
    /// No complete answer until the run was given up.
    Unanswered,
    /// A complete answer with another status than the expected one.
    Status,
    /// A complete answer of the expected status whose body was shorter than asked for.
    ShortBody,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Connect => "no connection",
            Self::Send => "broke before the answer",
            Self::Body => "broke inside the answer",
            Self::Unanswered => "not answered",
            Self::Status => "unexpected status",
            Self::ShortBody => "body too short",
        })
    }
}

/// Latencies in nanoseconds, three significant digits, from 1 ns to a minute and more.
#[derive(Debug, Clone)]
pub struct Latencies(Histogram<u64>);

impl Default for Latencies {
    #[expect(
        clippy::expect_used,
        reason = "constant arguments inside the bounds that the library documents"
    )]
    fn default() -> Self {
        let mut histogram = Histogram::new_with_bounds(1_000, 60_000_000_000, 3).expect("valid bounds");
        // Slower than a minute is still told, not cut off.
        histogram.auto(true);
        Self(histogram)
    }
}

impl Latencies {
    /// Counts one latency.
    pub fn record(&mut self, latency: Duration) {
        // It grows by itself, up to lengths no run has.
        let _ = self.0.record(u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX));
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The latency that `percent` of all stayed within, in microseconds; 0 when nothing was counted.
    pub fn percentile(&self, percent: f64) -> f64 {
        micros(self.0.value_at_percentile(percent))
    }

    /// Counts everything that `other` counted.
    pub fn merge(&mut self, other: &Self) {
        // Both resize by themselves, so that adding cannot fail on a range.
        let _ = self.0.add(&other.0);
    }

    /// The figures for a report.
    pub fn summary(&self) -> LatencySummary {
        LatencySummary {
            p50: self.percentile(50.0),
            p90: self.percentile(90.0),
            p99: self.percentile(99.0),
            p999: self.percentile(99.9),
            max: micros(if self.0.is_empty() { 0 } else { self.0.max() }),
        }
    }
}

fn micros(nanos: u64) -> f64 {
    // Tenths are enough, and keep reports short.
    (nanos / 100) as f64 / 10.0
}

/// Latency figures in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LatencySummary {
    /// Half stayed within this.
    pub p50: f64,
    /// Nine of ten stayed within this.
    pub p90: f64,
    /// 99 of 100 stayed within this.
    pub p99: f64,
    /// 999 of 1,000 stayed within this.
    pub p999: f64,
    /// The slowest one.
    pub max: f64,
}

/// Counts of one run. Only requests with a complete answer of the expected status have a latency.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    /// From the intended send time (open loop) or the send (closed loop) to the last byte of the answer.
    pub latencies: Latencies,
    /// How long after its intended time a request was sent: the generator's own lateness plus waiting for a connection.
    pub lags: Latencies,
    /// Complete answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Failed requests by kind.
    pub failures: BTreeMap<Failure, u64>,
    /// Bytes of all bodies received.
    pub body_bytes: u64,
}

impl Measured {
    /// Counts one failed request.
    pub fn fail(&mut self, failure: Failure) {
        *self.failures.entry(failure).or_default() += 1;
    }

    /// Requests with a complete answer of the expected status.
    pub fn succeeded(&self) -> u64 {
        self.latencies.count()
    }

    /// Requests that failed in any way.
    pub fn failed(&self) -> u64 {
        self.failures.values().sum()
    }

    /// Adds another run's counts.
    pub fn merge(&mut self, other: &Self) {
        self.latencies.merge(&other.latencies);
        self.lags.merge(&other.lags);
        for (status, count) in &other.statuses {
            *self.statuses.entry(*status).or_default() += count;
        }
        for (failure, count) in &other.failures {
            *self.failures.entry(*failure).or_default() += count;
        }
        self.body_bytes += other.body_bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_known_latencies_are_right_to_three_digits() {
        let mut latencies = Latencies::default();
        for micros in 1..=10_000 {
            latencies.record(Duration::from_micros(micros));
        }
        let summary = latencies.summary();
        for (got, wanted) in [
            (summary.p50, 5_000.0),
            (summary.p90, 9_000.0),
            (summary.p99, 9_900.0),
            (summary.p999, 9_990.0),
            (summary.max, 10_000.0),
        ] {
            assert!((got - wanted).abs() <= wanted * 0.001, "{got} is not {wanted}");
        }
    }

    #[test]
    fn one_slow_request_is_the_maximum_and_not_the_median() {
        let mut latencies = Latencies::default();
        for _ in 0..999 {
            latencies.record(Duration::from_micros(100));
        }
        latencies.record(Duration::from_secs(90));
        let summary = latencies.summary();
        assert!(summary.p50 < 101.0 && summary.max >= 89_000_000.0, "{summary:?}");
    }

    #[test]
    fn no_latency_at_all_is_zero() {
        assert_eq!(Latencies::default().summary(), LatencySummary::default());
    }

    #[test]
    fn merged_counts_are_sums() {
        let mut one = Measured::default();
        one.latencies.record(Duration::from_micros(10));
        one.statuses.insert(200, 1);
        one.fail(Failure::Connect);
        let mut both = one.clone();
        both.merge(&one);
        assert_eq!((both.succeeded(), both.failed(), both.statuses[&200]), (2, 2, 2));
    }
}
