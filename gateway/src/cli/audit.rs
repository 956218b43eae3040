//! `vagvisare audit verify`: walks the registry's audit trail and says what is wrong with it.

use super::{complain, control_runtime, registry_store, say};
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `audit`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Find entries that were changed or are missing, and objects that are not what their last entry says
    Verify {
        /// Configuration of a node (TOML), with registry.database
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// A hash that an earlier run has shown: the trail must still hold it
        #[arg(long, value_name = "HASH")]
        expect: Option<String>,
    },
}

/// Runs the command: 0 when all is well, 2 when the trail is broken, 1 when it could not be read.
pub(super) fn run(args: Args) -> ExitCode {
    let Command::Verify { config, expect } = args.command;
    match verify(&config, expect.as_deref()) {
        Ok(code) => code,
        Err(error) => {
            complain(&format!("vagvisare: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn verify(config: &std::path::Path, expect: Option<&str>) -> anyhow::Result<ExitCode> {
    let (_, store) = registry_store(config)?;
    let (report, holds) = control_runtime()?.block_on(async {
        let report = registry::audit::verify(&store).await?;
        let holds = match expect {
            Some(hash) => registry::audit::holds(&store, hash).await?,
            None => true,
        };
        anyhow::Ok((report, holds))
    })?;
    for fault in &report.faults {
        complain(&fault.to_string());
    }
    if !holds {
        complain("the trail does not hold the expected hash: it is not the one that was seen then");
    }
    if !report.faults.is_empty() || !holds {
        return Ok(ExitCode::from(2));
    }
    say(&format!(
        "ok: {} entries, {} objects; the last hash is {}",
        report.entries,
        report.objects,
        if report.head.is_empty() { "none" } else { &report.head }
    ));
    Ok(ExitCode::SUCCESS)
}
