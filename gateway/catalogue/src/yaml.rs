//! Writes a JSON value as YAML.

use serde_json::Value;

/// `value` as YAML 1.2, order kept; texts that another reader could take for numbers, dates or booleans are quoted.
///
/// Never fails: JSON is YAML, so a value the writer refused would be written as JSON.
#[must_use]
pub fn to_yaml(value: &Value) -> String {
    serde_saphyr::to_string(value).unwrap_or_else(|_| format!("{value:#}\n"))
}
