//! `vagvisare revoke`: takes back what was given. Written to the token service's database; every node refuses within a
//! second, whatever its registry says.

use super::{control_runtime, say};
use crate::check;
use anyhow::{Context, bail};
use clap::ValueEnum;
use database::Database;
use document::Source;
use identity::revocation::Kind;
use identity::service::{MIGRATIONS, revoke};
use std::path::PathBuf;

/// Arguments of `revoke`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Configuration of a node, whose identity.service names the database
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// What to revoke
    #[arg(value_enum)]
    what: What,
    /// The token's jti, the application's id, CLIENT/KEY for a credential, the agreement's id, the API key's id
    #[arg(allow_hyphen_values = true)]
    subject: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    Token,
    Client,
    Credential,
    Agreement,
    ApiKey,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let kind = match args.what {
        What::Token => Kind::Token,
        What::Client => Kind::Client,
        What::Credential => Kind::Credential,
        What::Agreement => Kind::Agreement,
        What::ApiKey => Kind::ApiKey,
    };
    if matches!(args.what, What::Credential) && !args.subject.contains('/') {
        bail!("a credential is named CLIENT/KEY: the application's id and the kid or the secret's id");
    }
    let source = Source::load(&args.config).map_err(document::Problems::from);
    let read = source.and_then(|source| check::read(&source));
    let checked = read.map_err(|problems| anyhow::anyhow!("{}", problems.render()))?;
    let service = checked.config.identity.service;
    let service = service.context("the configuration has no identity.service, so there is nothing to revoke from")?;
    control_runtime()?.block_on(async {
        let database = Database::open(&service.database, &[MIGRATIONS]).await?;
        revoke(&database, kind, &args.subject).await
    })?;
    say(&format!("revoked: {} {}", kind.name(), args.subject));
    Ok(())
}
