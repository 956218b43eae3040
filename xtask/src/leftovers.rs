//! Processes that a test run left behind: found by a mark in their environment, ended by their ids.
//!
//! Each run puts its own mark into the environment of everything it starts, and children inherit it. A server that
//! outlives its test is a fault of that test; it is ended here so that it cannot disturb the next run.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::command::Tool;

/// The environment variable that carries a run's mark.
pub(crate) const MARK: &str = "VAGVISARE_TEST_RUN";

/// A process that still runs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Leftover {
    /// Its process id.
    pub(crate) id: u32,
    /// Its command line, as far as it can be read.
    pub(crate) command: String,
}

/// Every process whose environment holds `MARK=mark`, this one left out. Empty where `/proc` cannot be read.
pub(crate) fn find(mark: &str) -> Vec<Leftover> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let wanted = format!("{MARK}={mark}");
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|id| *id != std::process::id() && environment_holds(*id, &wanted))
        .map(|id| Leftover {
            id,
            command: command_line(id),
        })
        .collect()
}

/// [`find`], once those that end with the run that started them have had `grace` to do so: the shell that watches over a
/// test's PostgreSQL sees the run's end and stops the server then.
pub(crate) fn find_lasting(mark: &str, grace: Duration) -> Vec<Leftover> {
    let until = Instant::now() + grace;
    loop {
        let left = find(mark);
        if left.is_empty() || Instant::now() >= until {
            return left;
        }
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

/// Ends each of `leftovers` by its id, at once: the run that started them is over.
pub(crate) fn end(leftovers: &[Leftover]) {
    for leftover in leftovers {
        // One that ended by itself in the meantime is as good.
        Tool::new("kill").args(["-KILL", &leftover.id.to_string()]).succeeds();
    }
}

fn environment_holds(id: u32, wanted: &str) -> bool {
    // An ended process that its parent has not yet asked about (a zombie) has an empty environment.
    let environment = fs::read(Path::new("/proc").join(id.to_string()).join("environ")).unwrap_or_default();
    environment
        .split(|byte| *byte == 0)
        .any(|entry| entry == wanted.as_bytes())
}

fn command_line(id: u32) -> String {
    let words = fs::read(Path::new("/proc").join(id.to_string()).join("cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&words).replace('\0', " ").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_process_that_outlives_its_run_is_found_by_the_mark_and_ended() {
        let mark = format!("leftovers-test-{}", std::process::id());
        // `read` waits on a pipe that stays open: it lives until it is ended, and its line says that it has started.
        let mut child = Command::new("sh")
            .args(["-c", "echo started; read -r line"])
            .env(MARK, &mark)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut said)
            .unwrap();

        let found = find(&mark);
        assert_eq!(
            found.iter().map(|leftover| leftover.id).collect::<Vec<_>>(),
            [child.id()]
        );
        assert!(found[0].command.contains("echo started"), "{found:?}");

        end(&found);
        assert!(!child.wait().unwrap().success());
        assert_eq!(find(&mark), []);
    }

    #[test]
    fn a_process_that_ends_with_its_run_is_not_left_behind() {
        let mark = format!("watcher-test-{}", std::process::id());
        let mut child = Command::new("sh")
            .args(["-c", "read -r line"])
            .env(MARK, &mark)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdin.take());
        assert_eq!(find_lasting(&mark, Duration::from_secs(60)), []);
        child.wait().unwrap();
    }
}
