//! `vagvisare export`, `diff` and `apply`: the registry as a document.

use super::{complain, control_runtime, say};
use crate::declared::{self, Declared, Difference, Server, What};
use anyhow::Context;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Exit code of `diff` when the document and the registry differ.
const DIFFERENT: u8 = 2;

/// Where the registry is, and as whom it is called.
#[derive(Debug, clap::Args)]
pub(super) struct Place {
    /// Where the gateway is
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    gateway: String,
    /// File with the key of a member; `-` reads it from standard input
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
}

/// Whose objects are written down, and where.
#[derive(Debug, clap::Args)]
struct Scope {
    #[command(flatten)]
    place: Place,
    /// The only organisation that the document speaks for; otherwise those whose objects it holds
    #[arg(long, value_name = "ID")]
    organisation: Option<String>,
}

/// Arguments of `export`.
#[derive(Debug, clap::Args)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    scope: Scope,
    /// File to write, with OpenAPI documents in a folder beside it; without it the text is printed and they are left out
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Arguments of `diff`.
#[derive(Debug, clap::Args)]
pub(super) struct DiffArgs {
    /// The document (TOML)
    file: PathBuf,
    #[command(flatten)]
    scope: Scope,
}

/// Arguments of `apply`.
#[derive(Debug, clap::Args)]
pub(super) struct ApplyArgs {
    /// The document (TOML)
    file: PathBuf,
    #[command(flatten)]
    scope: Scope,
    /// Return when every node that lives serves it
    #[arg(long)]
    wait: bool,
    /// Say what would be done, and what the registry would refuse of it, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Remove what the organisation has registered and the document does not hold
    #[arg(long, requires = "organisation")]
    prune: bool,
    /// Longest wait for the nodes, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    timeout: u64,
}

impl Place {
    pub(super) fn server(&self) -> anyhow::Result<Server> {
        let key = if self.key_file == Path::new("-") {
            std::io::read_to_string(std::io::stdin())
        } else {
            std::fs::read_to_string(&self.key_file)
        };
        let key = key.with_context(|| format!("{} cannot be read", self.key_file.display()))?;
        Server::new(&self.gateway, key.trim())
    }
}

/// Runs `export`.
pub(super) fn export(args: ExportArgs) -> anyhow::Result<()> {
    let server = args.scope.place.server()?;
    control_runtime()?.block_on(async {
        let organisation = match args.scope.organisation {
            Some(organisation) => Some(organisation),
            None => server.only_organisation().await?,
        };
        let wanted = |owner: &str| organisation.as_deref().is_none_or(|organisation| organisation == owner);
        let known = server.known(wanted).await?;
        let folder = args
            .output
            .as_deref()
            .map(|file| file.parent().unwrap_or(Path::new("")));
        if let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        }
        let text = declared::write(&server, known, folder).await?;
        match &args.output {
            Some(file) => std::fs::write(file, text).with_context(|| format!("{} cannot be written", file.display())),
            None => {
                say(&text);
                Ok(())
            }
        }
    })
}

/// Runs `diff`.
pub(super) fn diff(args: &DiffArgs) -> ExitCode {
    let compared = args.scope.place.server().and_then(|server| {
        let runtime = control_runtime()?;
        runtime.block_on(compare(&server, &args.file, args.scope.organisation.as_deref()))
    });
    match compared {
        Ok((_, differences)) => {
            for difference in &differences {
                say(&difference.to_string());
            }
            ExitCode::from(if differences.is_empty() { 0 } else { DIFFERENT })
        }
        Err(error) => {
            complain(&format!("vagvisare: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Runs `apply`.
pub(super) fn apply(args: &ApplyArgs) -> anyhow::Result<()> {
    let server = args.scope.place.server()?;
    control_runtime()?.block_on(async {
        let (declared, differences) = compare(&server, &args.file, args.scope.organisation.as_deref()).await?;
        if args.dry_run {
            return rehearse(&server, &declared, &differences, args.prune).await;
        }
        let (mut done, mut left) = (0, 0);
        let new = differences.iter().take_while(|one| one.is_new_organisation()).count();
        for (number, difference) in differences.iter().enumerate() {
            if number == new {
                relate(&server, &declared, &differences, done).await?;
            }
            if difference.what == What::Extra && !args.prune {
                left += 1;
                continue;
            }
            say(&difference.to_string());
            one(&server, &declared, difference, done).await?;
            done += 1;
        }
        if new == differences.len() {
            relate(&server, &declared, &differences, done).await?;
        }
        say(&summary(done, "made", left));
        if args.wait {
            let (version, nodes) = declared::wait(&server, Duration::from_secs(args.timeout)).await?;
            say(&format!("version {version} is served by all {nodes} nodes"));
        }
        Ok(())
    })
}

/// Says what would be done; what would be refused is an error.
async fn rehearse(server: &Server, declared: &Declared, differences: &[Difference], prune: bool) -> anyhow::Result<()> {
    let wanted: Vec<&Difference> = differences
        .iter()
        .filter(|one| prune || one.what != What::Extra)
        .collect();
    wanted.iter().for_each(|one| say(&one.to_string()));
    let rehearsed = declared::rehearse(server, &declared.source, &wanted).await;
    let untried = rehearsed.map_err(|why| match why {
        declared::Stopped::Refused(problems) => {
            anyhow::anyhow!(
                "it would be refused, and nothing was done:\n{}",
                problems.render().trim_end()
            )
        }
        declared::Stopped::Failed(error) => error,
    })?;
    untried.iter().for_each(|note| say(note));
    say(&summary(
        wanted.len(),
        "would be made",
        differences.len() - wanted.len(),
    ));
    Ok(())
}

fn summary(done: usize, verb: &str, left: usize) -> String {
    format!("{done} changes {verb}; {left} registered objects are not in the document (--prune removes them)")
}

async fn one(server: &Server, declared: &Declared, difference: &Difference, done: usize) -> anyhow::Result<()> {
    let notes = declared::apply(server, &declared.source, difference).await;
    notes
        .map_err(|why| stopped(why, done))?
        .iter()
        .for_each(|note| say(note));
    Ok(())
}

/// New organisations name each other, now that all are there.
async fn relate(server: &Server, declared: &Declared, differences: &[Difference], done: usize) -> anyhow::Result<()> {
    for difference in differences {
        let related = declared::relate(server, &declared.source, difference).await;
        related.map_err(|why| stopped(why, done))?;
    }
    Ok(())
}

fn stopped(why: declared::Stopped, done: usize) -> anyhow::Error {
    match why {
        declared::Stopped::Refused(problems) => anyhow::anyhow!(
            "stopped after {done} changes, which stay; apply again when it is mended:\n{}",
            problems.render().trim_end()
        ),
        declared::Stopped::Failed(error) => error,
    }
}

async fn compare(
    server: &Server,
    file: &Path,
    organisation: Option<&str>,
) -> anyhow::Result<(Declared, Vec<Difference>)> {
    let own = match organisation {
        Some(organisation) => Some(organisation.to_owned()),
        None => server.only_organisation().await?,
    };
    let declared = declared::read(file, own.as_deref(), organisation)
        .map_err(|problems| anyhow::anyhow!("{}", problems.render().trim_end()))?;
    let wanted = |owner: &str| organisation == Some(owner) || declared.organisations.contains(owner);
    let known = server.known(wanted).await?;
    let differences = declared::differences(&declared, known);
    Ok((declared, differences))
}
