//! Writes the services' OpenAPI documents under openapi/, or checks that they are what the code says.

use anyhow::{Context, Result};
use clap::Parser;
use openapi::{COMMAND, documents, drift, folder, write};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Writes the services' OpenAPI documents, or checks them for drift
#[derive(Parser)]
struct Options {
    /// Change nothing; fail when a document is not what the code says
    #[arg(long)]
    check: bool,
    /// The folder of the documents
    #[arg(long, default_value_os_t = folder())]
    folder: PathBuf,
}

fn main() -> Result<ExitCode> {
    let options = Options::parse();
    let documents = documents()?;
    let reading = || format!("cannot use the folder {}", options.folder.display());
    let mut out = std::io::stdout().lock();
    if !options.check {
        for file in write(&options.folder, &documents).with_context(reading)? {
            writeln!(out, "wrote openapi/{file}")?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let found = drift(&options.folder, &documents).with_context(reading)?;
    for one in &found {
        writeln!(out, "{one}")?;
    }
    if found.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "run `{COMMAND}` and commit what it writes")?;
    Ok(ExitCode::FAILURE)
}
