//! `vagvisare lint FILE [--against OLD]`: what the national REST profile finds in an OpenAPI document, and what changed since
//! the version that callers know. Nothing is fetched; the same rules hold when an API is published.

use super::{complain, say};
use catalogue::compare::check_version;
use catalogue::profile::{Finding, Severity, check};
use catalogue::{Comparison, Impact};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments of `lint`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// OpenAPI document (JSON or YAML)
    file: PathBuf,
    /// The version that callers know: its breaking changes need a new major version
    #[arg(long, value_name = "OLD")]
    against: Option<PathBuf>,
    /// Print one JSON object instead of text
    #[arg(long)]
    json: bool,
}

/// Exit code 0: nothing but warnings; 1: errors, or a version number that does not fit; 64: a file cannot be read.
pub(super) fn run(args: &Args) -> ExitCode {
    let documents = read(&args.file).and_then(|document| {
        let old = args.against.as_deref().map(read).transpose()?;
        Ok((document, old))
    });
    match documents {
        Ok((document, old)) => report(args, &document, old.as_ref()),
        Err(message) => {
            complain(&message);
            ExitCode::from(64)
        }
    }
}

fn read(path: &Path) -> Result<Value, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    catalogue::read(&bytes, &path.display().to_string()).map_err(|error| error.to_string())
}

fn report(args: &Args, document: &Value, old: Option<&Value>) -> ExitCode {
    let findings = check(document);
    let unusable = catalogue::routes(document).err().unwrap_or_default();
    let comparison = old.map(|old| catalogue::compare(old, document));
    let version = old
        .zip(comparison.as_ref())
        .and_then(|(old, comparison)| check_version(version(old), version(document), comparison).err())
        .map(|error| error.to_string());
    if args.json {
        say(&json!({
            "findings": findings,
            "notServable": unusable.iter().map(|error| json!({"place": error.place, "message": error.message})).collect::<Vec<_>>(),
            "comparison": comparison,
            "version": version,
        })
        .to_string());
    } else {
        let mut text = String::new();
        for error in &unusable {
            let _ = writeln!(text, "error {}: cannot be served: {}", at(&error.place), error.message);
        }
        findings.iter().for_each(|finding| tell(&mut text, finding));
        if let Some(comparison) = &comparison {
            changes(&mut text, comparison);
        }
        if let Some(message) = &version {
            let _ = writeln!(text, "error /info/version: {message}");
        }
        let _ = writeln!(text, "{}", summary(&args.file, &findings, comparison.as_ref()));
        say(&text);
    }
    let errors = findings.iter().any(|finding| finding.severity == Severity::Error);
    ExitCode::from(u8::from(errors || !unusable.is_empty() || version.is_some()))
}

fn version(document: &Value) -> &str {
    document
        .pointer("/info/version")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The document itself has the empty pointer.
fn at(place: &str) -> &str {
    if place.is_empty() { "/" } else { place }
}

fn tell(text: &mut String, finding: &Finding) {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let Finding {
        rule, message, mend, ..
    } = finding;
    let _ = writeln!(text, "{severity} {rule} {}: {message}. {mend}", at(&finding.place));
}

fn changes(text: &mut String, comparison: &Comparison) {
    for change in &comparison.changes {
        let impact = match change.impact {
            Impact::Breaking => "breaking",
            Impact::Careful => "careful",
            Impact::Compatible => "compatible",
        };
        let old = if change.in_old { " (older document)" } else { "" };
        let line = format!(
            "{impact} {} {}{old}: {}. {}",
            change.rule,
            at(&change.place),
            change.message,
            change.mend
        );
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

fn summary(file: &Path, findings: &[Finding], comparison: Option<&Comparison>) -> String {
    let errors = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    let mut line = format!(
        "{}: {errors} errors, {} warnings",
        file.display(),
        findings.len() - errors
    );
    if let Some(comparison) = comparison {
        let step = format!("{:?}", comparison.step).to_lowercase();
        let _ = write!(
            line,
            "; {} changes, {} of them breaking: the smallest step in the version is {step}",
            comparison.changes.len(),
            comparison.breaking().count()
        );
    }
    line
}
