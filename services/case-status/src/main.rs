//! Case status alone: `case-status --listen 127.0.0.1:0 --producers FILE`.

use std::path::{Path, PathBuf};

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
    let (read, key) = match producers {
        Some(file) => {
            let read = Producers::load(&file)?;
            let key = read.party_register_key(file.parent().unwrap_or(Path::new(".")))?;
            (read, key)
        }
        None => (Producers::default(), None),
    };
    let register = read.party_register.unwrap_or_default();
    let mut config = CaseStatusConfig::new(read.producers, register, &host.data_dir);
    config.party_register_key = key;
    let service = service(config).await?;
    service_host::run(host, service).await
}
