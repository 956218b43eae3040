//! `vagvisare backup` and `vagvisare restore`: the whole registry, and what is counted against quotas, to one file and back,
//! while nodes serve it.

use super::{control_runtime, registry_store, say};
use crate::quota_ledger::carry_over;
use anyhow::Context;
use registry::store;
use std::path::{Path, PathBuf};

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
    let (config, store) = registry_store(&args.config)?;
    let file = args.to.display();
    control_runtime()?.block_on(async {
        let head = store::backup(&store, &args.to).await?;
        let counters = carry(config.quota_ledger.as_deref(), |ledger| (ledger, copy(&args.to))).await;
        let counters = counters.with_context(|| format!("{file} lacks what is counted against quotas: remove it"))?;
        say(&format!(
            "{file} holds version {} of the registry and {counters} counters of quotas; the last audit hash is {}",
            head.sequence, head.hash
        ));
        Ok(())
    })
}

/// Puts a copy back.
pub(super) fn restore(args: RestoreArgs) -> anyhow::Result<()> {
    let (config, store) = registry_store(&args.config)?;
    control_runtime()?.block_on(async {
        let restored = store::restore(&store, &args.from).await?;
        let counters = carry(config.quota_ledger.as_deref(), |ledger| (copy(&args.from), ledger)).await;
        let counters = counters.context("the registry is put back, and what is counted against quotas is not: try again")?;
        say(&format!(
            "the registry is at version {} again; version {} is gone; {counters} counters of quotas are at least where they were",
            restored.version, restored.replaced
        ));
        Ok(())
    })
}

/// What is counted against quotas, between the ledger and a copy.
async fn carry(ledger: Option<&str>, between: impl FnOnce(String) -> (String, String)) -> anyhow::Result<usize> {
    let Some(ledger) = ledger else { return Ok(0) };
    let (from, to) = between(ledger.to_owned());
    Ok(carry_over(&from, &to).await?)
}

fn copy(file: &Path) -> String {
    format!("sqlite:{}", file.display())
}
