//! `vagvisare init`: a registry's database with its first organisation and its first member, whose key is shown once.

use super::{control_runtime, registry_store, say};
use crate::governed::{Founder, found};
use anyhow::Context;
use document::{Problems, Source};
use identity::api_key::Pepper;
use std::path::{Path, PathBuf};

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Configuration of a node (TOML), with registry.database and identity.pepper_file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Id of the organisation that runs the gateway
    #[arg(long, default_value = "operator", value_name = "ID")]
    organisation: String,
    /// Its name
    #[arg(long, default_value = "Operator", value_name = "NAME")]
    name: String,
    /// Make another operator in a registry that has one, for when every key is lost
    #[arg(long)]
    again: bool,
}

/// Runs the command.
pub(super) fn run(args: Args) -> anyhow::Result<()> {
    // Before the configuration is checked, which asks for a pepper that is there: a new registry has none yet.
    let pepper = Pepper::load_or_create(&pepper_file(&args.config)?)?;
    let (_, store) = registry_store(&args.config)?;
    let founder = Founder {
        organisation: &args.organisation,
        name: &args.name,
        again: args.again,
    };
    let key = control_runtime()?.block_on(found(&store, &founder, pepper))?;
    say(&format!(
        "The operator's key; it is not shown again:\n\n    {key}\n\n\
         Start a node with vagvisare serve --config {}, and register the first agency: README.md, section Agency.",
        args.config.display()
    ));
    Ok(())
}

fn pepper_file(config: &Path) -> anyhow::Result<PathBuf> {
    let source = Source::load(config).map_err(|error| anyhow::anyhow!("{}", Problems::from(error).render()))?;
    let unread = Problems::new();
    source
        .table(&unread)
        .table("identity")
        .optional_path("pepper_file")
        .context("identity.pepper_file is missing; keys are hashed with it")
}
