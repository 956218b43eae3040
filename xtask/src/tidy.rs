//! Our own checks of the source tree: what no compiler or lint looks at.

mod manifest;
mod source;
mod text;

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::workspace;

/// One thing to mend: where, and what.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The file, with a line number where there is one.
    pub(crate) place: String,
    /// What is wrong and what to do.
    pub(crate) message: String,
}

impl Problem {
    fn of(path: &Path, message: impl Into<String>) -> Self {
        Self {
            place: path.display().to_string(),
            message: message.into(),
        }
    }

    fn at(path: &Path, line: usize, message: impl Into<String>) -> Self {
        Self {
            place: format!("{}:{line}", path.display()),
            message: message.into(),
        }
    }
}

/// Looks at every file of the checkout and prints every problem; an error when there is one.
pub(crate) fn run() -> Result<()> {
    let files = workspace::files()?;
    let mut problems = Vec::new();
    let mut looked_at = 0_usize;
    for path in &files {
        let bytes =
            std::fs::read(workspace::root().join(path)).with_context(|| format!("cannot read {}", path.display()))?;
        // Pictures and other binary files have no lines to check.
        let Ok(content) = String::from_utf8(bytes) else {
            continue;
        };
        looked_at += 1;
        problems.extend(look_at(path, &content));
    }
    problems.extend(manifest::check_members(&files)?);
    for problem in &problems {
        println!("{}: {}", problem.place, problem.message);
    }
    match problems.len() {
        0 => println!("{looked_at} text files are tidy"),
        count => bail!("{count} untidy place(s) in {looked_at} text files"),
    }
    Ok(())
}

fn look_at(path: &Path, content: &str) -> Vec<Problem> {
    let mut problems = text::check(path, content);
    match (
        path.file_name().and_then(|name| name.to_str()),
        path.extension().and_then(|name| name.to_str()),
    ) {
        (Some("Cargo.toml"), _) => problems.extend(manifest::check(path, content)),
        (Some("Cargo.lock"), _) => problems.extend(manifest::check_sources(path, content)),
        (_, Some("rs")) => problems.extend(source::check(path, content)),
        _ => {}
    }
    problems
}
