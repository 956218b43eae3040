//! What things cost, each from a measurement: of the ladder where its figures are given, else of the run that the default names.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use serde_json::Value;

/// The gateway's name in the ladder's figures.
const GATEWAY: &str = "Vägvisare";

/// Costs, in microseconds of processor time unless it says otherwise.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Costs {
    /// Of a call's whole job: token, agreement, shared limit, log, 1 % traces, 5,000 routes (the ladder's `full`).
    pub call: f64,
    /// What HTTP/2 over TLS 1.3 to the caller adds to it (the ladder's `tls` less its `bare`).
    pub tls: f64,
    /// Of the Redis for one exchange of its script.
    pub redis_exchange: f64,
    /// What a row that says who read about a person keeps the node's writer, which writes many in a transaction. A time, not
    /// processor time.
    pub row_round_trip: f64,
}

impl Default for Costs {
    fn default() -> Self {
        Self {
            // LADDER.md: `full`, and `tls` less `bare` (many calls share a write there).
            call: 20.6,
            tls: 0.9,
            redis_exchange: 10.0,
            // 40,053 rows a second into a PostgreSQL on loopback, 1,000 calls waiting: `-p identity --example readings`.
            row_round_trip: 25.0,
        }
    }
}

#[cfg(test)]
impl Costs {
    /// Round figures, that what tests compute does not move with what is measured.
    pub(super) fn round() -> Self {
        Self {
            call: 16.0,
            tls: 4.0,
            redis_exchange: 10.0,
            row_round_trip: 500.0,
        }
    }
}

impl Costs {
    /// With what the ladder's JSON says of the gateway, where it has the rungs for it.
    ///
    /// # Errors
    /// A file that cannot be read or holds no figures of a ladder.
    pub fn with_ladder(mut self, file: &Path) -> Result<Self> {
        let text = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let figures: Value =
            serde_json::from_slice(&text).with_context(|| format!("{} is not JSON", file.display()))?;
        self.take(&figures).with_context(|| {
            format!(
                "{} holds no figures of a ladder (`ladder --json FILE` writes them)",
                file.display()
            )
        })?;
        Ok(self)
    }

    fn take(&mut self, figures: &Value) -> Option<()> {
        let rows = figures.get("rows")?.as_array()?;
        let cost = |rung: &str| {
            let row = rows.iter().find(|row| row["rung"] == rung && row["name"] == GATEWAY)?;
            row["cpuMicros"].get(0)?.as_f64()
        };
        if let Some(call) = cost("full") {
            self.call = call;
        }
        if let Some((tls, bare)) = cost("tls").zip(cost("bare")) {
            self.tls = (tls - bare).max(0.0);
        }
        Some(())
    }

    /// Whether each is a time that something can take.
    pub(super) fn check(&self) -> Result<()> {
        let each = [self.call, self.redis_exchange, self.row_round_trip];
        ensure!(
            each.iter().all(|cost| (0.1..=1_000_000.0).contains(cost)) && (0.0..=1_000_000.0).contains(&self.tls),
            "a cost is out of bounds: 0.1 us to 1 s"
        );
        Ok(())
    }

    /// In a line.
    pub(super) fn text(&self) -> String {
        format!(
            "costs      call {:.1} us + TLS {:.1} us, Redis {:.1} us an exchange, a row {:.0} us to the database and back",
            self.call, self.tls, self.redis_exchange, self.row_round_trip
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_ladders_medians_are_taken_and_what_it_lacks_stays() {
        let row = |rung: &str, name: &str, micros: f64| json!({ "rung": rung, "name": name, "cpuMicros": [micros, 1.0, 99.0] });
        let rows = [
            row("bare", GATEWAY, 12.0),
            row("full", "HAProxy", 1.0),
            row("tls", GATEWAY, 15.5),
            json!({ "rung": "full", "name": "no gateway", "cpuMicros": null }),
        ];
        let mut costs = Costs::default();
        costs.take(&json!({ "rows": rows })).unwrap();
        assert_eq!((costs.call, costs.tls), (Costs::default().call, 3.5));
        costs.take(&json!({ "rows": [row("full", GATEWAY, 17.25)] })).unwrap();
        assert_eq!((costs.call, costs.tls), (17.25, 3.5));
        assert!(costs.take(&json!({ "lines": [] })).is_none());
    }

    #[test]
    fn costs_out_of_bounds_are_refused() {
        assert!(Costs::default().check().is_ok());
        assert!(
            Costs {
                call: 0.0,
                ..Costs::default()
            }
            .check()
            .is_err()
        );
        assert!(
            Costs {
                row_round_trip: f64::NAN,
                ..Costs::default()
            }
            .check()
            .is_err()
        );
    }
}
