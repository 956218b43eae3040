//! What a schema says, its `allOf` parts taken together and the words of OpenAPI 3.0 said as 3.1 says them.

use super::Walk;
use crate::spec::Node;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap, HashSet};

/// A bound and whether it is itself left out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bound {
    pub(super) value: f64,
    pub(super) exclusive: bool,
}

/// What a schema says.
#[derive(Default)]
pub(super) struct Shape<'a> {
    /// `None`: any type.
    pub(super) types: Option<BTreeSet<&'a str>>,
    /// `None`: any value.
    pub(super) values: Option<Vec<&'a Value>>,
    /// More values may come, and callers have been told.
    pub(super) extensible: bool,
    /// In the document's order.
    pub(super) properties: Vec<(&'a str, Node<'a>)>,
    pub(super) index: HashMap<&'a str, usize>,
    pub(super) required: HashSet<&'a str>,
    pub(super) items: Option<Node<'a>>,
    /// `additionalProperties`, when it is a schema.
    pub(super) additional: Option<Node<'a>>,
    pub(super) closed: bool,
    /// `oneOf` and `anyOf`.
    pub(super) choices: Vec<Node<'a>>,
    pub(super) format: Option<&'a str>,
    pub(super) pattern: Option<&'a str>,
    pub(super) default: Option<&'a Value>,
    pub(super) lowest: Option<Bound>,
    pub(super) highest: Option<Bound>,
    /// `minLength`, `maxLength`, `minItems`, ... by name.
    pub(super) least: HashMap<&'static str, u64>,
    pub(super) most: HashMap<&'static str, u64>,
    pub(super) multiple_of: Option<f64>,
    pub(super) unique: bool,
    pub(super) deprecated: bool,
}

const LEAST: [&str; 3] = ["minLength", "minItems", "minProperties"];
const MOST: [&str; 3] = ["maxLength", "maxItems", "maxProperties"];

impl<'a> Shape<'a> {
    /// Reads `schema`; each part of an `allOf` once.
    pub(super) fn of(schema: &Node<'a>, walk: &mut Walk<'a>) -> Self {
        let mut shape = Self::default();
        let (mut seen, mut waiting) = (HashSet::new(), vec![schema.clone()]);
        while let Some(node) = waiting.pop() {
            let counted = ["properties", "required", "enum", "allOf", "oneOf", "anyOf"];
            let size: usize = counted
                .iter()
                .map(|key| node.get_raw(key).map_or(0, |part| part.len()))
                .sum();
            if !seen.insert(node.place.clone()) || !walk.spend(1 + size) {
                continue;
            }
            if let Some(parts) = node.get("allOf") {
                waiting.extend(parts.items().into_iter().rev());
            }
            shape.add(&node);
        }
        shape
    }

    fn add(&mut self, node: &Node<'a>) {
        let types = types(node);
        self.types = narrower(self.types.take(), types);
        if let Some(values) = values(node) {
            self.values.get_or_insert(values);
        }
        self.extensible |= node.value.get("x-extensible-enum").is_some();
        for (name, property) in node.get("properties").map(|all| all.entries()).unwrap_or_default() {
            if !self.index.contains_key(name) {
                self.index.insert(name, self.properties.len());
                self.properties.push((name, property));
            }
        }
        let required = node.value.get("required").and_then(Value::as_array);
        self.required
            .extend(required.into_iter().flatten().filter_map(Value::as_str));
        self.items = self.items.take().or_else(|| node.get("items"));
        match node.get("additionalProperties") {
            Some(schema) if schema.value.is_object() => self.additional = Some(schema),
            Some(schema) => self.closed |= schema.value == &Value::Bool(false),
            None => self.closed |= node.value.get("unevaluatedProperties") == Some(&Value::Bool(false)),
        }
        for key in ["oneOf", "anyOf"] {
            self.choices
                .extend(node.get(key).map(|all| all.items()).unwrap_or_default());
        }
        self.format = self.format.or_else(|| node.text("format"));
        self.pattern = self.pattern.or_else(|| node.text("pattern"));
        self.default = self.default.or_else(|| node.value.get("default"));
        self.unique |= node.is_true("uniqueItems");
        self.deprecated |= node.is_true("deprecated");
        self.numbers(node);
    }

    fn numbers(&mut self, node: &Node<'a>) {
        let number = |key: &str| node.value.get(key).and_then(Value::as_f64);
        let bound = |plain: &str, exclusive: &str| {
            // A flag beside the bound in 3.0, a bound of its own in 3.1.
            let flagged = node.is_true(exclusive);
            let own = number(exclusive).map(|value| Bound { value, exclusive: true });
            own.or_else(|| {
                number(plain).map(|value| Bound {
                    value,
                    exclusive: flagged,
                })
            })
        };
        self.lowest = self.lowest.or_else(|| bound("minimum", "exclusiveMinimum"));
        self.highest = self.highest.or_else(|| bound("maximum", "exclusiveMaximum"));
        self.multiple_of = self.multiple_of.or_else(|| number("multipleOf"));
        let count = |key: &str| node.value.get(key).and_then(Value::as_u64);
        for key in LEAST {
            if let Some(value) = count(key) {
                let known = self.least.entry(key).or_insert(value);
                *known = value.max(*known);
            }
        }
        for key in MOST {
            if let Some(value) = count(key) {
                let known = self.most.entry(key).or_insert(value);
                *known = value.min(*known);
            }
        }
    }

    /// The property of this name.
    pub(super) fn property(&self, name: &str) -> Option<&Node<'a>> {
        let position = self.index.get(name)?;
        self.properties.get(*position).map(|(_, node)| node)
    }
}

fn types<'a>(node: &Node<'a>) -> Option<BTreeSet<&'a str>> {
    let mut types: BTreeSet<&str> = match node.value.get("type")? {
        Value::String(one) => [one.as_str()].into(),
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    if node.is_true("nullable") {
        types.insert("null");
    }
    Some(types)
}

/// Both must hold; an integer is a number.
fn narrower<'a>(one: Option<BTreeSet<&'a str>>, other: Option<BTreeSet<&'a str>>) -> Option<BTreeSet<&'a str>> {
    match (one, other) {
        (Some(one), Some(other)) => {
            let mut both: BTreeSet<&str> = one.intersection(&other).copied().collect();
            if one.union(&other).any(|kind| *kind == "integer") && (one.contains("number") || other.contains("number"))
            {
                both.insert("integer");
            }
            Some(both)
        }
        (one, other) => one.or(other),
    }
}

fn values<'a>(node: &Node<'a>) -> Option<Vec<&'a Value>> {
    if let Some(one) = node.value.get("const") {
        return Some(vec![one]);
    }
    node.value.get("enum")?.as_array().map(|list| list.iter().collect())
}
