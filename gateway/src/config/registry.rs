//! `[registry]`: a document, or a database that agencies change through the registry's API.

use ::document::Table;
use registry::store::Retention;
use std::path::PathBuf;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

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
    /// `keep_usage_hours` and `keep_usage_days`.
    pub usage_kept: Retention,
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
    let usage_kept = usage_kept(table);
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
            usage_kept,
        }),
    }
}

fn usage_kept(table: &Table<'_>) -> Retention {
    let otherwise = Retention::default();
    let kept = Retention {
        hours: table.duration("keep_usage_hours", otherwise.hours),
        days: table.duration("keep_usage_days", otherwise.days),
    };
    for (key, time) in [("keep_usage_hours", kept.hours), ("keep_usage_days", kept.days)] {
        if table.has(key) && !table.has("database") {
            table.report(key, "is of use with registry.database only");
        } else if time < DAY {
            table.report(key, "must be a day at least");
        }
    }
    if table.has("database") && kept.days < kept.hours {
        table.report("keep_usage_days", "must be as long as keep_usage_hours at least");
    }
    kept
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
