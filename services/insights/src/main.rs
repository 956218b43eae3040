//! Insights alone: `insights --listen 127.0.0.1:0`.

use clap::Parser;
use insights::{InsightsConfig, service};

/// What people say of their contacts with authorities.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    #[command(flatten)]
    host: service_host::Args,

    /// Where answers are kept: sqlite:PATH or postgres://..; a file in the data directory if left out.
    #[arg(long, value_name = "ADDRESS")]
    database: Option<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Cli { host, database } = Cli::parse();
    let file = host.data_dir.join("insights.sqlite");
    let database = database.unwrap_or_else(|| format!("sqlite:{}", file.display()));
    let service = service(InsightsConfig { database }).await?;
    service_host::run(host, service).await
}
