//! One table of a document, and the readers of its keys.

mod nested;
mod scalars;

use crate::problems::{Problem, ProblemKind, Problems};
use crate::similar;
use crate::source::Source;
use crate::tree::{Entries, Node, Value};
use std::cell::RefCell;
use std::ops::Range;

/// A table that is being read. When reading ends, with [`Table::finish`] or when it is dropped, each key that no reader
/// asked for is reported.
pub struct Table<'a> {
    source: &'a Source,
    problems: &'a Problems,
    path: String,
    /// `None`: the table is not in the document; every optional reader gives its default and a required one is silent,
    /// because the missing table is what was reported.
    entries: Option<&'a Entries>,
    /// Where the table itself is written.
    span: Range<usize>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Table<'a> {
    /// The whole document.
    pub(crate) fn root(source: &'a Source, problems: &'a Problems) -> Self {
        Table::new(source, problems, String::new(), Some(source.tree()), 0..0)
    }

    fn new(
        source: &'a Source,
        problems: &'a Problems,
        path: String,
        entries: Option<&'a Entries>,
        span: Range<usize>,
    ) -> Self {
        Table {
            source,
            problems,
            path,
            entries,
            span,
            asked: RefCell::default(),
        }
    }

    /// The document.
    pub fn source(&self) -> &'a Source {
        self.source
    }

    /// The table's key path; empty for the whole document.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether the document holds `key`; counts as asking for it.
    pub fn has(&self, key: &'static str) -> bool {
        self.entry(key).is_some()
    }

    /// Whether this table is in the document at all.
    pub fn is_present(&self) -> bool {
        self.entries.is_some()
    }

    /// Reports a broken rule about `key`, at its place, or at the table's when it is not there.
    pub fn report(&self, key: &'static str, message: impl Into<String>) {
        let span = self
            .entry(key)
            .map_or_else(|| self.span.clone(), |node| node.span.clone());
        self.add(self.path_of(key), &span, ProblemKind::Rule, message.into());
    }

    /// Reports a broken rule about the whole table.
    pub fn report_here(&self, message: impl Into<String>) {
        self.add(self.path.clone(), &self.span, ProblemKind::Rule, message.into());
    }

    /// Ends reading: unknown keys are reported. The same happens when the table is dropped.
    pub fn finish(self) {
        drop(self);
    }

    /// Ends reading without a word about unknown keys, for a look ahead.
    pub fn abandon(mut self) {
        self.entries = None;
    }

    /// The value at `key`, which is now known.
    fn entry(&self, key: &'static str) -> Option<&'a Node> {
        let mut asked = self.asked.borrow_mut();
        if !asked.contains(&key) {
            asked.push(key);
        }
        self.entries?.get(key).map(|(_, node)| node)
    }

    /// Reads `key` with `read`; a value it refuses is reported as not being `expected`.
    fn optional<T>(&self, key: &'static str, expected: &str, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
        let node = self.entry(key)?;
        let result = read(&node.value);
        if result.is_none() {
            self.unread(self.path_of(key), &node.span, wrong(expected, &node.value));
        }
        result
    }

    /// As [`Table::optional`]; a missing key is reported too.
    fn required<T>(&self, key: &'static str, expected: &str, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
        if self.entry(key).is_none() {
            self.missing(key, expected);
        }
        self.optional(key, expected, read)
    }

    /// Reports that a required key is not there.
    fn missing(&self, key: &'static str, expected: &str) {
        // After a syntax error keys are missing because they could not be read.
        if self.entries.is_some() && self.source.is_whole() {
            self.unread(self.path_of(key), &self.span, format!("is missing; give {expected}"));
        }
    }

    /// Reports that the value at `key` could not be used.
    fn report_unread(&self, key: &'static str, message: String) {
        let span = self
            .entry(key)
            .map_or_else(|| self.span.clone(), |node| node.span.clone());
        self.unread(self.path_of(key), &span, message);
    }

    fn unread(&self, path: String, span: &Range<usize>, message: String) {
        self.add(path, span, ProblemKind::Unread, message);
    }

    fn add(&self, path: String, span: &Range<usize>, kind: ProblemKind, message: String) {
        let place = self.source.place(span);
        // What the parser recovered of a broken line is not what was meant.
        if !self.source.is_broken_at(place.line) {
            let document = self.source.name().clone();
            self.problems.add(Problem {
                document,
                place: Some(place),
                path,
                message,
                kind,
            });
        }
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            written(key)
        } else {
            format!("{}.{}", self.path, written(key))
        }
    }

    fn report_unknown_keys(&self) {
        let asked = self.asked.borrow();
        let unknown = self.entries.into_iter().flat_map(Entries::keys);
        for key in unknown.filter(|key| !asked.contains(&key.name.as_str())) {
            let absent = |known: &&str| self.entries.is_none_or(|entries| entries.get(known).is_none());
            let hint = match similar::nearest(&key.name, asked.iter().copied().filter(absent)) {
                Some(known) => format!("; did you mean `{known}`?"),
                None if asked.is_empty() => String::new(),
                None => format!("; known here: {}", asked.join(", ")),
            };
            self.add(
                self.path_of(&key.name),
                &key.span,
                ProblemKind::Rule,
                format!("unknown key{hint}"),
            );
        }
    }
}

impl Drop for Table<'_> {
    fn drop(&mut self) {
        self.report_unknown_keys();
    }
}

/// `must be a string, not 5`.
fn wrong(expected: &str, found: &Value) -> String {
    format!("must be {expected}, not {found}")
}

/// A key as it would be written in a document.
fn written(key: &str) -> String {
    let bare = !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if bare { key.to_owned() } else { format!("{key:?}") }
}
