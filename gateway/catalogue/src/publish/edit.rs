//! Small edits of a JSON document that may be malformed anywhere.

use crate::spec::METHODS;
use serde_json::{Map, Value};

/// The object `value` is; anything else is made an empty one.
pub(super) fn object(value: &mut Value) -> &mut Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => {
            *other = Value::Object(Map::new());
            object(other)
        }
    }
}

/// The object under `key`, made when it is not there.
pub(super) fn object_in<'a>(value: &'a mut Value, key: &str) -> &'a mut Map<String, Value> {
    object(object(value).entry(key).or_insert(Value::Null))
}

/// The object under `components/<section>`, made when it is not there.
pub(super) fn component_section<'a>(document: &'a mut Value, section: &str) -> &'a mut Map<String, Value> {
    object(object_in(document, "components").entry(section).or_insert(Value::Null))
}

/// Puts `value` under `key` unless something is there.
pub(super) fn fill(members: &mut Map<String, Value>, key: &str, value: impl FnOnce() -> Value) {
    if members.get(key).is_none_or(Value::is_null) {
        members.insert(key.to_owned(), value());
    }
}

/// Calls `edit` with path, method and members of every operation that stands under `paths` itself.
pub(super) fn each_operation(
    document: &mut Map<String, Value>,
    mut edit: impl FnMut(&str, &str, &mut Map<String, Value>),
) {
    let paths = document
        .get_mut("paths")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten();
    for (path, item) in paths {
        for method in METHODS {
            if let Some(operation) = item.get_mut(method).and_then(Value::as_object_mut) {
                edit(path, method, operation);
            }
        }
    }
}
