//! Documents made to exhaust whoever reads them: each is refused or dealt with, within seconds in a debug build.
//!
//! The classes are those that have hurt other readers: cycles, fan-out, outside references, alias expansion, long names above
//! many members, lists shared by reference, huge counts, patterns, scripts in texts.

use crate::support::{clean, edited, facts};
use catalogue::profile::check;
use catalogue::{api_documents, compare, read, routes};
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};

/// Longer than any of them takes on a busy machine, far shorter than one that is not bounded.
const SOON: Duration = Duration::from_secs(60);

/// Everything that is done with a document of an agency's. `name`: for the message.
fn take_in(name: &str, document: &Value) {
    let began = Instant::now();
    let findings = check(document);
    assert!(findings.len() < 100_000, "{name}: {} findings", findings.len());
    let changes = compare(&clean(), document);
    assert!(changes.changes.len() <= 10_001, "{name}");
    let _ = compare(document, document);
    if routes(document).is_ok() {
        let _ = api_documents(document, &facts());
    }
    assert!(began.elapsed() < SOON, "{name} took {:?}", began.elapsed());
}

fn numbered(count: usize, name: &str, value: impl Fn(usize) -> Value) -> Value {
    let members: Map<String, Value> = (0..count)
        .map(|number| (format!("{name}{number}"), value(number)))
        .collect();
    Value::Object(members)
}

#[test]
fn cycles_end() {
    take_in(
        "self",
        &edited(|d| d["components"]["schemas"]["Loan"] = json!({"$ref": "#/components/schemas/Loan"})),
    );
    take_in(
        "mutual",
        &edited(|d| {
            d["components"]["schemas"]["A"] = json!({"allOf": [{"$ref": "#/components/schemas/B"}]});
            d["components"]["schemas"]["B"] = json!({"allOf": [{"$ref": "#/components/schemas/A"}]});
            d["components"]["schemas"]["Loan"] = json!({"$ref": "#/components/schemas/A"});
        }),
    );
    take_in(
        "whole",
        &edited(|d| d["components"]["schemas"]["Loan"]["properties"]["all"] = json!({"$ref": "#"})),
    );
}

#[test]
fn fan_out_does_not_multiply() {
    for (key, levels, width) in [("allOf", 10, 10), ("oneOf", 10, 10), ("allOf", 60, 2)] {
        let schemas = numbered(levels, "L", |level| {
            let next = json!({"$ref": format!("#/components/schemas/L{}", level + 1)});
            json!({key: vec![next; width]})
        });
        take_in(
            key,
            &edited(|d| {
                d["components"]["schemas"]
                    .as_object_mut()
                    .unwrap()
                    .extend(schemas.as_object().unwrap().clone());
                d["components"]["schemas"][format!("L{levels}")] =
                    json!({"type": "object", "properties": {"x": {"type": "string"}}});
                d["components"]["schemas"]["Loan"] = json!({"$ref": "#/components/schemas/L0"});
            }),
        );
    }
    let wide = numbered(10, "L", |level| {
        let next = json!({"$ref": format!("#/components/schemas/L{}", level + 1)});
        json!({"type": "object", "properties": numbered(10, "p", |_| next.clone())})
    });
    take_in("properties", &edited(|d| d["components"]["schemas"] = wide));
}

#[test]
fn a_long_chain_of_references_ends() {
    let schemas = numbered(
        5_000,
        "L",
        |level| json!({"$ref": format!("#/components/schemas/L{}", level + 1)}),
    );
    take_in("chain", &edited(|d| d["components"]["schemas"] = schemas));
    let nested = numbered(
        5_000,
        "L",
        |level| json!({"properties": {"next": {"$ref": format!("#/components/schemas/L{}", level + 1)}}}),
    );
    take_in("nested chain", &edited(|d| d["components"]["schemas"] = nested));
}

#[test]
fn outside_references_are_never_followed() {
    for outside in [
        "http://169.254.169.254/latest/meta-data",
        "https://example.se/schema.json#/A",
        "file:///etc/passwd",
        "../../etc/passwd",
        "other.yaml#/components/schemas/A",
    ] {
        let document = edited(|d| d["components"]["schemas"]["Loan"]["properties"]["after"] = json!({"$ref": outside}));
        let findings = check(&document);
        let found = findings.iter().find(|finding| finding.rule == "DOK.16").unwrap();
        assert_eq!(found.place, "/components/schemas/Loan/properties/after", "{outside}");
        take_in(outside, &document);
    }
}

#[test]
fn yaml_tags_make_nothing() {
    for tagged in [
        "a: !!python/object/apply:os.system [ls]",
        "a: !include /etc/passwd",
        "a: !!binary aGVq",
    ] {
        // Read as plain values or refused; nothing is made or fetched.
        if let Ok(value) = read(tagged.as_bytes(), "tags.yaml") {
            assert!(!value.to_string().contains("root:"), "{value}");
        }
    }
}

#[test]
fn lists_shared_by_reference_are_not_multiplied() {
    let shared: Vec<Value> = (0..2_000)
        .map(|n| json!({"name": format!("q{n}"), "in": "query", "schema": {"type": "string"}}))
        .collect();
    let paths = numbered(
        1_000,
        "/p",
        |_| json!({"get": {"parameters": {"$ref": "#/x-list"}, "responses": {"$ref": "#/x-map"}}}),
    );
    take_in(
        "lists",
        &json!({"openapi": "3.1.0", "paths": paths, "x-list": shared, "x-map": numbered(2_000, "", |_| json!({"description": "x"}))}),
    );

    let item =
        json!({"get": {"parameters": shared, "responses": numbered(2_000, "", |_| json!({"description": "x"}))}});
    let paths = numbered(1_000, "/p", |_| json!({"$ref": "#/components/pathItems/Big"}));
    take_in(
        "items",
        &json!({"openapi": "3.1.0", "paths": paths, "components": {"pathItems": {"Big": item}}}),
    );

    let response =
        json!({"description": "x", "headers": numbered(2_000, "h", |_| json!({"schema": {"type": "string"}}))});
    let responses = numbered(2_000, "", |_| json!({"$ref": "#/components/responses/Big"}));
    take_in(
        "statuses",
        &json!({"openapi": "3.1.0", "paths": {"/p": {"get": {"responses": responses}}}, "components": {"responses": {"Big": response}}}),
    );

    let security: Vec<Value> = (0..2_000)
        .map(|n| json!({(format!("s{n}")): [format!("a{n}")]}))
        .collect();
    let paths = numbered(1_000, "/p", |_| json!({"get": {"responses": {}}}));
    take_in(
        "security",
        &json!({"openapi": "3.1.0", "security": security, "paths": paths}),
    );

    let example = "x".repeat(20_000);
    let body = json!({"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Fat"}}}});
    let paths = numbered(
        1_000,
        "/p",
        |_| json!({"post": {"requestBody": body, "responses": {"200": {"description": "x"}}}}),
    );
    take_in(
        "examples",
        &json!({"openapi": "3.1.0", "paths": paths, "components": {"schemas": {"Fat": {"type": "string", "example": example}}}}),
    );
}

#[test]
fn huge_counts_are_bounded() {
    let paths = numbered(
        100_000,
        "/p",
        |_| json!({"get": {"responses": {"200": {"description": "x"}}}}),
    );
    let document = json!({"openapi": "3.1.0", "info": {"title": "x", "version": "1.0.0"}, "paths": paths});
    assert!(routes(&document).unwrap_err()[0].message.contains("10000"));
    take_in("paths", &document);
    let mut object = clean();
    object["components"]["schemas"]["Loan"]["properties"] = numbered(20_000, "p", |_| json!({"type": "string"}));
    take_in("properties", &object);
    let members = format!(
        "{{{}}}",
        (0..1_100_000)
            .map(|n| format!("\"k{n}\":0"))
            .collect::<Vec<_>>()
            .join(",")
    );
    assert!(read(members.as_bytes(), "keys.json").is_err());
}

#[test]
fn long_names_above_many_members_are_refused() {
    let name = "n".repeat(4_000);
    let members = numbered(100_000, "m", |_| json!(0)).to_string();
    let text = format!("{{\"openapi\": \"3.1.0\", \"{name}\": {members}}}");
    let error = read(text.as_bytes(), "names.json").unwrap_err();
    assert!(error.to_string().contains("too long"), "{error}");
    let yaml = format!("? {name}\n: {members}\n");
    assert!(read(yaml.as_bytes(), "names.yaml").is_err());
    // What is long only once is a document like any other.
    assert!(read(format!("{{\"{name}\": {{\"a\": 1}}}}").as_bytes(), "one.json").is_ok());
    let reference = format!("#/{}", "r".repeat(5_000));
    take_in(
        "reference",
        &edited(|d| d["components"]["schemas"] = numbered(5_000, "s", |_| json!({"$ref": reference}))),
    );
}

#[test]
fn odd_json_is_read_or_refused_never_misread() {
    for refused in [
        "{\"a\": 1e999999}",
        "{\"role\": \"a\", \"role\": \"b\"}",
        "{\"a\": \"\\ud800\"}",
        "{\"a\": 01}",
        "{\"a\": NaN}",
        "{\"a\": 1}\u{0}",
    ] {
        assert!(read(refused.as_bytes(), "odd.json").is_err(), "{refused}");
    }
    let digits = format!("{{\"a\": {}}}", "9".repeat(100_000));
    let began = Instant::now();
    let _ = read(digits.as_bytes(), "digits.json");
    let text = format!("{{\"a\": \"{}\"}}", "x".repeat(64 * 1024 * 1024));
    assert!(read(text.as_bytes(), "text.json").is_err());
    assert!(began.elapsed() < SOON);
}

#[test]
fn a_deep_all_of_within_the_depth_is_dealt_with() {
    let mut schema = json!({"type": "string"});
    for _ in 0..25 {
        schema = json!({"allOf": [schema, {"type": "string"}]});
    }
    take_in("deep", &edited(|d| d["components"]["schemas"]["Loan"] = schema));
    take_in(
        "pattern",
        &edited(|d| {
            d["components"]["schemas"]["Loan"]["properties"]["loanId"] =
                json!({"type": "string", "pattern": "(a+)+$", "example": format!("{}!", "a".repeat(40))})
        }),
    );
}

#[test]
fn a_script_in_a_text_stays_a_text() {
    let script = "<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=alert(1)>";
    let document = edited(|d| {
        d["info"]["description"] = json!(format!("och the {script}"));
        d["paths"]["/loans"]["get"]["description"] = json!(script);
        d["servers"] = json!([{"url": "http://169.254.169.254/latest"}]);
    });
    for (path, served) in api_documents(&document, &facts()) {
        let text = String::from_utf8_lossy(&served.body).into_owned();
        if path.starts_with("/docs") {
            for bad in ["<script", "<img", "href=\"javascript:"] {
                assert!(!text.contains(bad), "{path} holds {bad}");
            }
        }
        assert!(
            !text.contains("169.254.169.254"),
            "{path} names the agency's own server"
        );
    }
}
