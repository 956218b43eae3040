//! The checker on documents that are not well-behaved: references, cycles, sharing, nonsense.

use crate::support::{clean, edited};
use catalogue::profile::check;
use serde_json::{Value, json};

#[test]
fn a_shared_fault_is_reported_once_and_where_it_stands() {
    let findings = check(&edited(|document| {
        document["components"]["responses"]["Problem"]
            .as_object_mut()
            .unwrap()
            .remove("description");
    }));
    let places: Vec<&str> = findings.iter().map(|finding| finding.place.as_str()).collect();
    assert_eq!(places, ["/components/responses/Problem"]);
}

#[test]
fn reference_cycles_end() {
    let findings = check(&edited(|document| {
        document["components"]["schemas"]["A"] = json!({"$ref": "#/components/schemas/B"});
        document["components"]["schemas"]["B"] = json!({"$ref": "#/components/schemas/A"});
        document["paths"]["/loop"] = json!({"$ref": "#/paths/~1loop"});
    }));
    assert!(
        findings
            .iter()
            .any(|finding| finding.rule == "DOK.16" && finding.place == "/components/schemas/A")
    );
}

#[test]
fn a_path_level_parameter_list_is_named_and_also_counts_for_its_operations() {
    let findings = check(&edited(|document| {
        let item = &mut document["paths"]["/loans/{loanId}"];
        item["parameters"] = item["get"]["parameters"].take();
        item["get"].as_object_mut().unwrap().remove("parameters");
    }));
    let found: Vec<(&str, &str)> = findings
        .iter()
        .map(|finding| (finding.rule, finding.place.as_str()))
        .collect();
    assert_eq!(found, [("DOK.19", "/paths/~1loans~1{loanId}/parameters")]);
}

#[test]
fn a_reference_inside_an_example_is_data() {
    let findings = check(&edited(|document| {
        let examples =
            &mut document["paths"]["/loans"]["get"]["responses"]["200"]["content"]["application/json"]["examples"];
        examples["two"]["value"] = json!({"$ref": "#/nowhere"});
    }));
    assert_eq!(findings, []);
}

#[test]
fn any_json_value_is_survived() {
    let mut documents = vec![
        json!(null),
        json!([]),
        json!("x"),
        json!({}),
        json!({"paths": []}),
        json!({"paths": {"/a": 1, "b": {"get": []}}}),
    ];
    // The clean document with each of its members in turn made into something it cannot be.
    let clean = clean();
    for place in pointers(&clean) {
        for nonsense in [json!(null), json!("$ref"), json!({"$ref": "#"})] {
            let mut document = clean.clone();
            *document.pointer_mut(&place).unwrap() = nonsense;
            documents.push(document);
        }
    }
    for document in &documents {
        let _ = check(document);
        let _ = catalogue::routes(document);
    }
    assert!(documents.len() > 600);
}

#[test]
fn sharing_does_not_multiply_the_work() {
    let shared = json!({"get": {"responses": {"200": {"$ref": "#/components/responses/Big"}}}});
    let headers: serde_json::Map<String, Value> = (0..2_000)
        .map(|n| (format!("h{n}"), json!({"schema": {"type": "string"}})))
        .collect();
    let paths: serde_json::Map<String, Value> = (0..2_000).map(|n| (format!("/p{n}"), shared.clone())).collect();
    let document =
        json!({"openapi": "3.1.0", "paths": paths, "components": {"responses": {"Big": {"headers": headers}}}});
    let started = std::time::Instant::now();
    let findings = check(&document);
    assert_eq!(findings.iter().filter(|finding| finding.rule == "DOK.20").count(), 1);
    // Walking 2,000 headers for each of 2,000 operations would take minutes in a debug build.
    assert!(started.elapsed() < std::time::Duration::from_secs(20));
}

fn pointers(value: &Value) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members
            .iter()
            .map(|(key, child)| (key.replace('~', "~0").replace('/', "~1"), child))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(position, child)| (position.to_string(), child))
            .collect(),
        _ => Vec::new(),
    };
    let mut all = Vec::new();
    for (key, child) in children {
        all.push(format!("/{key}"));
        all.extend(pointers(child).into_iter().map(|rest| format!("/{key}{rest}")));
    }
    all
}
