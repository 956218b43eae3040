//! One way to run an external program, so that each failure is one clear line with what to do.

use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::workspace;

/// An external program to run in the repository's root, without standard input.
pub(crate) struct Tool {
    command: Command,
    words: Vec<OsString>,
    hint: String,
}

impl Tool {
    /// The program `name`, found on `PATH` or given as a path.
    pub(crate) fn new(name: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(&name);
        command.current_dir(workspace::root()).stdin(Stdio::null());
        Self {
            command,
            words: vec![name.as_ref().to_owned()],
            hint: String::new(),
        }
    }

    /// The cargo that runs this program, so that a chosen toolchain stays chosen.
    pub(crate) fn cargo() -> Self {
        let mut tool = Self::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        tool.words = vec!["cargo".into()];
        tool
    }

    /// Adds arguments.
    pub(crate) fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        for argument in arguments {
            self.command.arg(&argument);
            self.words.push(argument.as_ref().to_owned());
        }
        self
    }

    /// Sets one environment variable of the program.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs in `folder` instead of the repository's root.
    pub(crate) fn within(mut self, folder: impl Into<PathBuf>) -> Self {
        self.command.current_dir(folder.into());
        self
    }

    /// What a person can do when the program fails; ends the error's line.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Runs it with its output shown; an error unless it exits 0.
    pub(crate) fn run(mut self) -> Result<()> {
        let status = self.command.status();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => bail!("`{}` failed ({status}){}", self.line(), self.advice()),
            Err(problem) => self.not_started(&problem),
        }
    }

    /// Runs it and returns its standard output; an error (with its last line of stderr) unless it exits 0.
    pub(crate) fn output(mut self) -> Result<String> {
        match self.command.output() {
            Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stderr);
                let last = said
                    .lines()
                    .rfind(|line| !line.trim().is_empty())
                    .unwrap_or("it said nothing");
                bail!("`{}` failed ({}): {last}{}", self.line(), output.status, self.advice())
            }
            Err(problem) => self.not_started(&problem),
        }
    }

    /// Whether it runs and exits 0; its output is dropped.
    pub(crate) fn succeeds(mut self) -> bool {
        self.command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    /// The prepared command, for a caller that reads the output while it runs.
    pub(crate) fn into_command(self) -> Command {
        self.command
    }

    /// The command as a person would type it.
    pub(crate) fn line(&self) -> String {
        let words: Vec<_> = self.words.iter().map(|word| word.to_string_lossy()).collect();
        words.join(" ")
    }

    fn advice(&self) -> String {
        if self.hint.is_empty() {
            String::new()
        } else {
            format!("; {}", self.hint)
        }
    }

    fn not_started<T>(&self, problem: &std::io::Error) -> Result<T> {
        match problem.kind() {
            ErrorKind::NotFound => bail!("`{}` is not installed{}", self.line(), self.advice()),
            _ => bail!("`{}` did not start ({problem}){}", self.line(), self.advice()),
        }
    }
}

/// The first executable file called `name` on `PATH`.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| is_executable(file))
}

/// Whether `file` is a file that someone may execute.
pub(crate) fn is_executable(file: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata()
        .is_ok_and(|facts| facts.is_file() && facts.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_there_is_one_line_with_what_to_do() {
        let problem = Tool::new("no-such-program")
            .args(["--now"])
            .hint("install it")
            .run()
            .unwrap_err();
        assert_eq!(
            problem.to_string(),
            "`no-such-program --now` is not installed; install it"
        );
    }

    #[test]
    fn a_failing_program_is_told_with_its_last_words() {
        let problem = Tool::new("sh")
            .args(["-c", "echo first >&2; echo last >&2; exit 3"])
            .output()
            .unwrap_err();
        assert_eq!(
            problem.to_string(),
            "`sh -c echo first >&2; echo last >&2; exit 3` failed (exit status: 3): last"
        );
    }

    #[test]
    fn a_shell_is_found_on_the_path_and_nonsense_is_not() {
        assert!(find("sh").is_some());
        assert!(find("no-such-program").is_none());
    }
}
