//! `vagvisare backup` and `vagvisare restore`: the whole registry to one file and back, while nodes serve it.

use super::{control_runtime, registry_store, say};
use registry::store;
use std::path::PathBuf;

/// Arguments of `backup`.
#[derive(Debug, clap::Args)]
pub(super) struct BackupArgs {
    /// Configuration of a node (TOML), with registry.database
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The copy, an SQLite database; must not exist
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

/// Arguments of `restore`.
#[derive(Debug, clap::Args)]
pub(super) struct RestoreArgs {
    /// Configuration of a node (TOML), with registry.database
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// A copy that `backup` has made
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
}

/// Makes a copy.
pub(super) fn backup(args: BackupArgs) -> anyhow::Result<()> {
    let (_, store) = registry_store(&args.config)?;
    let head = control_runtime()?.block_on(store::backup(&store, &args.to))?;
    say(&format!(
        "{} holds version {} of the registry; the last audit hash is {}",
        args.to.display(),
        head.sequence,
        head.hash
    ));
    Ok(())
}

/// Puts a copy back.
pub(super) fn restore(args: RestoreArgs) -> anyhow::Result<()> {
    let (_, store) = registry_store(&args.config)?;
    let restored = control_runtime()?.block_on(store::restore(&store, &args.from))?;
    say(&format!(
        "the registry is at version {} again; version {} is gone",
        restored.version, restored.replaced
    ));
    Ok(())
}
