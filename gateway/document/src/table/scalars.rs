//! Readers of single values.

use super::Table;
use crate::quantities::{self, DATE, DURATION, TIMESTAMP};
use crate::tree::Value;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

impl Table<'_> {
    /// Text that must be there; empty when it is not.
    pub fn required_string(&self, key: &'static str) -> String {
        self.required(key, "a string", string).unwrap_or_default()
    }

    /// Text.
    pub fn optional_string(&self, key: &'static str) -> Option<String> {
        self.optional(key, "a string", string)
    }

    /// Text in another form, for example an address; `expected` says which.
    pub fn parsed<T: FromStr>(&self, key: &'static str, expected: &str) -> Option<T> {
        self.optional(key, expected, |value| string(value)?.parse().ok())
    }

    /// Text in another form that must be there. It may be a secret by mistake, so no message quotes it.
    pub fn required_unquoted<T: FromStr>(&self, key: &'static str, expected: &str) -> Option<T> {
        let found = self.required_string(key);
        let parsed = found.parse().ok();
        if parsed.is_none() && !found.is_empty() {
            self.report_unread(key, format!("must be {expected}; what is there is not shown"));
        }
        parsed
    }

    /// `true` or `false`.
    pub fn boolean(&self, key: &'static str, default: bool) -> bool {
        let read = |value: &Value| match value {
            Value::Boolean(truth) => Some(*truth),
            _ => None,
        };
        self.optional(key, "true or false", read).unwrap_or(default)
    }

    /// A whole number from `least` to `most`.
    pub fn integer(&self, key: &'static str, least: u64, most: u64) -> Option<u64> {
        self.optional(key, &range(least, most), |value| whole(value, least, most))
    }

    /// A whole number that fits 32 bits.
    pub fn optional_u32(&self, key: &'static str) -> Option<u32> {
        let (least, most) = (0, u64::from(u32::MAX));
        self.optional(key, &range(least, most), |value| {
            u32::try_from(whole(value, least, most)?).ok()
        })
    }

    /// A whole number that fits 32 bits and must be there.
    pub fn required_u32(&self, key: &'static str) -> Option<u32> {
        let (least, most) = (0, u64::from(u32::MAX));
        self.required(key, &range(least, most), |value| {
            u32::try_from(whole(value, least, most)?).ok()
        })
    }

    /// A number from 0 to 1.
    pub fn share(&self, key: &'static str, default: f64) -> f64 {
        let read = |value: &Value| match value {
            Value::Float(number) => Some(*number).filter(|share| (0.0..=1.0).contains(share)),
            Value::Integer(_) => whole(value, 0, 1).map(|number| if number == 0 { 0.0 } else { 1.0 }),
            _ => None,
        };
        self.optional(key, "a number from 0 to 1", read).unwrap_or(default)
    }

    /// A duration: `"500ms"`, `"2s"`, `"1m30s"`.
    pub fn duration(&self, key: &'static str, default: Duration) -> Duration {
        self.optional(key, DURATION, duration).unwrap_or(default)
    }

    /// A duration that must be there.
    pub fn required_duration(&self, key: &'static str) -> Option<Duration> {
        self.required(key, DURATION, duration)
    }

    /// A date, `YYYY-MM-DD`, that must be there; empty when it is not.
    pub fn required_date(&self, key: &'static str) -> String {
        self.required(key, DATE, quantities::date).unwrap_or_default()
    }

    /// An instant as Unix seconds; a date is its first second in UTC.
    pub fn optional_timestamp(&self, key: &'static str) -> Option<i64> {
        self.optional(key, TIMESTAMP, quantities::timestamp)
    }

    /// An instant that must be there.
    pub fn required_timestamp(&self, key: &'static str) -> Option<i64> {
        self.required(key, TIMESTAMP, quantities::timestamp)
    }

    /// A path, relative to the document's folder.
    pub fn optional_path(&self, key: &'static str) -> Option<PathBuf> {
        let directory = self.source().directory();
        self.optional(key, "a path", |value| {
            string(value)
                .filter(|text| !text.is_empty())
                .map(|text| directory.join(text))
        })
    }

    /// A path that must be there.
    pub fn required_path(&self, key: &'static str) -> Option<PathBuf> {
        if !self.has(key) {
            self.missing(key, "a path");
        }
        self.optional_path(key)
    }

    /// A path to a file that can be opened; one that cannot is a problem, and the path is still given.
    pub fn optional_file(&self, key: &'static str) -> Option<PathBuf> {
        let path = self.optional_path(key)?;
        self.check_file(key, &path);
        Some(path)
    }

    /// As [`Table::optional_file`], and it must be there.
    pub fn required_file(&self, key: &'static str) -> Option<PathBuf> {
        let path = self.required_path(key)?;
        self.check_file(key, &path);
        Some(path)
    }

    /// One of a few words.
    pub fn one_of<T: Clone>(&self, key: &'static str, choices: &[(&str, T)], default: T) -> T {
        self.optional(key, &words(choices), |value| choose(value, choices))
            .unwrap_or(default)
    }

    /// One of a few words that must be there.
    pub fn required_one_of<T: Clone>(&self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        self.required(key, &words(choices), |value| choose(value, choices))
    }

    /// One of a few words, or nothing.
    pub fn optional_one_of<T: Clone>(&self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        self.optional(key, &words(choices), |value| choose(value, choices))
    }

    /// Opening tells more than asking whether it exists: permissions, and a folder in the file's place.
    fn check_file(&self, key: &'static str, path: &std::path::Path) {
        let opened = std::fs::File::open(path).and_then(|file| file.metadata());
        match opened {
            Ok(metadata) if metadata.is_dir() => {
                self.report(key, format!("{} is a folder, not a file", path.display()))
            }
            Ok(_) => {}
            Err(error) => self.report(key, format!("{} cannot be opened: {error}", path.display())),
        }
    }
}

fn string(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn duration(value: &Value) -> Option<Duration> {
    quantities::duration(value.as_str()?)
}

pub(super) fn whole(value: &Value, least: u64, most: u64) -> Option<u64> {
    match value {
        Value::Integer(number) => u64::try_from((*number)?)
            .ok()
            .filter(|number| (least..=most).contains(number)),
        _ => None,
    }
}

pub(super) fn range(least: u64, most: u64) -> String {
    if most == u64::MAX {
        format!("a whole number, at least {least}")
    } else {
        format!("a whole number from {least} to {most}")
    }
}

fn choose<T: Clone>(value: &Value, choices: &[(&str, T)]) -> Option<T> {
    let text = value.as_str()?;
    choices
        .iter()
        .find(|(word, _)| *word == text)
        .map(|(_, choice)| choice.clone())
}

fn words<T>(choices: &[(&str, T)]) -> String {
    let words: Vec<String> = choices.iter().map(|(word, _)| format!("{word:?}")).collect();
    match words.as_slice() {
        [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.join(""),
    }
}
