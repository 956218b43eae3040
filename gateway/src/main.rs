//! `vagvisare`: reads the command line, runs the command, turns what went wrong into one line and an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    gateway::cli::run()
}
