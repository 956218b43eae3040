//! A sample value made from a schema: what an answer looks like where nobody wrote an example.

use crate::spec::Node;
use serde_json::{Map, Value, json};
use std::cell::Cell;

/// Deepest nesting of a sample.
const MAX_DEPTH: usize = 6;
/// Most values in a sample: schemas that refer to themselves many times would grow without end.
const MAX_VALUES: usize = 200;

/// A value that fits `schema` as far as types, enumerations and written examples tell.
pub(crate) fn sample(schema: &Node<'_>) -> Value {
    Sampler {
        left: Cell::new(MAX_VALUES),
    }
    .value(schema, MAX_DEPTH)
}

struct Sampler {
    left: Cell<usize>,
}

impl Sampler {
    fn value(&self, schema: &Node<'_>, depth: usize) -> Value {
        if let Some(written) = written(schema) {
            return written.clone();
        }
        let (Some(left), Some(depth)) = (self.left.get().checked_sub(1), depth.checked_sub(1)) else {
            return Value::Null;
        };
        self.left.set(left);
        if let Some(choice) = first_choice(schema) {
            return self.value(&choice, depth);
        }
        match kind(schema) {
            "object" => self.object(schema, depth),
            "array" => schema
                .get("items")
                .map_or_else(|| json!([]), |items| json!([self.value(&items, depth)])),
            "integer" | "number" => schema.value.get("minimum").cloned().unwrap_or_else(|| json!(1)),
            "boolean" => json!(true),
            "string" => text(schema),
            _ => Value::Null,
        }
    }

    fn object(&self, schema: &Node<'_>, depth: usize) -> Value {
        let mut members = Map::new();
        for part in schema.get("allOf").map(|parts| parts.items()).unwrap_or_default() {
            if let Value::Object(more) = self.value(&part, depth) {
                members.extend(more);
            }
        }
        for (name, property) in schema
            .get("properties")
            .map(|properties| properties.entries())
            .unwrap_or_default()
        {
            if self.left.get() > 0 {
                members.insert(name.to_owned(), self.value(&property, depth));
            }
        }
        Value::Object(members)
    }
}

/// What the author wrote.
fn written<'a>(schema: &Node<'a>) -> Option<&'a Value> {
    let first = |key: &str| schema.value.get(key).and_then(|all| all.get(0));
    let direct = ["example", "const", "default"]
        .iter()
        .find_map(|key| schema.value.get(*key));
    direct.or_else(|| first("examples")).or_else(|| first("enum"))
}

/// The first of `oneOf` or `anyOf` that is not `null`.
fn first_choice<'a>(schema: &Node<'a>) -> Option<Node<'a>> {
    let choices = schema.get("oneOf").or_else(|| schema.get("anyOf"))?.items();
    choices.into_iter().find(|choice| choice.text("type") != Some("null"))
}

/// The type, also where it is only implied or one of several.
pub(crate) fn kind<'a>(schema: &Node<'a>) -> &'a str {
    match schema.value.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => kinds
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null")
            .unwrap_or("null"),
        _ if schema.value.get("properties").is_some() || schema.value.get("allOf").is_some() => "object",
        _ if schema.value.get("items").is_some() => "array",
        _ => "",
    }
}

fn text(schema: &Node<'_>) -> Value {
    json!(match schema.text("format") {
        Some("date") => "2026-01-31",
        Some("date-time") => "2026-01-31T10:00:00Z",
        Some("uuid") => "0198c5f2-7c1e-7a3b-9d52-4f6a8b1c2d3e",
        Some("uri" | "uri-reference") => "https://example.se",
        Some("email") => "namn@example.se",
        _ => "text",
    })
}
