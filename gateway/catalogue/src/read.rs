//! Reads a document from bytes: JSON or YAML in, one ordered JSON value out, hostile input refused.
//!
//! YAML is read by the rules of 1.2 that OpenAPI asks for: `no` and `off` are texts, and so is `0180` (a municipality code,
//! not the number 180). Duplicate keys are refused in both formats: a second `/cases` would hide the first from every check.

mod value;

use serde_json::Value;
use value::{Budget, ValueSeed};

/// Largest document, in bytes.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;
/// Deepest nesting of objects and arrays.
pub const MAX_DEPTH: usize = 64;
/// Most nodes after aliases are expanded.
const MAX_NODES: usize = 1_000_000;
/// Stack of the thread that reads YAML: three times what [`MAX_DEPTH`] levels were measured to need; pages that are not
/// touched cost nothing.
const YAML_STACK_BYTES: usize = 6 * 1024 * 1024;
/// Most parser events that aliases may add: what a document gains by them is small, what a bomb needs is not.
const MAX_REPLAYED: usize = 100_000;
/// Most bytes of text after aliases are expanded.
const MAX_TEXT_BYTES: usize = 4 * MAX_BYTES;
/// Most bytes of JSON pointers to all of its nodes: every finding has such a place, and a few long names above many nodes
/// would make them fill the memory.
const MAX_PLACE_BYTES: usize = 6 * MAX_BYTES;

/// Why a document could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// More bytes than [`MAX_BYTES`].
    #[error("{name}: {bytes} bytes; a document may have at most {MAX_BYTES}")]
    TooLarge {
        /// The document's name, as given by the caller.
        name: String,
        /// Its size.
        bytes: usize,
    },
    /// Not JSON, not YAML, or more than the caps allow.
    #[error("{name}:{line}:{column}: {message}")]
    Syntax {
        /// The document's name, as given by the caller.
        name: String,
        /// Line, from 1.
        line: u64,
        /// Column, from 1.
        column: u64,
        /// What is wrong.
        message: String,
    },
    /// Well-formed, but a text, number or list at the top.
    #[error("{name}:1:1: an OpenAPI document is an object at the top")]
    NotAnObject {
        /// The document's name, as given by the caller.
        name: String,
    },
}

/// Reads `bytes` as JSON or YAML, told apart by the ending of `name_hint` or else by the first character.
///
/// Order of members is kept. `name_hint` (a file name or URL) is only used for that and in errors.
///
/// # Errors
/// [`ReadError`], with line and column: syntax, duplicate keys, size, depth, or alias expansion over the caps.
pub fn read(bytes: &[u8], name_hint: &str) -> Result<Value, ReadError> {
    let name = || name_hint.to_owned();
    if bytes.len() > MAX_BYTES {
        return Err(ReadError::TooLarge {
            name: name(),
            bytes: bytes.len(),
        });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf8(bytes, error.valid_up_to(), name()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let value = if is_json(text, name_hint) {
        read_json(text, name())?
    } else {
        read_yaml(text, name())?
    };
    if value.is_object() {
        Ok(value)
    } else {
        Err(ReadError::NotAnObject { name: name() })
    }
}

/// Every JSON document is YAML too; the ending decides, then the first character.
fn is_json(text: &str, name_hint: &str) -> bool {
    let name = name_hint.to_ascii_lowercase();
    if name.ends_with(".yaml") || name.ends_with(".yml") {
        return false;
    }
    name.ends_with(".json") || matches!(text.trim_start().chars().next(), Some('{' | '['))
}

fn read_json(text: &str, name: String) -> Result<Value, ReadError> {
    let budget = Budget::new(MAX_NODES, MAX_TEXT_BYTES, MAX_PLACE_BYTES);
    let seed = ValueSeed::new(&budget, MAX_DEPTH);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    serde::de::DeserializeSeed::deserialize(seed, &mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| ReadError::Syntax {
            line: error.line() as u64,
            column: error.column() as u64,
            message: without_position(&error.to_string()),
            name,
        })
}

/// On a thread of its own: the YAML reader needs some 25 kB of stack per level in a debug build, and no caller should have
/// to know that.
fn read_yaml(text: &str, name: String) -> Result<Value, ReadError> {
    let failed = |message: String| ReadError::Syntax {
        name: name.clone(),
        line: 1,
        column: 1,
        message,
    };
    let result = std::thread::scope(|scope| {
        let reader = std::thread::Builder::new()
            .name("yaml".to_owned())
            .stack_size(YAML_STACK_BYTES);
        let reader = reader.spawn_scoped(scope, || parse_yaml(text));
        let reader = reader.map_err(|error| failed(format!("no thread to read it on: {error}")))?;
        reader.join().map_err(|_| failed("the YAML reader failed".to_owned()))
    })?;
    result.map_err(|error| {
        let location = error.location();
        ReadError::Syntax {
            line: location.map_or(1, |at| at.line()),
            column: location.map_or(1, |at| at.column()),
            message: one_line(&error.without_snippet().to_string()),
            name,
        }
    })
}

fn parse_yaml(text: &str) -> Result<Value, serde_saphyr::Error> {
    let budget = Budget::new(MAX_NODES, MAX_TEXT_BYTES, MAX_PLACE_BYTES);
    let seed = ValueSeed::new(&budget, MAX_DEPTH);
    serde_saphyr::with_deserializer_from_str_with_options(text, yaml_options(), |deserializer| {
        serde::de::DeserializeSeed::deserialize(seed, deserializer)
    })
}

fn yaml_options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: 2 * MAX_NODES,
            max_documents: 1,
            max_total_scalar_bytes: MAX_BYTES,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MAX_REPLAYED, max_replay_stack_depth: 16 },
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        emit_comments: false,
    }
}

/// The position of the first byte that is not UTF-8.
fn not_utf8(bytes: &[u8], valid_up_to: usize, name: String) -> ReadError {
    let before = bytes.get(..valid_up_to).unwrap_or_default();
    let line = before.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() as u64 + 1;
    ReadError::Syntax {
        name,
        line,
        column,
        message: "not UTF-8".to_owned(),
    }
}

/// serde_json ends its texts with the position, which the error already holds.
fn without_position(text: &str) -> String {
    text.rsplit_once(" at line ")
        .map_or(text, |(message, _)| message)
        .to_owned()
}

fn one_line(text: &str) -> String {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("; ")
}
