//! What a country's load needs of gateways, Redis, PostgreSQL and the network, from what a request was measured to cost; which
//! part is the weakest; and what callers see when it fails, simulated.
//!
//! Nothing here is measured: it is arithmetic on figures that were (`Costs`), and on assumptions that are flags (`Demand`).

mod costs;
mod demand;
mod needs;
mod random;
mod simulation;

use std::fmt::Write;

use anyhow::{Context, Result};
use serde::Serialize;

pub use costs::Costs;
pub use demand::Demand;
pub use needs::{Needs, Part};
pub use simulation::{Failure, Phase, Seen, Story};

/// The answer on paper, and the simulated failure.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// What was asked.
    pub demand: Demand,
    /// What it was computed from.
    pub costs: Costs,
    /// What it needs.
    pub needs: Needs,
    /// What callers see when a part fails.
    pub failure: Story,
}

/// Computes the needs, and simulates `failure`, or that of the weakest part.
///
/// # Errors
/// A demand or costs out of bounds.
pub fn run(demand: &Demand, costs: &Costs, failure: Option<Failure>, seed: u64) -> Result<Outcome> {
    demand.check()?;
    costs.check()?;
    let needs = Needs::of(demand, costs);
    let failure = failure.unwrap_or_else(|| Failure::of(needs.weakest().part));
    Ok(Outcome {
        failure: simulation::run(demand, costs, &needs, failure, seed),
        demand: demand.clone(),
        costs: costs.clone(),
        needs,
    })
}

impl Outcome {
    /// The figures as JSON.
    ///
    /// # Errors
    /// Never for figures that were computed here.
    pub fn json(&self) -> Result<String> {
        serde_json::to_string_pretty(self).context("cannot write the figures as JSON")
    }

    /// The figures as lines of text.
    pub fn text(&self) -> String {
        let mut text = self.demand.text();
        let _ = writeln!(text, "{}", self.costs.text());
        text.push_str(&self.needs.text());
        let _ = writeln!(text, "\n{}", self.failure.text());
        text
    }
}
