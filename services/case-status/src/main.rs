//! Case status alone: `case-status --listen 127.0.0.1:0 --producers FILE`.

use std::path::PathBuf;

use case_status::{CaseStatusConfig, Producers, service};
use clap::Parser;

/// Where is my case, and who has the ball: every case of a person, over all agencies.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    #[command(flatten)]
    host: service_host::Args,

    /// The producers of cases and the party register (TOML); without it there are none.
    #[arg(long, value_name = "FILE")]
    producers: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Cli { host, producers } = Cli::parse();
    let Producers {
        party_register,
        producers,
    } = match producers {
        Some(file) => Producers::load(&file)?,
        None => Producers::default(),
    };
    let config = CaseStatusConfig::new(producers, party_register.unwrap_or_default(), &host.data_dir);
    let service = service(config).await?;
    service_host::run(host, service).await
}
