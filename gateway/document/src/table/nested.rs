//! Readers of tables and arrays inside a table.

use super::scalars::{range, whole};
use super::{Table, wrong};
use crate::tree::{Node, Value};

impl<'a> Table<'a> {
    /// The table at `key`. One that is not there reads as empty; [`Table::is_present`] tells.
    pub fn table(&self, key: &'static str) -> Table<'a> {
        let node = self.entry(key);
        let is_table = |value: &Value| value.as_table().map(|_| ());
        let entries = self
            .optional(key, "a table", is_table)
            .and_then(|()| node?.value.as_table());
        let span = node.map_or_else(|| self.span.clone(), |node| node.span.clone());
        Table::new(self.source, self.problems, self.path_of(key), entries, span)
    }

    /// The table at `key`, which must be there.
    pub fn required_table(&self, key: &'static str) -> Table<'a> {
        if !self.has(key) {
            self.missing(key, "a table");
        }
        self.table(key)
    }

    /// The tables at `key`, written `[[key]]`; none when it is not there.
    pub fn tables(&self, key: &'static str) -> Vec<Table<'a>> {
        let Some(items) = self.items(key, "an array of tables, written [[...]]") else {
            return Vec::new();
        };
        let mut tables = Vec::with_capacity(items.len());
        for (position, item) in items.iter().enumerate() {
            let path = format!("{}[{position}]", self.path_of(key));
            let entries = item.value.as_table();
            if entries.is_none() {
                self.unread(path.clone(), &item.span, wrong("a table", &item.value));
            }
            // A place is kept even for what is no table, so that positions are those of the document.
            tables.push(Table::new(self.source, self.problems, path, entries, item.span.clone()));
        }
        tables
    }

    /// A list of texts; empty when it is not there.
    pub fn strings(&self, key: &'static str) -> Vec<String> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        self.list(key, "an array of strings", "a string", text)
            .into_iter()
            .map(Option::unwrap_or_default)
            .collect()
    }

    /// A list of whole numbers from `least` to `most`; empty when it is not there.
    pub fn integers(&self, key: &'static str, least: u64, most: u64) -> Vec<u64> {
        let read = |value: &Value| whole(value, least, most);
        self.list(key, "an array of numbers", &range(least, most), read)
            .into_iter()
            .map(|number| number.unwrap_or(least))
            .collect()
    }

    /// A list of texts that must be there.
    pub fn required_strings(&self, key: &'static str) -> Vec<String> {
        if !self.has(key) {
            self.missing(key, "an array of strings");
        }
        self.strings(key)
    }

    /// A list of texts in another form; an element that has not that form is reported and left out.
    pub fn parsed_strings<T: std::str::FromStr>(&self, key: &'static str, expected: &str) -> Vec<T> {
        let read = |value: &Value| value.as_str()?.parse().ok();
        self.list(key, "an array of strings", expected, read)
            .into_iter()
            .flatten()
            .collect()
    }

    /// Reads each element; one that `read` refuses is reported.
    fn list<T>(
        &self,
        key: &'static str,
        expected: &str,
        element: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Vec<Option<T>> {
        let Some(items) = self.items(key, expected) else {
            return Vec::new();
        };
        let mut found = Vec::with_capacity(items.len());
        for (position, item) in items.iter().enumerate() {
            let one = read(&item.value);
            if one.is_none() {
                let path = format!("{}[{position}]", self.path_of(key));
                self.unread(path, &item.span, wrong(element, &item.value));
            }
            found.push(one);
        }
        found
    }

    fn items(&self, key: &'static str, expected: &str) -> Option<&'a [Node]> {
        let node = self.entry(key)?;
        let items = node.value.as_array();
        if items.is_none() {
            self.unread(self.path_of(key), &node.span, wrong(expected, &node.value));
        }
        items
    }
}
