//! Documents good and bad: the exact lines a person sees.
#![expect(clippy::unwrap_used, reason = "a fixture that cannot be built is a failed test")]

mod files;
mod nested;
mod scalars;
mod syntax;

use document::{Problems, Source, Table};

/// Reads `text` with `read`: what was read, and every problem as a line.
pub(crate) fn read<T>(text: &str, read: impl FnOnce(&Table<'_>) -> T) -> (T, Vec<String>) {
    let source = Source::from_text("f.toml", text);
    let problems = Problems::new();
    let table = source.table(&problems);
    let value = read(&table);
    table.finish();
    (value, problems.render().lines().map(str::to_owned).collect())
}
