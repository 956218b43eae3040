//! Channels alone: `channels --listen 127.0.0.1:0 --case-status http://127.0.0.1:8101`.

use std::time::Duration;

use channels::{Channels, ChannelsConfig};
use clap::Parser;

/// Subscriptions: signed webhooks and event streams that tell when a person's case changes.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    #[command(flatten)]
    host: service_host::Args,

    /// Base URL of the case status service.
    #[arg(long, value_name = "URL")]
    case_status: String,

    /// `sqlite:PATH` or `postgres://..`; a file in the data directory when it is not given.
    #[arg(long, value_name = "ADDRESS")]
    database: Option<String>,

    /// How often cases that somebody follows are read, in seconds.
    #[arg(long, default_value_t = 900, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    refresh: u64,

    /// Let webhooks go to private addresses and over plain HTTP: for development only.
    #[arg(long)]
    allow_private_network: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let database = cli
        .database
        .unwrap_or_else(|| format!("sqlite:{}", cli.host.data_dir.join("channels.sqlite").display()));
    let channels = Channels::open(ChannelsConfig {
        refresh: Duration::from_secs(cli.refresh),
        allow_private_network: cli.allow_private_network,
        ..ChannelsConfig::new(database, cli.case_status)
    })
    .await?;
    let _running = channels.run();
    service_host::run(cli.host, channels.service()).await
}
