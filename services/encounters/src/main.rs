//! Encounters alone: `encounters --listen 127.0.0.1:0`.

use clap::Parser;
use encounters::{EncountersConfig, service};
use std::path::PathBuf;

/// Call-backs and meetings: book a time that an agency offers.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    #[command(flatten)]
    host: service_host::Args,

    /// Where bookings are kept: sqlite:PATH or postgres://..; a file in the data directory if left out.
    #[arg(long, value_name = "ADDRESS")]
    database: Option<String>,

    /// The key that numbers are encrypted with, 32 bytes; made in the data directory if left out.
    #[arg(long, value_name = "FILE")]
    number_key: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Cli {
        host,
        database,
        number_key,
    } = Cli::parse();
    let file = host.data_dir.join("encounters.sqlite");
    let config = EncountersConfig {
        database: database.unwrap_or_else(|| format!("sqlite:{}", file.display())),
        number_key: number_key.unwrap_or_else(|| host.data_dir.join("number.key")),
    };
    let service = service(config).await?;
    service_host::run(host, service).await
}
