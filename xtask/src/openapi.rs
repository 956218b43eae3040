//! `cargo xtask openapi`: runs the program that writes the published documents, or checks them for drift.

use anyhow::Result;
use clap::Args;

use crate::command::Tool;

/// Options of `cargo xtask openapi`.
#[derive(Args)]
pub(crate) struct Options {
    /// Change nothing; fail when a document under openapi/ is not what the code says
    #[arg(long)]
    check: bool,
}

/// Builds and runs the `openapi` crate's program.
pub(crate) fn run(options: &Options) -> Result<()> {
    let check = options.check.then_some("--check");
    Tool::cargo()
        .args(["run", "--quiet", "--package", "openapi", "--"])
        .args(check)
        .run()
}
