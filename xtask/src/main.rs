//! Development tasks, each one command: `cargo xtask test`, `cargo xtask ci`, `cargo xtask openapi`.
//!
//! Few dependencies on purpose: this program is built before anything else can be checked.

#![expect(clippy::print_stdout, reason = "a command line tool talks to the person who runs it")]

mod ci;
mod command;
mod faults;
mod fuzz;
mod leftovers;
mod openapi;
mod schemathesis;
mod test;
mod tidy;
mod tools;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Development tasks of Vägvisare.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install the real servers the tests need where they are missing, then run every test
    Test(test::Options),
    /// Everything that continuous integration checks: tidiness, format, lints, documentation, OpenAPI, tests
    Ci(ci::Options),
    /// Mutated input against every reader of what strangers write
    Fuzz(fuzz::Options),
    /// The long tests: processes and databases killed under load, many changes, what that takes
    Faults(faults::Options),
    /// Write the published OpenAPI documents under openapi/, or check that they are up to date
    Openapi(openapi::Options),
    /// Every API that a running node documents, tried against its document by schemathesis
    Schemathesis(schemathesis::Options),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Test(options) => test::run(&options),
        Task::Ci(options) => ci::run(&options),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::Faults(options) => faults::run(&options),
        Task::Openapi(options) => openapi::run(&options),
        Task::Schemathesis(options) => schemathesis::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            println!("error: {problem:#}");
            ExitCode::FAILURE
        }
    }
}
