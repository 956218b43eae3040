//! Rewrites that mean the same: OpenAPI 3.0 to 3.1, parameters of a path to its operations, `example` to `examples`.

use super::edit::object;
use crate::spec::{METHODS, Spec, is_media_json};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Members whose content is data: a `nullable` in there is nobody's schema.
const DATA: &[&str] = &["example", "examples", "default", "enum", "const", "value"];

/// Makes a 3.0 document a 3.1 one: `nullable` and the two boolean bounds are what 3.1 says in another way.
pub(super) fn to_3_1(document: &mut Value) {
    let old = document
        .get("openapi")
        .and_then(Value::as_str)
        .is_some_and(|version| version.starts_with("3.0"));
    if old {
        schemas_to_3_1(document);
        object(document).insert("openapi".to_owned(), json!("3.1.0"));
    }
}

/// Recursion is as deep as the document, which the reader caps.
fn schemas_to_3_1(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(schemas_to_3_1),
        Value::Object(members) => {
            if members.get("nullable").is_some_and(Value::is_boolean) {
                let nullable = members.shift_remove("nullable") == Some(Value::Bool(true));
                if let (true, Some(kind)) = (nullable, members.get_mut("type").filter(|kind| kind.is_string())) {
                    *kind = json!([kind.clone(), "null"]);
                }
            }
            for (exclusive, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
                if members.get(exclusive).is_some_and(Value::is_boolean) {
                    let is_exclusive = members.shift_remove(exclusive) == Some(Value::Bool(true));
                    if let (true, Some(limit)) = (is_exclusive, members.get(bound).cloned()) {
                        members.shift_remove(bound);
                        members.insert(exclusive.to_owned(), limit);
                    }
                }
            }
            for (key, child) in members.iter_mut() {
                if !DATA.contains(&key.as_str()) || child.get("$ref").is_some() {
                    schemas_to_3_1(child);
                }
            }
        }
        _ => {}
    }
}

/// Moves a path's `parameters` into each of its operations: the validator reads the key as an operation (DOK.19).
pub(super) fn parameters_to_operations(document: &mut Value) {
    let spec = Spec::new(document);
    let mut lists: HashMap<String, Vec<Value>> = HashMap::new();
    let mut items = Vec::new();
    for (_, item) in spec
        .paths
        .iter()
        .filter(|(_, item)| item.value.get("parameters").is_some())
    {
        items.push(item.place.clone());
    }
    for operation in &spec.operations {
        let parameters = operation
            .parameters
            .iter()
            .map(|node| reference_or_value(node.place.as_str(), node.value));
        lists.insert(operation.node.place.clone(), parameters.collect());
    }
    for place in items {
        let Some(item) = document.pointer_mut(&place).and_then(Value::as_object_mut) else {
            continue;
        };
        item.shift_remove("parameters");
        for method in METHODS {
            let (Some(operation), Some(list)) = (item.get_mut(method), lists.remove(&format!("{place}/{method}")))
            else {
                continue;
            };
            object(operation).insert("parameters".to_owned(), Value::Array(list));
        }
    }
}

/// A parameter of `components` stays a reference.
fn reference_or_value(place: &str, value: &Value) -> Value {
    if place.starts_with("/components/parameters/") {
        json!({ "$ref": format!("#{place}") })
    } else {
        value.clone()
    }
}

/// Most that is copied from schemas into the bodies that use them, in bytes: one large example may be used ten thousand
/// times.
const MAX_COPIED: usize = 8 * 1024 * 1024;

/// Takes the size of `value` from what is left, if it is there.
fn take(value: &Value, left: &mut usize) -> bool {
    let size = match value {
        Value::String(text) => text.len(),
        _ => 0,
    };
    let Some(rest) = left.checked_sub(size + 16) else {
        return false;
    };
    *left = rest;
    match value {
        Value::Array(items) => items.iter().all(|item| take(item, left)),
        Value::Object(members) => members.iter().all(|(key, value)| {
            *left = left.saturating_sub(key.len());
            take(value, left)
        }),
        _ => true,
    }
}

/// Gives a JSON body `examples` from its `example`, or from the example of its schema.
pub(super) fn examples_in_media(document: &mut Value) {
    let spec = Spec::new(document);
    let mut found = Vec::new();
    let mut left = MAX_COPIED;
    for media in spec
        .media
        .iter()
        .filter(|media| is_media_json(media.name) && media.node.value.get("examples").is_none())
    {
        let schema = media.node.get("schema");
        let of_schema = schema.as_ref().and_then(|schema| {
            schema
                .value
                .get("example")
                .or_else(|| schema.value.get("examples").and_then(|all| all.get(0)))
        });
        let example = media.node.value.get("example").or(of_schema);
        if let Some(example) = example.filter(|example| take(example, &mut left)) {
            found.push((media.node.place.clone(), example.clone()));
        }
    }
    for (place, example) in found {
        let Some(media) = document.pointer_mut(&place).and_then(Value::as_object_mut) else {
            continue;
        };
        media.shift_remove("example");
        media.insert("examples".to_owned(), json!({ "example": { "value": example } }));
    }
}
