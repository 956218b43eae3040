//! `cargo xtask schemathesis`: every API that a running node documents, called as its document allows and as it forbids, by a
//! program that nobody here wrote.
//!
//! The node is the demo on free ports. What is tried is bounded: so many examples an operation, so much time a document.

mod house;

use std::fs::{self, File};
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::command::Tool;
use crate::{tools, workspace};
use house::House;

/// Answers that never end: a program that waits for the whole of an answer cannot try them. Said in the output.
const ENDLESS: &str = "^/events/stream$";

/// What each answer is held against. Not among them: `positive_data_acceptance`, since a schema cannot say that an id must
/// exist or a hash fit; `missing_required_header`, which does not know 428 (RFC 6585), our answer to a change without
/// `If-Match`; those that need several calls in a row or several people, which tests of our own do.
const CHECKS: [&str; 8] = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "allow_header_conformance",
    "ignored_auth",
];

/// The program's configuration, in the folder that it runs in.
const CONFIGURED: &str = "schemathesis.toml";

/// What counts as a refusal of what a document forbids. Of these the program itself does not count 412 and 413: a change is
/// held against the revision that was read before anything else of it is, and a body against the most that is taken.
const CONFIGURATION: &str = r#"[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 428, 429, "5xx"]
"#;

/// How often it is looked whether a program has ended.
const PACE: Duration = Duration::from_millis(100);

/// Options of `cargo xtask schemathesis`.
#[derive(Args)]
pub(crate) struct Options {
    /// Only these APIs, as `case-status`; default: every one that the node documents
    #[arg(value_name = "API")]
    only: Vec<String>,
    /// Calls made up for each operation, beside examples and borders
    #[arg(long, default_value_t = 20, value_name = "NUMBER")]
    examples: u32,
    /// Give one document up after so many seconds, which is a failure
    #[arg(long, default_value_t = 240, value_name = "SECONDS")]
    give_up_after: u64,
    /// Makes the same calls again: a report names its seed
    #[arg(long)]
    seed: Option<String>,
}

/// Builds and starts the demo, tries each document, and says a line of each. An error when one found a failure.
pub(crate) fn run(options: &Options) -> Result<()> {
    let program = tools::schemathesis()?;
    // The same selection as the tests': another would compile its dependencies with other features.
    Tool::cargo()
        .args(["build", "--locked", "--workspace", "--bins", "--tests"])
        .run()?;
    let folder = workspace::target().join("schemathesis");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fs::write(folder.join(CONFIGURED), CONFIGURATION).with_context(|| format!("cannot write {CONFIGURED}"))?;
    let house = House::start(&folder)?;
    house.lift_limits()?;
    let apis: Vec<String> = house.apis()?.into_iter().filter(|api| options.wants(api)).collect();
    if apis.is_empty() {
        bail!("the node documents no API of this name");
    }
    println!("left out, as its answer never ends: GET {ENDLESS}");
    let mut failed = Vec::new();
    for api in apis {
        let report = folder.join(format!("{}.txt", api.replace('/', "-")));
        let began = Instant::now();
        let outcome = try_one(options, &program, &house, &api, &report)?;
        let text = fs::read_to_string(&report).unwrap_or_default();
        let took = began.elapsed().as_secs_f64();
        println!("{api:<20} {:<8} {took:>6.1} s  {}", outcome.word(), counted(&text));
        if outcome != Outcome::Clean {
            print!("{}", found(&text));
            println!("  all of it: {}", report.display());
            failed.push(api);
        }
    }
    if !failed.is_empty() {
        bail!("document and answers disagree: {}", failed.join(", "));
    }
    Ok(())
}

impl Options {
    fn wants(&self, api: &str) -> bool {
        let name = api.split('/').next().unwrap_or(api);
        self.only.is_empty() || self.only.iter().any(|only| only == name || only == api)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Clean,
    Failed,
    GivenUp,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Self::Clean => "ok",
            Self::Failed => "FAILED",
            Self::GivenUp => "TOO LONG",
        }
    }
}

fn try_one(options: &Options, program: &Path, house: &House, api: &str, report: &Path) -> Result<Outcome> {
    let output = File::create(report).with_context(|| format!("cannot write {}", report.display()))?;
    let errors = output.try_clone().context("a file cannot be opened twice")?;
    let mut tool = Tool::new(program)
        .args(["--config-file", CONFIGURED])
        .args(["run", &format!("{}/{api}/openapi.json", house.gateway())])
        .args(["--phases", "examples,coverage,fuzzing", "--checks", &CHECKS.join(",")])
        .args([
            "--exclude-path-regex",
            ENDLESS,
            "--max-examples",
            &options.examples.to_string(),
        ])
        .args(["--continue-on-failure", "--no-color", "--generation-database", "none"])
        // What a call is let in by is given below; others are not to be made up.
        .args([
            "--generation-with-security-parameters",
            "false",
            "--request-timeout",
            "30",
        ]);
    if let Some(pace) = house::pace(api) {
        tool = tool.args(["--rate-limit", pace]);
    }
    if let Some(seed) = &options.seed {
        tool = tool.args(["--seed", seed]);
    }
    for header in house.credentials(api)? {
        tool = tool.args(["--header", &header]);
    }
    let mut command = tool.within(report.parent().unwrap_or(Path::new("."))).into_command();
    let mut child = command
        .stdout(output)
        .stderr(errors)
        .spawn()
        .context("schemathesis did not start")?;
    let deadline = Instant::now() + Duration::from_secs(options.give_up_after);
    let Some(success) = ended_before(&mut child, deadline)? else {
        child.kill().context("schemathesis cannot be ended")?;
        child.wait().context("schemathesis cannot be waited for")?;
        return Ok(Outcome::GivenUp);
    };
    Ok(if success { Outcome::Clean } else { Outcome::Failed })
}

/// Whether it ended well; `None` when it still runs at the deadline.
fn ended_before(child: &mut Child, deadline: Instant) -> Result<Option<bool>> {
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait().context("a program cannot be waited for")? {
            return Ok(Some(status.success()));
        }
        std::thread::park_timeout(PACE);
    }
    Ok(None)
}

/// How many calls were made, in the program's words.
fn counted(report: &str) -> &str {
    let number = |line: &&str| line.trim_start().starts_with(|first: char| first.is_ascii_digit());
    let line = report.lines().filter(number).find(|line| line.contains(" generated"));
    line.unwrap_or("it told no number of calls").trim()
}

/// The sorts of failures and the seed, indented; all that was said where there is no summary.
fn found(report: &str) -> String {
    let mut listed = String::new();
    let mut inside = false;
    for line in report.lines() {
        inside = (inside && !line.is_empty()) || matches!(line, "Failures:" | "Errors:");
        if inside || line.starts_with("Seed:") {
            listed.push_str(&format!("  {line}\n"));
        }
    }
    if listed.is_empty() { report.to_owned() } else { listed }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    const REPORT: &str = "FAILURES\n- a long story of generated data\n\nFailures:\n  x Undocumented: 1\n  x Rejected: 2\n\nTest cases:\n  \
        163 generated, 3 found\n\nSeed: 7\n";

    #[test]
    fn a_report_is_told_by_its_sorts_of_failures_its_number_and_its_seed() {
        assert_eq!(counted(REPORT), "163 generated, 3 found");
        assert_eq!(
            found(REPORT),
            "  Failures:\n    x Undocumented: 1\n    x Rejected: 2\n  Seed: 7\n"
        );
        assert_eq!(found("Error: no such option\n"), "Error: no such option\n");
    }

    #[test]
    fn a_program_that_hangs_is_given_up_and_one_that_ends_is_told_by_its_end() {
        let start = |script: &str| Command::new("sh").args(["-c", script]).spawn().unwrap();
        let deadline = || Instant::now() + Duration::from_secs(20);
        assert_eq!(ended_before(&mut start("exit 0"), deadline()).unwrap(), Some(true));
        assert_eq!(ended_before(&mut start("exit 1"), deadline()).unwrap(), Some(false));
        let mut hanging = start("exec sleep 600");
        let soon = Instant::now() + Duration::from_millis(150);
        assert_eq!(ended_before(&mut hanging, soon).unwrap(), None);
        hanging.kill().unwrap();
        hanging.wait().unwrap();
    }
}
