//! The OpenAPI documents of services and of the node's own APIs as they are checked in beside this crate, and how they are kept true.
//!
//! A document comes from the code that serves it. What is checked in is the service's own; the gateway adds its part when
//! it publishes. WHEN ADDING A SERVICE: one line in [`documents`], then `cargo xtask openapi`.

use serde_json::Value;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The command that brings the folder up to date, named in every complaint.
pub const COMMAND: &str = "cargo xtask openapi";

/// One service's document.
#[derive(Debug, Clone)]
pub struct Document {
    /// File name in the folder, `<api name>.json`.
    pub file: &'static str,
    /// The document.
    pub value: Value,
}

/// Every service's document, from its code.
///
/// # Errors
/// A document that is not JSON: a defect of its service.
pub fn documents() -> Result<Vec<Document>, serde_json::Error> {
    let all = [
        ("case-events.json", serde_json::to_value(case_status::events_openapi())?),
        ("case-status.json", serde_json::to_value(case_status::openapi())?),
        (
            "contact-routing.json",
            serde_json::to_value(contact_routing::openapi())?,
        ),
        (
            "life-events.json",
            serde_json::to_value(contact_routing::life_openapi())?,
        ),
        (
            "directory.json",
            serde_json::to_value(contact_routing::entries_openapi())?,
        ),
        ("encounters.json", serde_json::to_value(encounters::openapi())?),
        ("handover.json", serde_json::to_value(handover::openapi())?),
        ("insights.json", serde_json::to_value(insights::openapi())?),
        ("me.json", serde_json::to_value(identity::people::web::openapi())?),
        ("oauth2.json", serde_json::to_value(identity::service::openapi())?),
        ("registry.json", serde_json::to_value(registry::api::openapi())?),
        ("channels.json", serde_json::to_value(channels::openapi())?),
        (
            "mina-arenden.json",
            serde_json::to_value(case_status::mina_arenden_openapi())?,
        ),
        ("open311.json", serde_json::to_value(case_status::open311_openapi())?),
        ("mcp.json", serde_json::to_value(mcp::openapi())?),
        ("test-identity.json", serde_json::to_value(sandbox::openapi())?),
    ];
    let document = |(file, value)| Document {
        file,
        value: stable(value),
    };
    Ok(all.into_iter().map(document).collect())
}

/// Puts extensions last and in the order of their names: utoipa keeps them in a hash map, which has a new order in every
/// process.
fn stable(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(stable).collect()),
        Value::Object(members) => {
            let (mut extensions, named): (Vec<_>, Vec<_>) =
                members.into_iter().partition(|(key, _)| key.starts_with("x-"));
            extensions.sort_by(|left, right| left.0.cmp(&right.0));
            Value::Object(
                named
                    .into_iter()
                    .chain(extensions)
                    .map(|(key, value)| (key, stable(value)))
                    .collect(),
            )
        }
        other => other,
    }
}

/// The folder in the source tree.
#[must_use]
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A document as it stands in its file: indented, one line break at the end.
#[must_use]
pub fn rendered(value: &Value) -> String {
    format!("{value:#}\n")
}

/// A file that is not what the code says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drift {
    /// The file is not there.
    Missing(String),
    /// The file differs, for the first time on this line (from 1).
    Differs(String, usize),
    /// No service has this document.
    Orphan(String),
}

impl fmt::Display for Drift {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(file) => write!(formatter, "openapi/{file} is missing"),
            Self::Differs(file, line) => write!(formatter, "openapi/{file} differs from the code from line {line} on"),
            Self::Orphan(file) => write!(formatter, "openapi/{file} belongs to no service"),
        }
    }
}

/// Compares `folder` with the documents; empty: up to date.
///
/// # Errors
/// The folder or a file in it cannot be read.
pub fn drift(folder: &Path, documents: &[Document]) -> io::Result<Vec<Drift>> {
    let mut found = Vec::new();
    for document in documents {
        match fs::read_to_string(folder.join(document.file)) {
            Ok(text) => found.extend(
                first_difference(&text, &rendered(&document.value))
                    .map(|line| Drift::Differs(document.file.to_owned(), line)),
            ),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                found.push(Drift::Missing(document.file.to_owned()))
            }
            Err(error) => return Err(error),
        }
    }
    found.extend(orphans(folder, documents)?.into_iter().map(Drift::Orphan));
    Ok(found)
}

/// Writes every document whose file differs, removes orphans, and returns the names of the files it touched.
///
/// # Errors
/// The folder or a file in it cannot be read or written.
pub fn write(folder: &Path, documents: &[Document]) -> io::Result<Vec<String>> {
    let mut touched = Vec::new();
    for document in documents {
        let (path, text) = (folder.join(document.file), rendered(&document.value));
        if fs::read_to_string(&path).ok().as_deref() != Some(text.as_str()) {
            fs::write(&path, text)?;
            touched.push(document.file.to_owned());
        }
    }
    for orphan in orphans(folder, documents)? {
        fs::remove_file(folder.join(&orphan))?;
        touched.push(orphan);
    }
    Ok(touched)
}

fn orphans(folder: &Path, documents: &[Document]) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".json") && !documents.iter().any(|document| document.file == name) {
            found.push(name);
        }
    }
    found.sort();
    Ok(found)
}

/// The first line that differs, from 1.
fn first_difference(left: &str, right: &str) -> Option<usize> {
    if left == right {
        return None;
    }
    let same = left
        .lines()
        .zip(right.lines())
        .take_while(|(left, right)| left == right)
        .count();
    Some(same + 1)
}
