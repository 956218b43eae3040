//! What each operation answers with by the examples of its document, rendered for the request path.

use crate::sample::sample;
use crate::spec::{METHODS, Node, Spec, is_media_json};
use bytes::Bytes;
use http::HeaderValue;
use serde_json::Value;
use snapshot::{Mock, MockAnswer, MockStatus, Mocks};
use std::sync::Arc;

/// What the examples of one API may take in memory; those that come after are left out.
const MAX_BYTES: usize = 8 << 20;
/// Most answers of one operation.
const MAX_ANSWERS: usize = 500;

/// The answers of every operation of `document`, by method and path.
///
/// An answer's examples are those of its media types; one that has none gets a value from its schema's own examples.
#[must_use]
pub fn mocks(document: &Value) -> Mocks {
    let spec = Spec::new(document);
    let mut left = MAX_BYTES;
    let mut mocks = Mocks::default();
    for (path, item) in &spec.paths {
        for method in METHODS {
            let operation = item.get(method).filter(|operation| operation.value.is_object());
            if let Some(operation) = operation {
                let answers = answers(&operation, &mut left);
                mocks.insert(
                    format!("{} {path}", method.to_ascii_uppercase()),
                    Arc::new(Mock { answers }),
                );
            }
        }
    }
    mocks
}

fn answers(operation: &Node<'_>, left: &mut usize) -> Vec<MockAnswer> {
    let mut answers = Vec::new();
    let responses = operation.get("responses").map(|all| all.entries()).unwrap_or_default();
    for (status, response) in responses {
        let Some(status) = MockStatus::read(status) else {
            continue;
        };
        let content = response.get("content").map(|all| all.entries()).unwrap_or_default();
        if content.is_empty() {
            answers.push(MockAnswer {
                status,
                media_type: None,
                example: None,
                body: Bytes::new(),
            });
        }
        for (media_type, media) in content {
            // A range of media types is none that an answer could have.
            let header = HeaderValue::from_str(media_type)
                .ok()
                .filter(|_| !media_type.contains('*'));
            let Some(header) = header else { continue };
            for (example, value) in examples(&media) {
                let Some(body) = written(media_type, &value) else {
                    continue;
                };
                let Some(rest) = left.checked_sub(body.len()) else {
                    continue;
                };
                if answers.len() >= MAX_ANSWERS {
                    return answers;
                }
                *left = rest;
                answers.push(MockAnswer {
                    status,
                    media_type: Some(header.clone()),
                    example: example.map(Box::from),
                    body,
                });
            }
        }
    }
    answers
}

/// The written examples with their names, or the one without a name, or one made from the schema.
fn examples<'a>(media: &Node<'a>) -> Vec<(Option<&'a str>, Value)> {
    let named = media.get("examples").map(|all| all.entries()).unwrap_or_default();
    let named: Vec<_> = named
        .into_iter()
        .filter_map(|(name, example)| Some((Some(name), example.value.get("value")?.clone())))
        .collect();
    if !named.is_empty() {
        return named;
    }
    let written = media.value.get("example").cloned();
    let made = || media.get("schema").map(|schema| sample(&schema));
    written.or_else(made).map(|value| (None, value)).into_iter().collect()
}

/// The value as this media type has it; `None`: it cannot be told how.
fn written(media_type: &str, value: &Value) -> Option<Bytes> {
    if is_media_json(media_type) {
        return serde_json::to_vec(value).ok().map(Bytes::from);
    }
    match value {
        Value::String(text) => Some(Bytes::from(text.clone())),
        // Every JSON text is a YAML text.
        Value::Object(_) | Value::Array(_) => {
            let yaml = media_type.to_ascii_lowercase().contains("yaml");
            yaml.then(|| serde_json::to_vec(value).ok().map(Bytes::from)).flatten()
        }
        Value::Null => None,
        plain => Some(Bytes::from(plain.to_string())),
    }
}
