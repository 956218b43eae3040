//! The load generator's command line: `run` against one target, `ladder` for the comparison, `origin` to serve a small
//! backend.

#![expect(clippy::print_stdout, reason = "a command line tool talks to the person who runs it")]

mod cli;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand};
use cli::{GrowthOptions, ScaleOptions, TokenOptions, duration, write};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use load_tests::generator::{self, Pace, Plan};
use load_tests::instructions::{self, Budget};
use load_tests::origin::Origin;
use load_tests::report::{Cost, Report};
use load_tests::target::Target;
use load_tests::{cases, ladder, process};

/// A comparison with more failed requests than this share has no figures worth quoting.
const MOST_FAILED: f64 = 0.0001;

/// Load on this machine's loopback interface, and what it costs.
#[derive(Parser)]
#[command(name = "load-tests")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Put one target under load and report rate, latency, errors and cost
    Run(Box<RunOptions>),
    /// Compare the gateway with other proxies at the same work, rung by rung: CPU a request, latency, memory
    Ladder(LadderOptions),
    /// Count the gateway's instructions and allocations a request under valgrind, and hold them against a budget
    Instructions {
        /// The gateway's program, as it ships: `cargo build --profile dist` makes it
        #[arg(long, default_value = "target/dist/vagvisare")]
        gateway: PathBuf,
        /// What a request may cost; more is an error
        #[arg(long)]
        budget: Option<PathBuf>,
        /// Write what was counted to this file, as the next budget
        #[arg(long)]
        write_budget: Option<PathBuf>,
        /// Count this rung only; may be given several times
        #[arg(long)]
        rung: Vec<String>,
        /// Keep what callgrind writes in this folder, as RUNG.callgrind for callgrind_annotate
        #[arg(long)]
        listings: Option<PathBuf>,
    },
    /// Ask case status about many people over many sources, of which some are slow and some fail; judge every answer
    Cases(CasesOptions),
    /// Measure how the cost of a request grows with routes, applications, agreements, connections, bodies and nodes
    Growth(GrowthOptions),
    /// Measure what an access token costs, by signing algorithm: CPU a token, tokens a second and core
    Tokens(TokenOptions),
    /// Compute what a country's load needs, name the weakest part, and simulate its failure
    Scale(Box<ScaleOptions>),
    /// Serve 1 KiB of JSON on a loopback address, as a backend for the gateway
    Origin {
        /// Where to listen; port 0 takes a free one
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
    },
}

#[derive(Args)]
struct RunOptions {
    /// What to call, for example http://127.0.0.1:8080/case-status/v1/cases
    #[arg(long)]
    target: Target,
    /// Requests a second, sent on schedule whatever the answers do; without it: as fast as the answers come
    #[arg(long)]
    rate: Option<u32>,
    /// For how long, for example 10s or 500ms
    #[arg(long, default_value = "10s", value_parser = duration)]
    duration: Duration,
    /// How many connections
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// An API key to send with each request (X-Api-Key)
    #[arg(long, conflicts_with = "token")]
    key: Option<String>,
    /// An access token to send with each request (Authorization: Bearer)
    #[arg(long)]
    token: Option<String>,
    /// The status that counts as success
    #[arg(long, default_value_t = 200)]
    expect: u16,
    /// Account the CPU time and memory of this process and its children
    #[arg(long)]
    pid: Option<u32>,
    /// Write the report to this file as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Args)]
struct LadderOptions {
    /// The gateway's program, as it ships: `cargo build --profile dist` makes it
    #[arg(long, default_value = "target/dist/vagvisare")]
    gateway: PathBuf,
    /// Only these rungs, by name; default: all
    #[arg(long, value_delimiter = ',')]
    rungs: Vec<String>,
    /// Shares of its own maximum, in percent, at which each server's latency is measured
    #[arg(long, value_delimiter = ',', default_value = "30,60,80", value_parser = clap::value_parser!(u8).range(1..=100))]
    paces: Vec<u8>,
    /// Turns of each server at each pace
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Length of one turn
    #[arg(long, default_value = "3s", value_parser = duration)]
    turn: Duration,
    /// How many connections
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Measure the gateway without its peers
    #[arg(long)]
    alone: bool,
    /// Write the figures to this file as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    /// Draw the cost of each rung into this file (SVG)
    #[arg(long)]
    svg: Option<PathBuf>,
}

#[derive(Args)]
struct CasesOptions {
    /// The service's program: `cargo build --profile dist -p case-status` makes it
    #[arg(long, default_value = "target/dist/case-status")]
    case_status: PathBuf,
    /// How many people ask
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    people: u32,
    /// How many sources there are; each twentieth fails
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    sources: u32,
    /// How often each person asks
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Requests a second, sent on schedule whatever the answers do
    #[arg(long, default_value_t = 150, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// When sources must have answered
    #[arg(long, default_value = "1s", value_parser = duration)]
    deadline: Duration,
    /// The most memory that the service may take, in MiB
    #[arg(long, default_value_t = 400)]
    most_mib: u64,
    /// Write the figures to this file as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
    match dispatch(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            println!("error: {problem:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> Result<()> {
    // One thread: what the generator costs is one core at most, and known.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start a runtime")?;
    match command {
        Command::Run(options) => runtime.block_on(run(*options)),
        Command::Ladder(options) => runtime.block_on(climb(options)),
        Command::Instructions {
            gateway,
            budget,
            write_budget,
            rung,
            listings,
        } => {
            let files = Budgets {
                held_against: budget,
                written: write_budget,
            };
            runtime.block_on(count(&gateway, &files, &rung, listings.as_deref()))
        }
        Command::Cases(options) => runtime.block_on(ask_about_cases(options)),
        Command::Growth(options) => runtime.block_on(options.run()),
        Command::Tokens(options) => runtime.block_on(options.run()),
        Command::Scale(options) => options.run(),
        Command::Origin { listen } => runtime.block_on(serve_origin(listen)),
    }
}

async fn ask_about_cases(asked: CasesOptions) -> Result<()> {
    let options = cases::Options {
        case_status: asked.case_status,
        people: asked.people,
        sources: asked.sources,
        rounds: asked.rounds,
        rate: asked.rate,
        deadline: asked.deadline,
        most_mib: asked.most_mib,
    };
    let outcome = cases::run(&options).await?;
    let text = serde_json::to_string_pretty(&outcome)?;
    println!("{text}");
    if let Some(file) = asked.json {
        std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    match outcome.breaches(&options).as_slice() {
        [] => Ok(()),
        breaches => bail!(breaches.join("\n")),
    }
}

async fn serve_origin(listen: SocketAddr) -> Result<()> {
    let origin = Origin::bind(listen).await?;
    println!("ready http://{}", origin.address());
    tokio::select! {
        ended = origin.serve() => match ended? {},
        stopped = tokio::signal::ctrl_c() => stopped.context("cannot listen for Ctrl-C"),
    }
}

async fn run(options: RunOptions) -> Result<()> {
    let pace = options
        .rate
        .map_or(Pace::Closed, |per_second| Pace::Open { per_second });
    let plan = Plan {
        callers: [credentials(&options)?].into(),
        pace,
        duration: options.duration,
        connections: options.connections,
        expected: StatusCode::from_u16(options.expect).context("--expect is not an HTTP status")?,
        ..Plan::of(options.target.clone())
    };
    let before = options.pid.map(process::usage).transpose()?;
    let generator = process::of_generator()?;
    let run = generator::run(plan).await?;
    let after = options.pid.map(process::usage).transpose()?;
    let cost = before
        .zip(after)
        .map(|(before, after)| Cost::between(before, after, &run));
    let report = Report::new(
        pace,
        options.connections,
        &run,
        process::of_generator()?.saturating_sub(generator),
        cost,
    );
    print!("{}", report.text());
    let json = serde_json::to_string_pretty(&report).context("cannot write the report as JSON")?;
    write(options.json.as_deref(), &json)?;
    match run.measured.failed() {
        0 => Ok(()),
        failed => bail!("{failed} request(s) failed"),
    }
}

async fn climb(options: LadderOptions) -> Result<()> {
    let settings = ladder::Settings {
        gateway: options.gateway,
        rungs: options.rungs,
        shares: options
            .paces
            .iter()
            .map(|percent| f64::from(*percent) / 100.0)
            .collect(),
        rounds: options.rounds,
        turn: options.turn,
        connections: options.connections,
        alone: options.alone,
    };
    let outcome = tokio::select! {
        outcome = ladder::run(&settings, |turn| println!("{turn}")) => outcome?,
        // Dropping the run ends every server that it started.
        _ = tokio::signal::ctrl_c() => bail!("stopped; nothing was measured to the end"),
    };
    println!("\n{}", outcome.text);
    write(options.json.as_deref(), &outcome.json)?;
    write(options.svg.as_deref(), &outcome.svg)?;
    if outcome.failed_share > MOST_FAILED {
        bail!(
            "{:.3} % of the requests failed, more than {} %",
            outcome.failed_share * 100.0,
            MOST_FAILED * 100.0
        );
    }
    Ok(())
}

/// The budget to hold against, and where to write the next one.
struct Budgets {
    held_against: Option<PathBuf>,
    written: Option<PathBuf>,
}

async fn count(gateway: &Path, budgets: &Budgets, rungs: &[String], listings: Option<&Path>) -> Result<()> {
    let budget = budgets.held_against.as_deref().map(Budget::load).transpose()?;
    let rungs = match &budget {
        Some(budget) if rungs.is_empty() => budget.rungs(),
        _ => rungs.to_vec(),
    };
    let tell = |line: &str| println!("{line}");
    let mut costs = instructions::count(gateway, &rungs, listings, tell).await?;
    if let Some(file) = &budgets.written {
        let text = Budget::of(&costs, gateway, compiler()).text()?;
        std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    let Some(budget) = budget else { return Ok(()) };
    let mut verdict = budget.judge(&costs);
    if verdict.exceeded {
        // On a busy machine more of what the worker does by the clock falls on a request: never less than nothing.
        println!("\n{}counting again", verdict.text);
        let again = instructions::count(gateway, &rungs, listings, tell).await?;
        for (cost, again) in costs.iter_mut().zip(again) {
            *cost = cost.least(again);
        }
        verdict = budget.judge(&costs);
    }
    println!("\n{}", verdict.text);
    if verdict.exceeded {
        bail!("a request costs more than its budget: make it cheaper, or change the budget's file and say why");
    }
    Ok(())
}

/// What the compiler on this machine says of itself; empty where there is none.
fn compiler() -> String {
    let said = std::process::Command::new("rustc").arg("--version").output();
    let text = said.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    text.unwrap_or_default().trim().to_owned()
}

fn credentials(options: &RunOptions) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    if let Some(key) = &options.key {
        headers.insert(HeaderName::from_static("x-api-key"), secret(key)?);
    }
    if let Some(token) = &options.token {
        headers.insert(http::header::AUTHORIZATION, secret(&format!("Bearer {token}"))?);
    }
    Ok(headers)
}

fn secret(text: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(text).context("the credential holds characters that no header can carry")?;
    value.set_sensitive(true);
    Ok(value)
}
