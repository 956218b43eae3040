//! `vagvisare key new`: makes an API key. The key is shown once; only its hash is kept, in the registry document.

use super::say;
use identity::api_key::{self, Pepper};
use std::fmt::Write;
use std::path::PathBuf;

/// Arguments of `key`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a key and print what to put into the registry document
    New {
        /// Stable id of the application that the key is for
        #[arg(long)]
        application: String,
        /// Environment in the key's text, such as prod or test
        #[arg(long, default_value = "prod")]
        environment: String,
        /// The node's pepper file (identity.pepper_file of its configuration); made when missing
        #[arg(long, value_name = "FILE")]
        pepper: PathBuf,
    },
}

/// Runs the command.
pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let Command::New {
        application,
        environment,
        pepper,
    } = args.command;
    let pepper = Pepper::load_or_create(&pepper)?;
    let key = api_key::generate(&environment, &pepper)?;
    let mut text = String::new();
    writeln!(
        text,
        "The key of {application}; it is not shown again:\n\n    {}\n",
        key.text.expose()
    )?;
    writeln!(text, "In the registry document, under the application:\n")?;
    writeln!(
        text,
        "    [[applications.keys]]\n    id = \"{}\"\n    hash = \"{}\"",
        key.id,
        hex(&key.hash)
    )?;
    say(&text);
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
