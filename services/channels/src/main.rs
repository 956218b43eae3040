//! Channels alone: `channels --listen 127.0.0.1:0 --case-status http://127.0.0.1:8101`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, ensure};
use channels::{Channels, ChannelsConfig, ConsentsConfig, SecretKeys};
use clap::Parser;

/// Subscriptions: signed webhooks and event streams that tell when a person's case changes.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    #[command(flatten)]
    host: service_host::Args,

    /// Base URL of the case status service, which is shown the key of --internal-key-file.
    #[arg(long, value_name = "URL")]
    case_status: String,

    /// `sqlite:PATH` or `postgres://..`; a file in the data directory when it is not given.
    #[arg(long, value_name = "ADDRESS")]
    database: Option<String>,

    /// How often cases that somebody follows are read, in seconds.
    #[arg(long, default_value_t = 900, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    refresh: u64,

    /// The key that encrypts secrets (64 hexadecimal digits, mode 0600); without it one is made in the data directory.
    #[arg(long, value_name = "FILE")]
    secrets_key: Option<PathBuf>,

    /// An earlier key: what it encrypted is encrypted anew.
    #[arg(long, value_name = "FILE", requires = "secrets_key")]
    previous_secrets_key: Vec<PathBuf>,

    /// Where to ask whether people still consent: `/consents/checks` of the gateway's party register.
    #[arg(long, value_name = "URL", requires_all = ["organisation", "consents_key_file"])]
    consents: Option<String>,

    /// What the register asks to be shown.
    #[arg(long, value_name = "FILE", requires = "consents")]
    consents_key_file: Option<PathBuf>,

    /// The organisation whose service this is: people are known by its ids.
    #[arg(long, value_name = "ID")]
    organisation: Option<String>,

    /// How long a receiver may take to answer, in seconds. What a killed worker had in hand is sent again, under the same
    /// id, after three times this and two seconds more each.
    #[arg(long, default_value_t = 15, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=60))]
    patience: u64,

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
    let keys = match &cli.secrets_key {
        Some(file) => SecretKeys::load(file, &cli.previous_secrets_key)?,
        None => {
            std::fs::create_dir_all(&cli.host.data_dir)?;
            ensure!(
                !database.starts_with("postgres"),
                "--secrets-key is needed: nodes that share a database share the key"
            );
            SecretKeys::load_or_create(&cli.host.data_dir.join("channels-key"))?
        }
    };
    let consents = match (cli.consents, cli.consents_key_file) {
        (Some(url), Some(file)) => Some(ConsentsConfig {
            url,
            key: std::fs::read_to_string(&file)
                .with_context(|| format!("{} cannot be read", file.display()))?
                .trim()
                .to_owned(),
            organisation: cli.organisation.unwrap_or_default(),
            allow_unknown: false,
        }),
        _ => None,
    };
    let channels = Channels::open(ChannelsConfig {
        internal_key: cli.host.internal_key()?,
        refresh: Duration::from_secs(cli.refresh),
        allow_private_network: cli.allow_private_network,
        patience: Duration::from_secs(cli.patience),
        consents,
        ..ChannelsConfig::new(database, cli.case_status, keys)
    })
    .await?;
    let _running = channels.run();
    service_host::run(cli.host, channels.service()).await
}
