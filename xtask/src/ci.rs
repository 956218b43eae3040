//! `cargo xtask ci`: every check, each one command that a developer can type, timed and summed up.
//!
//! Cheap checks come first. `clippy` and `doc` share the metadata of dependencies; the OpenAPI check, the load scenario
//! and the tests share compiled code, so that a dependency is compiled once for each of the two.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::command::{Tool, find};
use crate::{test, tidy, tools, workspace};

/// Options of `cargo xtask ci`.
#[derive(Args)]
pub(crate) struct Options {
    /// Run only these steps, by name; `shipped` is run only so
    #[arg(value_name = "STEP", value_parser = clap::builder::PossibleValuesParser::new(STEPS.iter().map(|step| step.name)))]
    only: Vec<String>,
}

struct Step {
    name: &'static str,
    run: fn() -> Result<Verdict>,
    /// Takes too long for every run.
    only_by_name: bool,
}

impl Step {
    const fn new(name: &'static str, run: fn() -> Result<Verdict>) -> Self {
        Self {
            name,
            run,
            only_by_name: false,
        }
    }
}

/// How a step without a fault ended.
enum Verdict {
    Passed,
    /// The program for it is not installed; its step has said so.
    NotChecked,
}

const STEPS: [Step; 11] = [
    Step::new("tidy", tidy),
    Step::new("fmt", fmt),
    Step::new("no-ring", no_ring),
    Step::new("deny", deny),
    Step::new("clippy", clippy),
    Step::new("doc", doc),
    Step::new("openapi", openapi),
    Step::new("load", load),
    Step::new("instructions", instructions),
    Step::new("test", tests),
    Step {
        only_by_name: true,
        ..Step::new("shipped", shipped)
    },
];

const FAILED: &str = "FAILED";

/// Runs every step that is for every run, or those that are named, also after one failed, so that one run tells all there is to mend.
pub(crate) fn run(options: &Options) -> Result<()> {
    let chosen: Vec<&Step> = STEPS
        .iter()
        .filter(|step| match options.only.as_slice() {
            [] => !step.only_by_name,
            only => only.iter().any(|name| name == step.name),
        })
        .collect();
    let began = Instant::now();
    let mut rows = Vec::new();
    for step in chosen {
        println!("\n=== {}", step.name);
        let started = Instant::now();
        let outcome = (step.run)();
        if let Err(problem) = &outcome {
            println!("error: {problem:#}");
        }
        let word = match outcome {
            Ok(Verdict::Passed) => "ok",
            Ok(Verdict::NotChecked) => "not checked",
            Err(_) => FAILED,
        };
        rows.push((step.name, word, started.elapsed()));
    }
    println!("\n=== summary");
    for (name, word, taken) in &rows {
        println!("{name:<8} {word:<12} {:>6.1} s", taken.as_secs_f64());
    }
    println!("{:<8} {:<12} {:>6.1} s", "all", "", began.elapsed().as_secs_f64());
    let failed: Vec<&str> = rows.iter().filter(|row| row.1 == FAILED).map(|row| row.0).collect();
    if !failed.is_empty() {
        bail!(
            "{} failed; each alone: `cargo xtask ci {}`",
            failed.join(", "),
            failed.join(" ")
        );
    }
    Ok(())
}

fn tidy() -> Result<Verdict> {
    tidy::run()?;
    Ok(Verdict::Passed)
}

fn fmt() -> Result<Verdict> {
    Tool::cargo()
        .args(["fmt", "--all", "--check"])
        .hint("`cargo fmt --all` mends it")
        .run()?;
    Ok(Verdict::Passed)
}

fn clippy() -> Result<Verdict> {
    Tool::cargo()
        .args([
            "clippy",
            "--locked",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ])
        .run()?;
    Ok(Verdict::Passed)
}

fn doc() -> Result<Verdict> {
    Tool::cargo()
        .args([
            "doc",
            "--locked",
            "--workspace",
            "--no-deps",
            "--document-private-items",
        ])
        .env("RUSTDOCFLAGS", "-D warnings")
        .run()?;
    Ok(Verdict::Passed)
}

/// Two crypto providers in one program make rustls panic at its first handshake; `ring` is the one that slips in.
fn no_ring() -> Result<Verdict> {
    let lock = std::fs::read_to_string(workspace::root().join("Cargo.lock")).context("cannot read Cargo.lock")?;
    if !lock.contains("name = \"ring\"") {
        println!("ring is not even in Cargo.lock");
        return Ok(Verdict::Passed);
    }
    let tree = Tool::cargo()
        .args(["tree", "--locked", "--workspace", "--invert", "ring"])
        .output()?;
    if !tree.trim().is_empty() {
        bail!("a dependency brings ring, a second crypto provider beside aws-lc-rs:\n{tree}");
    }
    println!("ring is in Cargo.lock for other platforms only");
    Ok(Verdict::Passed)
}

fn deny() -> Result<Verdict> {
    if find("cargo-deny").is_none() {
        println!("not checked: cargo-deny is not installed (`cargo install --locked cargo-deny` takes some minutes)");
        return Ok(Verdict::NotChecked);
    }
    Tool::cargo()
        .args(["deny", "check", "bans", "licenses", "sources"])
        .run()?;
    Ok(Verdict::Passed)
}

/// Builds what the tests will use, then lets the program compare the published documents.
fn openapi() -> Result<Verdict> {
    // The same selection as the tests': `cargo run -p openapi` would compile its dependencies with other features.
    Tool::cargo()
        .args(["build", "--locked", "--workspace", "--bins", "--tests"])
        .run()?;
    Tool::new(workspace::target().join("debug/openapi"))
        .args(["--check"])
        .hint("`cargo xtask openapi` writes the documents anew")
        .run()?;
    Ok(Verdict::Passed)
}

/// Short runs of the load scenarios: no figure of a debug build is worth anything, but every request must be answered.
fn load() -> Result<Verdict> {
    let programs = workspace::target().join("debug");
    let gateway = programs.join("vagvisare");
    if !gateway.is_file() {
        bail!("the gateway is not built; the openapi step builds it");
    }
    Tool::new(programs.join("load-tests"))
        .args([
            "ladder",
            "--rungs",
            "bare,key,limit,reached,validate,tls",
            "--paces",
            "50",
            "--rounds",
            "1",
            "--turn",
            "300ms",
            "--connections",
            "8",
            "--gateway",
        ])
        .args([&gateway])
        .run()?;
    Tool::new(programs.join("load-tests"))
        .args([
            "tokens",
            "--rounds",
            "1",
            "--turn",
            "300ms",
            "--connections",
            "4",
            "--gateway",
        ])
        .args([&gateway])
        .run()?;
    Ok(Verdict::Passed)
}

/// What a request costs in instructions, held against the budget in the repository. Of the debug build, which is there
/// anyway: it takes ten times as many as what ships, but it grows where that grows.
fn instructions() -> Result<Verdict> {
    count(
        "load-tests/budget-debug.toml",
        &workspace::target().join("debug/vagvisare"),
    )
}

/// The same of the program that ships, and that it does not grow with what the gateway holds. Building that program takes
/// as long as all other steps together, so only a run that names the step does it.
fn shipped() -> Result<Verdict> {
    Tool::cargo()
        .args(["build", "--locked", "--profile", "dist", "--package", "gateway"])
        .run()?;
    let gateway = workspace::target().join("dist/vagvisare");
    count("load-tests/budget.toml", &gateway)?;
    Tool::new(workspace::target().join("debug/load-tests"))
        .args(["growth", "--instructions", "--axes", "routes,applications,agreements"])
        .args(["--size", "routes=10,5000", "--size", "applications=10,2000"])
        .args(["--size", "agreements=10,1000", "--gateway"])
        .args([&gateway])
        .run()?;
    Ok(Verdict::Passed)
}

fn count(budget: &str, gateway: &Path) -> Result<Verdict> {
    let load_tests = workspace::target().join("debug/load-tests");
    if !load_tests.is_file() || !gateway.is_file() {
        bail!("the programs are not built; the openapi step builds them");
    }
    tools::valgrind()?;
    Tool::new(&load_tests)
        .args(["instructions", "--budget", budget, "--gateway"])
        .args([gateway])
        .run()?;
    Ok(Verdict::Passed)
}

fn tests() -> Result<Verdict> {
    test::run(&test::Options::whole_workspace())?;
    Ok(Verdict::Passed)
}
