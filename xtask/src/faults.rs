//! `cargo xtask faults`: the tests that are too long for every run and say so in an attribute, which tidy knows.

use anyhow::Result;
use clap::Args;

use crate::test;

/// Options of `cargo xtask faults`.
#[derive(Args)]
pub(crate) struct Options {
    /// Passed on to `cargo test`, for example `-p gateway`; default: the whole workspace
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "CARGO TEST ARGUMENTS"
    )]
    arguments: Vec<String>,
}

/// Runs them one after another, so that each has the machine to itself, and shows what they measured.
pub(crate) fn run(options: &Options) -> Result<()> {
    let selection = if options.arguments.is_empty() {
        vec!["--workspace".to_owned()]
    } else {
        options.arguments.clone()
    };
    let shown = ["--tests", "--", "--ignored", "--nocapture", "--test-threads", "1"];
    let arguments = selection.into_iter().chain(shown.map(str::to_owned)).collect();
    test::run(&test::Options::of(arguments))
}
