//! Reads a registry document into a draft: one section, one reader.
//!
//! Sections: `[[organisations]]`, `[[limits]]`, `[[backends]]`, `[[apis]]`, `[[applications]]` with
//! `[[applications.keys]]`, `[[agreements]]`. Keys have the names of the draft's fields; words are those of the JSON forms.

mod agreements;
mod apis;
mod backends;
mod parties;
mod traffic;

use ::document::{Problems, Source};
use snapshot::{Draft, RouteDraft};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Reads the operations of an OpenAPI document: the published document is the truth about what an API serves. The error
/// is text for people; each of its lines becomes one problem.
pub type OperationsReader<'a> = dyn Fn(&Path) -> Result<Vec<RouteDraft>, String> + 'a;

/// What a document says.
#[derive(Debug, Default)]
pub struct Read {
    /// The draft; only whole when no problem was found.
    pub draft: Draft,
    /// Each API's OpenAPI document, by the API's position.
    pub openapi: Vec<Option<PathBuf>>,
}

/// Sections that only a registry document has; by them it is told from a configuration.
pub const SECTIONS: [&str; 6] = [
    "organisations",
    "limits",
    "backends",
    "apis",
    "applications",
    "agreements",
];

/// Reads `source`; what is wrong is added to `problems`, and reading goes on.
pub fn read(source: &Source, problems: &Problems, operations: &OperationsReader<'_>) -> Read {
    let table = source.table(problems);
    let apis: Vec<apis::Read> = table
        .tables("apis")
        .into_iter()
        .map(|api| apis::read(&api, operations))
        .collect();
    let (apis, openapi) = apis.into_iter().map(|api| (api.draft, api.openapi)).unzip();
    let draft = Draft {
        version: table.integer("version", 1, u64::MAX).unwrap_or(1),
        organisations: table
            .tables("organisations")
            .iter()
            .map(parties::organisation)
            .collect(),
        apis,
        backends: table.tables("backends").iter().map(backends::backend).collect(),
        applications: table.tables("applications").iter().map(parties::application).collect(),
        agreements: table.tables("agreements").iter().map(agreements::agreement).collect(),
        limits: table.tables("limits").iter().map(agreements::limit).collect(),
        documents: Vec::new(),
        mocks: HashMap::new(),
        relays: Vec::new(),
    };
    table.finish();
    Read { draft, openapi }
}
