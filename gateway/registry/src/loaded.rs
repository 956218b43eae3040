//! A registry as it was loaded, and its way to a snapshot.

use crate::document::{self, OperationsReader};
use crate::explain;
use ::document::{Problems, Source};
use snapshot::{Draft, Snapshot};
use std::path::{Path, PathBuf};

/// A registry document that has been read and is right as it stands.
#[derive(Debug)]
pub struct Loaded {
    /// What it says. It may be edited (addresses, keys, documents to serve) before [`Loaded::compile`]; objects keep their
    /// positions, so that problems still lead to their lines.
    pub draft: Draft,
    /// Each API's OpenAPI document, by the API's position.
    pub openapi: Vec<Option<PathBuf>>,
    source: Source,
}

/// Loads the registry document at `path`.
///
/// # Errors
/// Every problem: of the file, its syntax, its values, its rules, and the OpenAPI documents it names.
pub fn load(path: &Path, operations: &OperationsReader<'_>) -> Result<Loaded, Problems> {
    read(Source::load(path)?, operations)
}

/// As [`load`], from a document that is at hand.
///
/// # Errors
/// As [`load`].
pub fn read(source: Source, operations: &OperationsReader<'_>) -> Result<Loaded, Problems> {
    let problems = Problems::new();
    let document::Read { draft, openapi } = document::read(&source, &problems, operations);
    if let Err(broken) = Snapshot::compile(&draft) {
        explain::add(&source, broken, &problems);
    }
    problems.or_ok(()).map(|()| Loaded { draft, openapi, source })
}

impl Loaded {
    /// Compiles the draft as it now is.
    ///
    /// # Errors
    /// Every problem, at its line of the document where it has one.
    pub fn compile(&self) -> Result<Snapshot, Problems> {
        Snapshot::compile(&self.draft).map_err(|broken| {
            let problems = Problems::new();
            explain::add(&self.source, broken, &problems);
            problems
        })
    }

    /// The document it came from.
    pub fn source(&self) -> &Source {
        &self.source
    }
}
