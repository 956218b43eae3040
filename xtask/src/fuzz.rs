//! `cargo xtask fuzz`: mutated input against every reader of what strangers write, for many cases.

use anyhow::Result;
use clap::Args;

use crate::command::Tool;

/// Options of `cargo xtask fuzz`.
#[derive(Args)]
pub(crate) struct Options {
    /// Cases for each reader; documents, which are larger, get a quarter of it
    #[arg(long, default_value_t = 20_000)]
    cases: u32,
}

/// Runs the tests of the `fuzz` crate, which every test run does with fewer cases.
pub(crate) fn run(options: &Options) -> Result<()> {
    Tool::cargo()
        .args(["test", "--package", "fuzz", "--test", "it"])
        .env("PROPTEST_CASES", options.cases.to_string())
        .hint("the smallest input that fails is printed above: mend the reader, and make it a seed")
        .run()
}
