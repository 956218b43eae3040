//! The OpenAPI document that calls are held against, and calls that fit it and do not.

use bytes::Bytes;
use serde_json::{Value, json};

/// Length of a call's body in bytes, about; what is told of the rung.
const LENGTH: usize = 2_048;

/// A document with one operation, `POST path`, whose body is a list of cases as an agency would describe it.
pub(crate) fn document(path: &str) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Load", "version": "1.0.0" },
        "paths": { path: { "post": {
            "operationId": "createItems",
            "requestBody": { "required": true, "content": { "application/json": {
                "schema": { "$ref": "#/components/schemas/Items" }
            } } },
            "responses": { "200": { "description": "What was sent was understood" } }
        } } },
        "components": { "schemas": {
            "Items": {
                "type": "object",
                "required": ["reference", "items"],
                "additionalProperties": false,
                "properties": {
                    "reference": { "type": "string", "pattern": "^[A-Z]{2}-[0-9]{6}$" },
                    "items": { "type": "array", "minItems": 1, "maxItems": 100, "items": { "$ref": "#/components/schemas/Item" } }
                }
            },
            "Item": {
                "type": "object",
                "required": ["number", "state", "title"],
                "additionalProperties": false,
                "properties": {
                    "number": { "type": "integer", "minimum": 1, "maximum": 999_999 },
                    "state": { "enum": ["received", "started", "waiting", "decided"] },
                    "title": { "type": "string", "minLength": 1, "maxLength": 200 },
                    "amount": { "type": ["number", "null"], "minimum": 0 }
                }
            }
        } }
    })
}

/// 2 KiB that fit the document.
pub(crate) fn fitting() -> Bytes {
    with("received")
}

/// The same with a state that the document does not know, in the last item: who reads all of it refuses it.
pub(crate) fn unfitting() -> Bytes {
    with("forgotten")
}

fn with(last: &str) -> Bytes {
    let item = |number: usize, state: &str| json!({ "number": number, "state": state, "title": "Anmälan om ändrad adress", "amount": 1_250.5 });
    let items = |count: usize| -> Value {
        let states = (1..=count).map(|number| item(number, if number == count { last } else { "started" }));
        json!({ "reference": "SE-260101", "items": states.collect::<Vec<_>>() })
    };
    // As many as come nearest to the length from below.
    let fitting = (1..)
        .take_while(|count| items(*count).to_string().len() <= LENGTH)
        .last();
    Bytes::from(items(fitting.unwrap_or(1)).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bodies_are_of_two_kibibytes_and_differ_in_one_word_that_the_document_does_not_know() {
        for body in [fitting(), unfitting()] {
            assert!((1_900..=LENGTH).contains(&body.len()), "{}", body.len());
        }
        let state = |body: &Bytes| {
            let read: Value = serde_json::from_slice(body).unwrap();
            read["items"].as_array().unwrap().last().unwrap()["state"].clone()
        };
        let known = &document("/items-1")["components"]["schemas"]["Item"]["properties"]["state"]["enum"];
        assert!(known.as_array().unwrap().contains(&state(&fitting())));
        assert!(!known.as_array().unwrap().contains(&state(&unfitting())));
    }
}
