//! What a country asks: assumptions, each of them a flag.

use anyhow::{Result, ensure};
use serde::Serialize;

/// The load, and what may be used for it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Demand {
    /// Who lives there.
    pub people: u64,
    /// Agencies, municipalities and regions with an API.
    pub organisations: u64,
    /// Calls a second in the busiest second.
    pub peak: f64,
    /// Peak divided by the mean of a whole day.
    pub peak_to_mean: f64,
    /// Data centres; the load must be carried with one of them gone.
    pub centres: u64,
    /// Cores of a node, a worker each.
    pub cores: u64,
    /// Share of anything that may be in use at the peak.
    pub busy: f64,
    /// Share of the calls that carry a person's token.
    pub person_share: f64,
    /// Calls that one such token is used for.
    pub calls_a_token: f64,
    /// Applications that call at the peak; the second busiest has half of the busiest's calls, the third a third, and so on (Zipf).
    pub applications: u64,
    /// Bytes of a call with its head.
    pub request_bytes: f64,
    /// Bytes of an answer with its head.
    pub answer_bytes: f64,
    /// Rows a second that the database writes at most, as its owner has measured.
    pub database_rows: f64,
}

impl Default for Demand {
    fn default() -> Self {
        Self {
            people: 10_600_000,
            organisations: 661,
            peak: 50_000.0,
            peak_to_mean: 4.0,
            centres: 2,
            cores: 8,
            busy: 0.6,
            person_share: 0.5,
            calls_a_token: 10.0,
            applications: 2_000,
            request_bytes: 1_500.0,
            answer_bytes: 4_000.0,
            database_rows: 30_000.0,
        }
    }
}

impl Demand {
    /// Calls with a person's token, a second at the peak.
    pub(super) fn person_calls(&self) -> f64 {
        self.peak * self.person_share
    }

    /// Calls a second at the peak of the `rank`th busiest application, from 1.
    pub(super) fn application_calls(&self) -> impl Iterator<Item = f64> {
        let share = |rank: u64| 1.0 / rank as f64;
        let all: f64 = (1..=self.applications).map(share).sum();
        let peak = self.peak;
        (1..=self.applications).map(move |rank| peak * share(rank) / all)
    }

    /// Whether it can be computed with.
    pub(super) fn check(&self) -> Result<()> {
        ensure!(
            (1..=1_000_000_000).contains(&self.people),
            "people: 1 to a thousand million"
        );
        ensure!(
            (1..=100_000).contains(&self.organisations),
            "organisations: 1 to 100,000"
        );
        ensure!(
            (1.0..=10_000_000.0).contains(&self.peak),
            "peak: 1 to 10 million calls a second"
        );
        ensure!((1.0..=1_000.0).contains(&self.peak_to_mean), "peak to mean: 1 to 1,000");
        ensure!((2..=16).contains(&self.centres), "data centres: 2 to 16");
        ensure!((1..=256).contains(&self.cores), "cores of a node: 1 to 256");
        ensure!(
            (0.05..=0.95).contains(&self.busy),
            "the share that may be in use: 0.05 to 0.95"
        );
        ensure!(
            (0.0..=1.0).contains(&self.person_share),
            "the share of people's calls: 0 to 1"
        );
        ensure!(
            (1.0..=100_000.0).contains(&self.calls_a_token),
            "calls a token: 1 to 100,000"
        );
        ensure!(
            (1..=1_000_000).contains(&self.applications),
            "applications: 1 to a million"
        );
        let bytes = 1.0..=1e9;
        ensure!(
            bytes.contains(&self.request_bytes) && bytes.contains(&self.answer_bytes),
            "bytes of a call and its answer: 1 to a thousand million"
        );
        ensure!(
            (1.0..=1e9).contains(&self.database_rows),
            "rows a second of the database: 1 to a thousand million"
        );
        Ok(())
    }

    /// In lines.
    pub(super) fn text(&self) -> String {
        let a_day = self.peak / self.peak_to_mean * 86_400.0;
        format!(
            "demand     {} people, {} organisations, {} applications; {:.0} calls/s at the peak, {:.0} million a day ({:.1} a person)\n\
             \x20          {:.0} % with a person's token; {} data centres, each able to carry all; nodes of {} cores, {:.0} % in use\n",
            self.people,
            self.organisations,
            self.applications,
            self.peak,
            a_day / 1e6,
            a_day / self.people as f64,
            self.person_share * 100.0,
            self.centres,
            self.cores,
            self.busy * 100.0
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_applications_calls_are_all_calls_and_the_first_has_the_most() {
        let calls: Vec<f64> = Demand::default().application_calls().collect();
        assert!((calls.iter().sum::<f64>() - 50_000.0).abs() < 1e-6);
        assert!(calls.is_sorted_by(|one, other| one > other));
        assert!((calls[0] - 2.0 * calls[1]).abs() < 1e-9);
    }

    #[test]
    fn a_demand_without_sense_is_refused() {
        assert!(Demand::default().check().is_ok());
        for demand in [
            Demand {
                centres: 1,
                ..Demand::default()
            },
            Demand {
                busy: 1.0,
                ..Demand::default()
            },
            Demand {
                peak: f64::NAN,
                ..Demand::default()
            },
            Demand {
                person_share: 1.1,
                ..Demand::default()
            },
        ] {
            assert!(demand.check().is_err(), "{demand:?}");
        }
    }
}
