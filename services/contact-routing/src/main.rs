//! Contact routing alone: `contact-routing --listen 127.0.0.1:0`; and `contact-routing score FILE`, the report on how well
//! it answers questions whose right answer is known.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Parser, Subcommand};
use contact_routing::{ContactRoutingConfig, engine_from_files, report, service};

/// Whom do I ask: an everyday question gets the responsible organisation and the reason.
#[derive(Debug, Parser)]
#[command(version, about, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    host: service_host::Args,

    /// Where case status is served, so that plans are tied to a person's real cases.
    #[arg(long, value_name = "URL")]
    case_status: Option<String>,

    /// Where organisations' own entries are kept: sqlite:PATH or postgres://..; a file in the data directory if left out.
    #[arg(long, value_name = "ADDRESS")]
    entries: Option<String>,

    /// An organisation that the gateway knows by another id than the directory does; may be given several times.
    #[arg(long, value_name = "GATEWAY_ID=DIRECTORY_ID", value_parser = steward)]
    steward: Vec<(String, String)>,
}

fn steward(text: &str) -> Result<(String, String), &'static str> {
    let (gateway, directory) = text.split_once('=').ok_or("must be GATEWAY_ID=DIRECTORY_ID")?;
    Ok((gateway.to_owned(), directory.to_owned()))
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Score questions with known answers (JSON Lines) and list each miss.
    Score {
        /// The questions.
        file: PathBuf,
    },
    /// Learn the ranking of needs and the sense for emergencies anew, after a change of phrasings, sentences or signs; takes a
    /// minute in a release build.
    Learn {
        /// Where the data are: `phrasings` are read there, `needs-ranking.bin` and `emergency-sense.bin` written.
        #[arg(default_value = "services/contact-routing/data")]
        data: PathBuf,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Cli {
        command,
        host,
        case_status,
        entries,
        steward,
    } = Cli::parse();
    match command {
        Some(Command::Score { file }) => score(&file),
        Some(Command::Learn { data }) => learn(&data),
        None => {
            let database = host.data_dir.join("contact-routing.db");
            let file = host.data_dir.join("directory-entries.sqlite");
            let config = ContactRoutingConfig {
                database,
                entries: entries.unwrap_or_else(|| format!("sqlite:{}", file.display())),
                stewards: steward.into_iter().collect(),
                case_status,
            };
            let service = service(config).await?;
            service_host::run(host, service).await
        }
    }
}

fn learn(data: &std::path::Path) -> anyhow::Result<()> {
    let more = contact_routing::data::phrasings::read(&data.join("phrasings"))?;
    let learned = engine_from_files()?.learn(&more)?;
    for (name, bytes) in [
        ("needs-ranking.bin", learned.ranking),
        ("emergency-sense.bin", learned.sense),
    ] {
        let file = data.join(name);
        std::fs::write(&file, bytes).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

fn score(file: &std::path::Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let golden = report::read(&text).with_context(|| format!("{} is not JSON Lines of questions", file.display()))?;
    let engine = engine_from_files()?;
    let report = report::score(&engine, &golden);
    std::io::stdout().write_all(report.text(true).as_bytes())?;
    Ok(())
}
