//! The assistant's service alone: `mcp --case-status http://127.0.0.1:8101 --contact-routing http://127.0.0.1:8102`.

use clap::Parser;
use mcp::{McpConfig, service};

/// Cases and contacts as tools for a chat assistant (Model Context Protocol).
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    #[command(flatten)]
    host: service_host::Args,

    /// Base URL of the case status service.
    #[arg(long, value_name = "URL")]
    case_status: String,

    /// Base URL of the contact routing service.
    #[arg(long, value_name = "URL")]
    contact_routing: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let service = service(McpConfig {
        case_status: cli.case_status,
        contact_routing: cli.contact_routing,
    })?;
    service_host::run(cli.host, service).await
}
