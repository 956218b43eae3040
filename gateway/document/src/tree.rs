//! The document's tree, owned, with the place of each key and value in the text.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value and where it is written.
#[derive(Debug)]
pub(crate) struct Node {
    /// The value.
    pub(crate) value: Value,
    /// Bytes of the text.
    pub(crate) span: Range<usize>,
}

/// A value.
#[derive(Debug)]
pub(crate) enum Value {
    String(String),
    /// `None`: larger than any number we read.
    Integer(Option<i128>),
    Float(f64),
    Boolean(bool),
    /// A date, a time, or both, as written.
    Datetime(String),
    Array(Vec<Node>),
    Table(Entries),
}

/// The keys of a table, in the order they are written.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    entries: Vec<(Key, Node)>,
    positions: HashMap<String, usize>,
}

/// A key and where it is written.
#[derive(Debug)]
pub(crate) struct Key {
    /// The key, unquoted.
    pub(crate) name: String,
    /// Bytes of the text.
    pub(crate) span: Range<usize>,
}

impl Entries {
    /// Copies the parser's table.
    pub(crate) fn from_parsed(table: DeTable<'_>) -> Entries {
        let mut entries = Entries::default();
        for (key, value) in table {
            let span = key.span();
            let name = key.into_inner().into_owned();
            entries.positions.insert(name.clone(), entries.entries.len());
            entries.entries.push((Key { name, span }, Node::from_parsed(value)));
        }
        entries
    }

    /// The key and value of this name.
    pub(crate) fn get(&self, name: &str) -> Option<(&Key, &Node)> {
        let position = self.positions.get(name)?;
        self.entries.get(*position).map(|(key, node)| (key, node))
    }

    /// As JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        let members = self.entries.iter();
        let members = members.map(|(key, node)| (key.name.clone(), node.value.json()));
        serde_json::Value::Object(members.collect())
    }

    /// All keys, in order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.entries.iter().map(|(key, _)| key)
    }
}

impl Node {
    fn from_parsed(value: Spanned<DeValue<'_>>) -> Node {
        let span = value.span();
        let value = match value.into_inner() {
            DeValue::String(text) => Value::String(text.into_owned()),
            DeValue::Integer(number) => Value::Integer(i128::from_str_radix(number.as_str(), number.radix()).ok()),
            DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(truth) => Value::Boolean(truth),
            DeValue::Datetime(time) => Value::Datetime(time.to_string()),
            DeValue::Array(items) => Value::Array(items.into_iter().map(Node::from_parsed).collect()),
            DeValue::Table(table) => Value::Table(Entries::from_parsed(table)),
        };
        Node { value, span }
    }
}

impl Value {
    /// As JSON; a number that is none of JSON's is nothing.
    fn json(&self) -> serde_json::Value {
        match self {
            Self::String(text) | Self::Datetime(text) => text.as_str().into(),
            Self::Integer(number) => number.and_then(|number| i64::try_from(number).ok()).into(),
            Self::Float(number) => (*number).into(),
            Self::Boolean(truth) => (*truth).into(),
            Self::Array(items) => items.iter().map(|node| node.value.json()).collect(),
            Self::Table(table) => table.json(),
        }
    }

    /// Text.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Elements.
    pub(crate) fn as_array(&self) -> Option<&[Node]> {
        match self {
            Value::Array(items) => Some(items),
            _ => None,
        }
    }

    /// Keys.
    pub(crate) fn as_table(&self) -> Option<&Entries> {
        match self {
            Value::Table(entries) => Some(entries),
            _ => None,
        }
    }
}

impl fmt::Display for Value {
    /// As a message quotes it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::String(text) => write!(formatter, "{text:?}"),
            Value::Integer(Some(number)) => write!(formatter, "{number}"),
            Value::Integer(None) => formatter.write_str("a number that large"),
            Value::Float(number) => write!(formatter, "{number:?}"),
            Value::Boolean(truth) => write!(formatter, "{truth}"),
            Value::Datetime(time) => formatter.write_str(time),
            Value::Array(_) => formatter.write_str("an array"),
            Value::Table(_) => formatter.write_str("a table"),
        }
    }
}
