//! What a request may cost: a file in the repository. Who makes the path dearer changes the file, and says why.
//!
//! ```toml
//! made_with = "rustc 1.95.0"   # another compiler makes other instructions
//! program = "target/dist/vagvisare"
//!
//! [[rung]]
//! name = "bare"                # a rung of the ladder
//! instructions = 41230         # of the gateway's process, a request
//! allocations = 12.0           # calls of malloc and its kind, a request
//! ```

use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::Cost;

/// How much more or less than the budget is still the same: another compiler's day, another library's minor version.
const TOLERANCE: f64 = 0.03;

/// The file: instructions and allocations for each rung.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// The compiler whose program was counted.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    made_with: String,
    /// The program that was counted: one without optimisation takes ten times as many instructions.
    #[serde(default)]
    program: PathBuf,
    rung: Vec<Allowed>,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Allowed {
    name: String,
    instructions: u64,
    allocations: f64,
}

/// What came of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// A line a rung.
    pub text: String,
    /// Whether some rung costs more than it may, or is not in the file.
    pub exceeded: bool,
}

impl Budget {
    /// Reads `file`.
    ///
    /// # Errors
    /// A file that cannot be read or is not a budget.
    pub fn load(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is not a budget", file.display()))
    }

    /// A budget of what was counted of `program`, by the compiler that says `made_with` of itself.
    pub fn of(costs: &[Cost], program: &Path, made_with: String) -> Self {
        let allowed = |cost: &Cost| Allowed {
            name: cost.rung.to_owned(),
            instructions: cost.instructions,
            allocations: cost.milli_allocations as f64 / 1_000.0,
        };
        Self {
            made_with,
            program: program.to_owned(),
            rung: costs.iter().map(allowed).collect(),
        }
    }

    /// The file's text.
    ///
    /// # Errors
    /// Never for figures that were counted.
    pub fn text(&self) -> Result<String> {
        let head = "# What a request may cost, counted by `load-tests instructions --gateway PROGRAM --write-budget FILE`.\n\
                    # Continuous integration fails at 3 % or half an allocation more: make it cheaper, or change this file and say why.\n\n";
        Ok(head.to_owned() + &toml::to_string(self).context("cannot write the budget")?)
    }

    /// The rungs that it allows for.
    pub fn rungs(&self) -> Vec<String> {
        self.rung.iter().map(|allowed| allowed.name.clone()).collect()
    }

    /// Holds `costs` against it.
    pub fn judge(&self, costs: &[Cost]) -> Verdict {
        let mut text = String::new();
        let mut exceeded = false;
        for cost in costs {
            let allocations = cost.milli_allocations as f64 / 1_000.0;
            let Some(allowed) = self.rung.iter().find(|allowed| allowed.name == cost.rung) else {
                exceeded = true;
                let _ = writeln!(
                    text,
                    "{}: no budget; it costs {} and {allocations:.1}",
                    cost.rung, cost.instructions
                );
                continue;
            };
            let growth = cost.instructions as f64 / (allowed.instructions as f64).max(1.0) - 1.0;
            let more = growth > TOLERANCE || allocations > allowed.allocations + 0.5;
            exceeded |= more;
            let word = match more {
                true => "MORE THAN ITS BUDGET",
                false if growth < -TOLERANCE => "less: lower the budget",
                false => "within its budget",
            };
            let _ = writeln!(
                text,
                "{:<8}{:>8} of {:>8} instructions ({:+.1} %), {allocations:.1} of {:.1} allocations: {word}",
                cost.rung,
                cost.instructions,
                allowed.instructions,
                growth * 100.0,
                allowed.allocations
            );
        }
        if exceeded && !self.made_with.is_empty() {
            let _ = writeln!(
                text,
                "the budget was made with {}: another compiler may be why",
                self.made_with
            );
        }
        Verdict { text, exceeded }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_three_percent_or_an_allocation_more_is_too_much() {
        let budget: Budget =
            toml::from_str("[[rung]]\nname = \"bare\"\ninstructions = 10000\nallocations = 8.0\n").unwrap();
        let cost = |instructions, milli_allocations| Cost {
            rung: "bare",
            instructions,
            milli_allocations,
        };
        for (cost, exceeded) in [
            (cost(10_000, 8_000), false),
            (cost(10_290, 8_400), false),
            (cost(10_310, 8_000), true),
            (cost(10_000, 9_000), true),
            (cost(5_000, 1_000), false),
        ] {
            assert_eq!(budget.judge(&[cost]).exceeded, exceeded, "{cost:?}");
        }
        let written = Budget::of(&[cost(10_000, 8_125)], Path::new("gateway"), "rustc 1.95.0".to_owned());
        let read: Budget = toml::from_str(&written.text().unwrap()).unwrap();
        assert!(!read.judge(&[cost(10_000, 8_125)]).exceeded);
        let more = read.judge(&[cost(11_000, 8_125)]);
        assert!(more.exceeded && more.text.contains("rustc 1.95.0"), "{}", more.text);
        let unknown = Cost {
            rung: "new",
            ..cost(1, 1)
        };
        assert!(budget.judge(&[unknown]).exceeded);
    }
}
