//! What the profile does not ask for but a reader does.

use openapi::documents;
use serde_json::Value;
use std::collections::HashSet;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// `(file and operation for messages, operation)`.
fn operations() -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for document in documents().unwrap() {
        for (path, item) in document.value["paths"].as_object().unwrap() {
            for method in METHODS {
                if let Some(operation) = item.get(method) {
                    all.push((format!("{} {method} {path}", document.file), operation.clone()));
                }
            }
        }
    }
    all
}

#[test]
fn there_are_operations() {
    assert!(operations().len() >= 6);
}

#[test]
fn every_operation_has_its_own_name() {
    let mut seen = HashSet::new();
    for (name, operation) in operations() {
        let file = name.split(' ').next().unwrap().to_owned();
        let id = operation["operationId"]
            .as_str()
            .unwrap_or_else(|| panic!("{name} has no operationId"));
        assert!(seen.insert((file, id.to_owned())), "{name}: {id} is there twice");
    }
}

#[test]
fn every_parameter_is_described() {
    for (name, operation) in operations() {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let described = parameter.get("$ref").is_some()
                || parameter["description"].as_str().is_some_and(|text| !text.is_empty());
            assert!(described, "{name}: {parameter}");
        }
    }
}

#[test]
fn every_default_and_example_is_of_its_type() {
    for document in documents().unwrap() {
        let mut waiting = vec![(String::new(), &document.value)];
        while let Some((place, value)) = waiting.pop() {
            for key in ["default", "example"] {
                let wrong = value.get(key).is_some_and(|given| !fits(given, &value["type"]));
                assert!(
                    !wrong,
                    "{} {place}: the {key} is not of the type {}",
                    document.file, value["type"]
                );
            }
            match value {
                Value::Object(members) => {
                    let children = members
                        .iter()
                        .filter(|(key, _)| !["example", "examples", "default"].contains(&key.as_str()));
                    waiting.extend(children.map(|(key, child)| (format!("{place}/{key}"), child)));
                }
                Value::Array(items) => waiting.extend(items.iter().map(|item| (format!("{place}/-"), item))),
                _ => {}
            }
        }
    }
}

fn fits(value: &Value, kind: &Value) -> bool {
    match kind {
        Value::Array(kinds) => kinds.iter().any(|kind| fits(value, kind)),
        Value::String(kind) => match kind.as_str() {
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            "null" => value.is_null(),
            _ => false,
        },
        _ => true,
    }
}

#[test]
fn no_document_holds_a_person_number() {
    // Ten or twelve digits with a separator, as Swedish personal identity numbers are written.
    for document in documents().unwrap() {
        let text = document.value.to_string();
        let found = text
            .split(|c: char| !c.is_ascii_digit() && c != '-' && c != '+')
            .find(|part| is_person_number(part));
        assert_eq!(found, None, "{}", document.file);
    }
}

fn is_person_number(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let separated =
        text.rfind(['-', '+']).is_some_and(|at| text.len() - at == 5) && text.matches(['-', '+']).count() == 1;
    if !separated || !matches!(digits.len(), 10 | 12) {
        return false;
    }
    let last_ten = &digits[digits.len() - 10..];
    let sum: u32 = last_ten
        .iter()
        .enumerate()
        .map(|(place, digit)| luhn(*digit, place % 2 == 0))
        .sum();
    sum.is_multiple_of(10)
}

fn luhn(digit: u32, doubled: bool) -> u32 {
    let value = if doubled { digit * 2 } else { digit };
    value / 10 + value % 10
}
