//! Handover alone: `handover --listen 127.0.0.1:0 --agreements FILE`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use handover::agreement::Agreements;
use handover::{HandoverConfig, service};

/// An agency sends a matter on to another with the person's consent.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    #[command(flatten)]
    host: service_host::Args,

    /// Which agencies may hand what over to whom: a TOML file, read at the start.
    #[arg(long, value_name = "FILE")]
    agreements: PathBuf,

    /// Where handovers are kept: sqlite:PATH or postgres://..; a file in the data directory if left out.
    #[arg(long, value_name = "ADDRESS")]
    database: Option<String>,

    /// The key that contents are encrypted with, 32 bytes; made in the data directory if left out.
    #[arg(long, value_name = "FILE")]
    content_key: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let shown = cli.agreements.display().to_string();
    let text = std::fs::read_to_string(&cli.agreements).with_context(|| format!("cannot read {shown}"))?;
    let file = cli.host.data_dir.join("handover.sqlite");
    let config = HandoverConfig {
        database: cli.database.unwrap_or_else(|| format!("sqlite:{}", file.display())),
        content_key: cli.content_key.unwrap_or_else(|| cli.host.data_dir.join("content.key")),
        agreements: Agreements::read(&text).with_context(|| format!("{shown} cannot be used"))?,
    };
    let service = service(config).await?;
    service_host::run(cli.host, service).await
}
