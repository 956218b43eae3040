//! `vagvisare explain METHOD URL`: which route, agreement and limits would decide about a call, and why. Read from the registry
//! document or database alone: nothing is sent.

use super::{complain, control_runtime, registry_store, say};
use crate::explain::token::{self, Claims};
use crate::explain::{Question, Verdict, explain};
use crate::load;
use crate::publish::{self, Site};
use anyhow::{Context, bail};
use registry::compile::without_broken;
use registry::watch::Picture;
use snapshot::{Draft, Snapshot};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Method of the call, such as GET
    method: http::Method,
    /// Path of the call, or a whole URL; its query decides nothing
    url: String,
    /// Registry document
    #[arg(long, value_name = "FILE", required_unless_present = "config")]
    registry: Option<PathBuf>,
    /// Configuration of a node (TOML) whose registry is a database
    #[arg(long, value_name = "FILE", conflicts_with = "registry")]
    config: Option<PathBuf>,
    /// Stable id of the application that calls; none: the call carries no credential
    #[arg(long, value_name = "ID", conflicts_with = "key")]
    application: Option<String>,
    /// API key, or its public part, of the application that calls; its secret part is not looked at
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Access token of the call; its claims are read, its signature is not checked. `-` reads it from standard input
    #[arg(long, value_name = "TOKEN", conflicts_with_all = ["application", "key", "scopes"])]
    token: Option<String>,
    /// Scope of the caller's token; may be given several times. None: an API key
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// Moment of the call (RFC 3339); now, if not given
    #[arg(long, value_name = "TIME")]
    at: Option<jiff::Timestamp>,
}

/// Exit code 0: the call would reach the backend, as far as the registry decides; 1: it would be refused.
pub(super) fn run(args: Args) -> ExitCode {
    match answer(args) {
        Ok(verdict) => {
            say(&verdict.lines.join("\n"));
            ExitCode::from(u8::from(verdict.refused.is_some()))
        }
        Err(error) => {
            complain(&format!("vagvisare: {error:#}"));
            ExitCode::from(64)
        }
    }
}

fn answer(args: Args) -> anyhow::Result<Verdict> {
    let (draft, snapshot) = match (&args.registry, &args.config) {
        (Some(document), _) => of_document(document)?,
        (None, Some(config)) => of_database(config)?,
        (None, None) => bail!("--registry or --config is needed"),
    };
    let claims = args.token.as_deref().map(claims).transpose()?;
    let application = match (args.application, &args.key) {
        // What is not there is part of the answer: a token may outlive its application.
        _ if claims.is_some() => claims
            .as_ref()
            .and_then(|claims| snapshot.find_application(&claims.client)),
        (Some(id), _) => Some(
            snapshot
                .find_application(&id)
                .with_context(|| format!("the registry has no application {id}"))?,
        ),
        (None, Some(key)) => {
            let id = draft.applications.iter().flat_map(|one| &one.keys);
            let id = id.map(|known| known.id.as_str()).find(|id| is_key(key, id));
            let known = id.and_then(|id| snapshot.find_key(id));
            Some(
                known
                    .context("the registry has no such key, or it is revoked")?
                    .application,
            )
        }
        (None, None) => None,
    };
    let question = Question {
        method: args.method,
        path: path(&args.url)?,
        application,
        scopes: claims.as_ref().map_or(args.scopes, |claims| claims.scopes.clone()),
        token: claims,
        at: args.at.unwrap_or_else(jiff::Timestamp::now).as_second(),
    };
    Ok(explain(&snapshot, &question))
}

fn claims(token: &str) -> anyhow::Result<Claims> {
    if token == "-" {
        return token::read(&std::io::read_to_string(std::io::stdin())?);
    }
    token::read(token)
}

/// With the documents that the gateway itself answers: they are part of what a caller meets.
fn of_document(file: &Path) -> anyhow::Result<(Draft, Snapshot)> {
    let mut registry = load::from_file(file).map_err(|problems| anyhow::anyhow!("{}", problems.render()))?;
    let snapshot = publish::compile(&mut registry, &Site::default())
        .map_err(|problems| anyhow::anyhow!("{}", problems.render()))?;
    Ok((registry.loaded.draft, snapshot))
}

/// What the nodes that follow this database serve of the agencies' APIs; the gateway's own are not in it.
fn of_database(config: &Path) -> anyhow::Result<(Draft, Snapshot)> {
    let (_, store) = registry_store(config)?;
    let mut picture = Picture::default();
    control_runtime()?.block_on(picture.follow(&store))?;
    let mut compiled = picture.draft(jiff::Timestamp::now().as_second());
    let snapshot = without_broken(&mut compiled, |compiled| Snapshot::compile(&compiled.draft))
        .map_err(|problems| anyhow::anyhow!("{} problems in the registry", problems.len()))?;
    for left_out in &compiled.left_out {
        complain(&format!("left out of what is served: {left_out}"));
    }
    Ok((compiled.draft, snapshot))
}

/// Whether the text is this key's public part, or a whole key that holds it between its separators.
fn is_key(text: &str, id: &str) -> bool {
    text == id || text.split(['_', '.']).any(|part| part == id)
}

fn path(url: &str) -> anyhow::Result<String> {
    let uri: http::Uri = url.parse().with_context(|| format!("\"{url}\" is no URL"))?;
    Ok(uri.path().to_owned())
}
