//! `vagvisare check FILE...`: reads documents as the gateway would, and says everything that is wrong with them.

use super::{complain, say};
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Configuration files or registry documents (TOML)
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// Exit code 0: all are good; 64: at least one is not.
pub(super) fn run(args: &Args) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for file in &args.files {
        match crate::check::check_file(file) {
            Ok(kind) => say(&format!("{}: a good {kind}", file.display())),
            Err(problems) => {
                complain(&problems.render());
                code = ExitCode::from(64);
            }
        }
    }
    code
}
