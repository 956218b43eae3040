//! `load-tests tokens`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use load_tests::tokens::{self, Settings};

use super::{duration, write};

/// What to measure.
#[derive(Args)]
pub(crate) struct TokenOptions {
    /// The gateway's program, as it ships: `cargo build --profile dist` makes it
    #[arg(long, default_value = "target/dist/vagvisare")]
    gateway: PathBuf,
    /// Turns of each algorithm
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Length of one turn
    #[arg(long, default_value = "5s", value_parser = duration)]
    turn: Duration,
    /// How many clients ask at the same time
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Where assertions are used up: sqlite:PATH or postgres://..; default: an SQLite of the run's own
    #[arg(long)]
    database: Option<String>,
    /// Write the figures to this file as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

impl TokenOptions {
    /// Measures; a request that gets no token is an error.
    pub(crate) async fn run(self) -> Result<()> {
        let settings = Settings {
            gateway: self.gateway,
            rounds: self.rounds,
            turn: self.turn,
            connections: self.connections,
            database: self.database,
        };
        let outcome = tokio::select! {
            outcome = tokens::run(&settings, |line| println!("{line}")) => outcome?,
            // Dropping the run ends every server that it started.
            _ = tokio::signal::ctrl_c() => bail!("stopped; nothing was measured to the end"),
        };
        print!("\n{}", outcome.text);
        write(self.json.as_deref(), &outcome.json)
    }
}
