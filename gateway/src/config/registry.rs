//! `[registry]`: a document, or a database that agencies change through the registry's API.

use ::document::Table;
use std::path::PathBuf;

/// Where the registry is.
#[derive(Debug, Clone, Default)]
pub struct RegistrySource {
    /// `document`: alone, it is the registry; with a database, it fills one that is empty.
    pub document: Option<PathBuf>,
    /// `database`.
    pub store: Option<RegistryStore>,
}

/// A registry's database.
#[derive(Clone)]
pub struct RegistryStore {
    /// `sqlite:PATH` or `postgres://...`; may hold a password.
    pub address: String,
    /// `cache`: where the last good picture of it is kept.
    pub cache: PathBuf,
}

impl std::fmt::Debug for RegistryStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("RegistryStore")
            .field("cache", &self.cache)
            .finish_non_exhaustive()
    }
}

/// Reads the section.
pub(super) fn read(table: &Table<'_>) -> RegistrySource {
    let store = table
        .optional_string("database")
        .and_then(|text| address(table, "database", &text));
    let cache = table.optional_path("cache");
    if cache.is_some() && !table.has("database") {
        table.report("cache", "is of use with registry.database only");
    }
    let document = if table.has("database") {
        table.optional_file("document")
    } else {
        table.required_file("document")
    };
    RegistrySource {
        document,
        store: store.map(|address| RegistryStore {
            address,
            cache: cache.unwrap_or_else(|| table.source().directory().join("registry.cache")),
        }),
    }
}

/// A file's path is relative to the configuration.
pub(super) fn address(table: &Table<'_>, key: &'static str, text: &str) -> Option<String> {
    if let Some(path) = text.strip_prefix("sqlite:") {
        let path = table.source().directory().join(path.trim_start_matches("//"));
        return Some(format!("sqlite:{}", path.display()));
    }
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return Some(text.to_owned());
    }
    // What was written may hold a password: it is not shown.
    table.report(key, "must be sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME");
    None
}
