//! The command line: one file a command. Only here is anything printed.

mod audit;
mod backup;
mod check;
mod declared;
mod demo;
mod explain;
mod init;
mod key;
mod keygen;
mod lint;
mod maintain;
mod revoke;
mod serve;
mod token;
mod trace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Exit code of a command line that is not understood (`EX_USAGE`); 2 is an answer of `diff`.
const USAGE: u8 = 64;

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "vagvisare",
    version,
    about = "An open API gateway for public services",
    max_term_width = 100,
    arg_required_else_help = true
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start everything in this process on loopback, and print six calls to paste
    Demo(demo::Args),
    /// Start the gateway from a configuration file
    Serve(serve::Args),
    /// Check configuration and registry documents; every problem is reported at once
    Check(check::Args),
    /// Check an OpenAPI document against the national REST profile and against the version that callers know
    Lint(lint::Args),
    /// Say which route, agreement and limits would decide about a call, and why
    Explain(explain::Args),
    /// Make API keys
    Key(key::Args),
    /// Make a key pair for an application, and print the next call
    Keygen(keygen::Args),
    /// Revoke a token, a client, a key, an agreement: refused on every node within a second
    Revoke(revoke::Args),
    /// Get an access token with an application's key, and print it
    Token(token::Args),
    /// Begin a registry: its database, its operator, and the operator's key
    Init(init::Args),
    /// Check the registry's audit trail
    Audit(audit::Args),
    /// Copy the registry to a file, while nodes serve it
    Backup(backup::BackupArgs),
    /// Put a copy of the registry back, while nodes serve it
    Restore(backup::RestoreArgs),
    /// Write down what is registered, as a document for diff and apply
    Export(declared::ExportArgs),
    /// Compare a document with what is registered; exit 2 when they differ
    Diff(declared::DiffArgs),
    /// Register what a document says, by the registry's API
    Apply(declared::ApplyArgs),
    /// Take an API aside for work, and back, by the registry's API
    Maintain(maintain::Args),
    /// Show a trace as a tree with times
    Trace(trace::Args),
}

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return explain_usage(&error),
    };
    let result = match cli.command {
        Command::Demo(args) => demo::run(args),
        Command::Serve(args) => serve::run(args),
        Command::Check(args) => return check::run(&args),
        Command::Lint(args) => return lint::run(&args),
        Command::Explain(args) => return explain::run(args),
        Command::Key(args) => key::run(args),
        Command::Keygen(args) => keygen::run(&args),
        Command::Revoke(args) => revoke::run(&args),
        Command::Token(args) => token::run(&args),
        Command::Init(args) => init::run(args),
        Command::Audit(args) => return audit::run(args),
        Command::Backup(args) => backup::backup(args),
        Command::Restore(args) => backup::restore(args),
        Command::Export(args) => declared::export(args),
        Command::Diff(args) => return declared::diff(&args),
        Command::Apply(args) => declared::apply(&args),
        Command::Maintain(args) => maintain::run(&args),
        Command::Trace(args) => trace::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("vagvisare: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Help and version as clap has them; a mistake as one line.
fn explain_usage(error: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind::{DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion};
    if matches!(error.kind(), DisplayHelp | DisplayVersion) {
        say(&error.to_string());
        return ExitCode::SUCCESS;
    }
    if error.kind() == DisplayHelpOnMissingArgumentOrSubcommand {
        complain(&error.to_string());
        return ExitCode::from(USAGE);
    }
    let text = error.to_string();
    let line: Vec<&str> = text
        .lines()
        .take_while(|line| !line.trim().is_empty())
        .map(str::trim)
        .collect();
    let line = line.join(" ");
    complain(&format!(
        "vagvisare: {} (see vagvisare --help)",
        line.strip_prefix("error: ").unwrap_or(&line)
    ));
    ExitCode::from(USAGE)
}

/// The registry's store that a configuration names.
fn registry_store(file: &std::path::Path) -> anyhow::Result<(crate::config::Config, registry::store::Store)> {
    let read = document::Source::load(file)
        .map_err(document::Problems::from)
        .and_then(|source| {
            let problems = document::Problems::new();
            let config = crate::config::read(&source, &problems);
            problems.or_ok(config)
        });
    let config = read.map_err(|problems| anyhow::anyhow!("{}", problems.render()))?;
    let Some(store) = &config.registry.store else {
        anyhow::bail!("{} names no registry.database", file.display());
    };
    let store = registry::store::Store::at(&store.address);
    Ok((config, store))
}

/// An address to listen on; a port alone or a host's name is answered with what is wanted instead.
fn listen_address(text: &str) -> Result<std::net::SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "give an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080; port 0 takes a free one")
}

/// To standard output; a reader that has left is not an error.
fn say(text: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{}", text.trim_end());
    let _ = out.flush();
}

/// To standard error.
fn complain(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr().lock(), "{}", text.trim_end());
}

/// The runtime of the control side. Worker threads of the data plane have their own.
fn control_runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("control")
        .enable_all()
        .build()?)
}

/// Messages of the control side and of errors; requests are in the access log.
fn start_log() {
    use std::io::IsTerminal;
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| {
        EnvFilter::new(
            "warn,gateway=info,edge=info,hyper=error,opentelemetry=off,opentelemetry_sdk=off,opentelemetry_otlp=off",
        )
    });
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .try_init();
}
