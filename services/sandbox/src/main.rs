//! The sandbox alone: every agency, the test e-identification, the party register and the fault switches on
//! one address.

use clap::Parser;
use sandbox::{DEFAULT_SEED, RelyingParty, SandboxConfig, one_service};

/// Simulated agencies and a test e-identification, with people who do not exist.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    #[command(flatten)]
    host: service_host::Args,

    /// What tokens say as their issuer.
    #[arg(long, default_value = "http://127.0.0.1/test-identity/v0", value_name = "URL")]
    issuer: String,

    /// What people and cases are made from.
    #[arg(long, default_value_t = DEFAULT_SEED)]
    seed: u64,

    /// The moment that time stands still at, such as 2026-11-23T10:00:00Z; without it time goes on.
    #[arg(long, value_name = "TIME")]
    now: Option<jiff::Timestamp>,

    /// An agency that is down from the start; may be given several times.
    #[arg(long, value_name = "AGENCY")]
    down: Vec<String>,

    /// Who may send people to the OpenID provider, and where it sends them back: `ID=URL`. May be given several times.
    #[arg(long, value_name = "ID=URL")]
    relying_party: Vec<RelyingParty>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Cli {
        host,
        issuer,
        seed,
        now,
        down,
        relying_party,
    } = Cli::parse();
    let config = SandboxConfig {
        issuer,
        seed,
        now,
        down,
        relying_parties: relying_party,
        telemetry: host.telemetry(),
        ..SandboxConfig::default()
    };
    let service = one_service(&config)?;
    service_host::run(host, service).await
}
