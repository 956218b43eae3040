//! `cargo xtask test`: the tools, then every test of the workspace, then one summary.

mod tally;

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::command::Tool;
use crate::test::tally::Tally;
use crate::{leftovers, tools};

/// What a process that watches over the run may need to end with it.
const GRACE: Duration = Duration::from_secs(10);

/// Options of `cargo xtask test`.
#[derive(Args)]
pub(crate) struct Options {
    /// Give up after this many minutes: a hung test must not hang the whole run
    #[arg(long, default_value_t = 45, value_name = "MINUTES")]
    give_up_after: u64,
    /// Passed on to `cargo test`, for example `-p edge` or `-- --nocapture`; default: the whole workspace
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "CARGO TEST ARGUMENTS"
    )]
    arguments: Vec<String>,
}

impl Options {
    /// The whole workspace, as continuous integration runs it.
    pub(crate) fn whole_workspace() -> Self {
        Self::of(Vec::new())
    }

    /// With these arguments for `cargo test`.
    pub(crate) fn of(arguments: Vec<String>) -> Self {
        Self {
            give_up_after: 45,
            arguments,
        }
    }

    fn selection(&self) -> Vec<String> {
        if self.arguments.is_empty() {
            vec!["--workspace".to_owned()]
        } else {
            self.arguments.clone()
        }
    }
}

/// Installs what is missing, builds, runs, sums up. An error when a test failed, none ran, one hung, or one left a
/// process behind.
pub(crate) fn run(options: &Options) -> Result<()> {
    let tools = tools::prepare()?;
    let mark = run_mark();
    let started = Instant::now();
    let cargo = Tool::cargo()
        .args(["test", "--no-fail-fast"])
        .args(options.selection())
        .env("VAGVISARE_TEST_TOOLS", &tools)
        .env(leftovers::MARK, &mark);
    println!("{}", cargo.line());
    let mut child = cargo
        .into_command()
        .stdout(Stdio::piped())
        .spawn()
        .context("cargo did not start")?;
    let deadline = started + Duration::from_secs(options.give_up_after * 60);
    let tally = follow(&mut child, deadline);
    if tally.is_none() {
        child.kill().context("cargo test hung and could not be ended")?;
    }
    let status = child
        .wait()
        .context("cargo test was started but cannot be waited for")?;
    let left = leftovers::find_lasting(&mark, GRACE);
    leftovers::end(&left);

    let Some(tally) = tally else {
        bail!(
            "the tests did not end within {} minutes; the last lines above name the one",
            options.give_up_after
        );
    };
    print!("{}", tally.summary(started.elapsed()));
    for process in &left {
        println!("left behind, now ended: {} (process {})", process.command, process.id);
    }
    // This exact form, alone on a line, is what log readers look for.
    println!(
        "{} passed, {} failed, {} skipped",
        tally.passed, tally.failed, tally.ignored
    );
    verdict(&tally, status.success(), left.len())
}

fn verdict(tally: &Tally, cargo_succeeded: bool, left_behind: usize) -> Result<()> {
    if tally.suites == 0 {
        bail!("no test ran: the build failed, or the arguments select nothing");
    }
    if tally.failed > 0 || !cargo_succeeded {
        bail!("tests failed; run one alone with `cargo xtask test -p <crate> <part of its name>`");
    }
    if left_behind > 0 {
        bail!(
            "every test passed, but {left_behind} started process(es) outlived the run; a test must end what it starts"
        );
    }
    if tally.passed == 0 {
        bail!("every selected suite is empty: no test ran");
    }
    Ok(())
}

/// Passes the output on line by line and counts; `None` when the deadline came first.
fn follow(child: &mut Child, deadline: Instant) -> Option<Tally> {
    let lines = lines_of(child);
    let mut tally = Tally::default();
    let mut out = std::io::stdout();
    loop {
        match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => {
                // A closed standard output (`| head`) must not stop the tests or hide their result.
                let _ = out.write_all(&line);
                tally.read(&String::from_utf8_lossy(&line));
            }
            Err(RecvTimeoutError::Disconnected) => return Some(tally),
            Err(RecvTimeoutError::Timeout) => return None,
        }
    }
}

fn lines_of(child: &mut Child) -> Receiver<Vec<u8>> {
    let (sender, lines) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        std::thread::spawn(move || {
            let mut reader = BufReader::new(stdout);
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
                if sender.send(std::mem::take(&mut line)).is_err() {
                    return;
                }
            }
        });
    }
    lines
}

/// A mark that no other run has.
fn run_mark() -> String {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{}-{}", std::process::id(), since_epoch.as_nanos())
}
