//! The headers the gateway adds to every answer and takes on every request.

use super::components::{header, traceparent_parameter};
use super::edit::object;
use crate::facts::ApiFacts;
use crate::spec::{Spec, is_failure};
use serde_json::{Value, json};

/// Declares `traceparent` both ways, and the limit headers where a limit applies.
pub(super) fn add(document: &mut Value, facts: &ApiFacts) {
    request(document);
    let responses: Vec<(String, String)> = {
        let spec = Spec::new(document);
        let found = spec
            .responses
            .iter()
            .filter(|response| response.node.value.is_object() && response.node.reference().is_none());
        found
            .map(|response| (response.node.place.clone(), response.status.to_owned()))
            .collect()
    };
    let limited = !facts.limits.is_empty();
    let mut names = vec!["traceparent"];
    if limited {
        names.extend(["RateLimit", "RateLimit-Policy"]);
    }
    let references: Vec<(&str, Value)> = names.iter().map(|name| (*name, header(document, name))).collect();
    for (place, status) in responses {
        let Some(response) = document.pointer_mut(&place) else {
            continue;
        };
        let headers = object(object(response).entry("headers").or_insert_with(|| json!({})));
        for (name, reference) in &references {
            let wanted = *name == "traceparent" || status == "429" || !is_failure(&status);
            if wanted && !headers.keys().any(|key| key.eq_ignore_ascii_case(name)) {
                headers.insert((*name).to_owned(), reference.clone());
            }
        }
    }
}

fn request(document: &mut Value) {
    let missing: Vec<String> = {
        let spec = Spec::new(document);
        let declares = |node: &crate::spec::Node<'_>| {
            node.text("name")
                .is_some_and(|name| name.eq_ignore_ascii_case("traceparent"))
        };
        let operations = spec
            .operations
            .iter()
            .filter(|operation| !operation.parameters.iter().any(declares));
        operations.map(|operation| operation.node.place.clone()).collect()
    };
    let reference = traceparent_parameter(document);
    for place in missing {
        let Some(operation) = document.pointer_mut(&place) else {
            continue;
        };
        let parameters = object(operation).entry("parameters").or_insert_with(|| json!([]));
        match parameters {
            Value::Array(list) => list.push(reference.clone()),
            other => *other = json!([reference]),
        }
    }
}
