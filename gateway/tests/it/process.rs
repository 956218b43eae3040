//! Starts the binary, reads what it prints, tells it to stop; ends what it started.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Longest wait for anything here; a debug build on a busy machine needs some of it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running `vagvisare`.
pub(crate) struct Vagvisare {
    child: Child,
    lines: mpsc::Receiver<String>,
    /// Everything printed so far, to either stream.
    pub(crate) printed: String,
}

/// Starts it with these arguments.
pub(crate) fn start(arguments: &[&str]) -> Vagvisare {
    begin(command(arguments))
}

/// Starts it with these arguments in a shell that said this before: `ulimit -n 256`.
pub(crate) fn start_after(said: &str, arguments: &[&str]) -> Vagvisare {
    let mut shell = Command::new("sh");
    let program = env!("CARGO_BIN_EXE_vagvisare");
    // The shell becomes the program, so that its id is the program's.
    let line = format!("{said}; exec \"$0\" \"$@\"");
    shell.args(["-c", &line, program]).args(arguments).stdin(Stdio::null());
    begin(shell)
}

fn begin(mut command: Command) -> Vagvisare {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (sender, lines) = mpsc::channel();
    read_lines(child.stdout.take().unwrap(), sender.clone());
    read_lines(child.stderr.take().unwrap(), sender);
    Vagvisare {
        child,
        lines,
        printed: String::new(),
    }
}

/// Starts the demo on free ports; it keeps what it has in `data`.
pub(crate) fn start_demo(data: &Path) -> Vagvisare {
    let data = data.to_str().unwrap();
    start(&[
        "demo",
        "--listen",
        "127.0.0.1:0",
        "--ops-listen",
        "127.0.0.1:0",
        "--data-dir",
        data,
    ])
}

/// Runs it to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vagvisare"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn read_lines(stream: impl Read + Send + 'static, lines: mpsc::Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                break;
            }
        }
    });
}

impl Vagvisare {
    /// Reads on until a line begins so, and gives the rest of that line.
    pub(crate) fn wait_for(&mut self, beginning: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let line = self
                .lines
                .recv_timeout(left)
                .unwrap_or_else(|_| panic!("no line \"{beginning}\" in:\n{}", self.printed));
            self.printed.push_str(&line);
            self.printed.push('\n');
            if let Some(rest) = line.strip_prefix(beginning) {
                return rest.to_owned();
            }
        }
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// Time of processors that it has used.
    pub(crate) fn processor_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // proc(5): after the name in brackets come the state and others; user and system time are the 12th and 13th of them.
        let (_, rest) = stat.rsplit_once(')').unwrap();
        let ticks: u64 = rest
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(|ticks| ticks.parse::<u64>().unwrap())
            .sum();
        Duration::from_secs(ticks) / u32::try_from(rustix::param::clock_ticks_per_second()).unwrap()
    }

    /// Memory that it holds, in KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// Waits for the process to end by itself.
    pub(crate) fn ended(mut self) -> (ExitStatus, String) {
        let until = Instant::now() + PATIENCE;
        loop {
            while let Ok(line) = self.lines.recv_timeout(Duration::from_millis(50)) {
                self.printed.push_str(&line);
                self.printed.push('\n');
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status, std::mem::take(&mut self.printed));
            }
            assert!(Instant::now() < until, "the process does not end");
        }
    }
}

impl Drop for Vagvisare {
    fn drop(&mut self) {
        // Already ended is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a line in a POSIX shell, as a reader who pastes it.
pub(crate) fn shell(line: &str) -> String {
    let output = Command::new("sh")
        .args(["-c", line])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    // Its last words first: that is where it stopped.
    let complaint = String::from_utf8_lossy(&output.stderr);
    let last: Vec<&str> = complaint.lines().rev().take(30).collect();
    assert!(
        output.status.success(),
        "{}; backwards: {last:#?}\n{line}",
        output.status
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Every byte of every file under a directory, as text.
pub(crate) fn everything_under(directory: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text.push_str(&everything_under(&path));
        } else {
            let mut bytes = Vec::new();
            std::fs::File::open(&path).unwrap().read_to_end(&mut bytes).unwrap();
            text.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
    text
}
