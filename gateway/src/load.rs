//! Loads a registry document together with the OpenAPI documents that it names.

use document::{Problems, Source};
use registry::{Loaded, OperationsReader};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;

/// A registry and the documents of its APIs.
#[derive(Debug)]
pub struct Registry {
    /// The registry document.
    pub loaded: Loaded,
    /// Each API's OpenAPI document, by the API's position.
    pub documents: Vec<Option<Arc<Value>>>,
}

/// Loads the registry document at `path`, and what it names.
///
/// # Errors
/// Every problem, with file, line and key path.
pub fn from_file(path: &Path) -> Result<Registry, Problems> {
    let read = |path: &Path| std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
    from_source(Source::load(path)?, &read)
}

/// Loads a registry document that is at hand; `read` gives the content of the files it names.
///
/// # Errors
/// As [`from_file`].
pub fn from_source(source: Source, read: &dyn Fn(&Path) -> Result<Vec<u8>, String>) -> Result<Registry, Problems> {
    let open = |path: &Path| parse(path, &read(path)?);
    let operations = |path: &Path| registry::intake::operations(&open(path)?);
    let operations: &OperationsReader<'_> = &operations;
    let loaded = registry::read(source, operations)?;
    // Each named document has been read once to get here: what remains is a file that changes under our hands.
    let documents = loaded
        .openapi
        .iter()
        .map(|path| path.as_deref().and_then(|path| open(path).ok()).map(Arc::new))
        .collect();
    Ok(Registry { loaded, documents })
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Value, String> {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    catalogue::read(bytes, &name).map_err(|error| format!("{}: {error}", path.display()))
}
