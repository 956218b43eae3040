//! Each reader of what strangers write, against mutated input: it never panics, and what it lets through holds.
#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use document::Source;
use edge::middleware::normalise::check_path;
use fuzz::{mutated, mutated_text};
use identity::api_key::{self, Pepper};
use identity::token::{Verdict, Verifier};
use proptest::prelude::*;
use snapshot::{LimitPer, LimitPolicy};
use std::sync::Arc;
use std::time::Duration;

fn seeds(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// What another program could make of a path: everything decoded until nothing changes, `;` parameters dropped.
fn decoded(path: &str) -> String {
    let mut bytes = path.as_bytes().to_vec();
    for _ in 0..4 {
        let mut next = Vec::new();
        let mut rest = bytes.iter().copied().peekable();
        while let Some(byte) = rest.next() {
            let ahead: Vec<u8> = rest.clone().take(2).collect();
            let value = std::str::from_utf8(&ahead).ok().filter(|hex| hex.len() == 2);
            match value.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                Some(value) if byte == b'%' => {
                    next.push(value);
                    rest.next();
                    rest.next();
                }
                _ => next.push(byte),
            }
        }
        bytes = next;
    }
    String::from_utf8_lossy(&bytes).replace('\\', "/")
}

proptest! {
    #[test]
    fn a_path_that_passes_has_as_many_segments_however_it_is_read(
        path in mutated_text(seeds(&["/", "/case-status/v1/cases/a-1", "/a/%C3%A5/b", "/a/b:c@d/(1),2", "/a...b/.c", "/a/%7Bx%7D/%20"]))
    ) {
        if check_path(&path).is_ok() {
            let other = decoded(&path);
            prop_assert_eq!(other.matches('/').count(), path.matches('/').count(), "{}", other);
            prop_assert!(!other.split('/').any(|segment| matches!(segment, "." | "..")), "{}", other);
            prop_assert!(!other.contains(['\0', '\r', '\n', ';', '#', '?']), "{}", other);
        }
    }

    #[test]
    fn a_key_that_is_read_is_one_that_was_made(change in mutated_text(keys())) {
        if let Ok(key) = api_key::parse(&change) {
            prop_assert!(keys().contains(&change), "{}", change);
            let begins = format!("vv_{}_{}_", key.environment(), key.id());
            prop_assert!(change.starts_with(&begins), "{}", change);
        }
    }

    #[test]
    fn no_mutated_token_is_believed(token in mutated_text(seeds(&[
        "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImEifQ.eyJpc3MiOiJodHRwczovL2EiLCJhdWQiOiJiIiwiZXhwIjo5OTk5OTk5OTk5fQ.AAAA",
        "eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2EifQ.",
        "a.b.c.d.e",
    ]))) {
        let verifier = Verifier::new(Vec::new()).unwrap();
        prop_assert!(matches!(verifier.verify(&token, "b", 1_800_000_000), Verdict::Done(Err(_))));
    }

    #[test]
    fn limit_headers_are_one_line_of_ascii_with_closed_quotes(
        name in mutated_text(seeds(&["minute", "a\"b", "a\\", "åäö"])),
        quota in 1_u32.., window in 0_u64.., remaining in any::<u32>(), reset in any::<u64>(),
    ) {
        let policy = Arc::new(LimitPolicy {
            id: "p".into(),
            name: name.as_str().into(),
            per: LimitPer::Api,
            quota: quota.try_into().unwrap(),
            window: Duration::from_secs(window),
            burst: 1.try_into().unwrap(),
            shared: None,
            calendar: None,
        });
        let headers = [
            limits::ratelimit_policy_header(&[Arc::clone(&policy), Arc::clone(&policy)]),
            limits::ratelimit_header(&policy, remaining, Duration::from_millis(reset)),
        ];
        for text in headers {
            prop_assert!(text.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{}", text);
            let bare = text.replace("\\\\", "").replace("\\\"", "");
            prop_assert!(bare.matches('"').count() % 2 == 0, "{}", text);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.div_ceil(4)))]

    #[test]
    fn an_openapi_document_is_read_or_refused(bytes in mutated(openapi_documents())) {
        for name in ["a.yaml", "a.json"] {
            if let Ok(document) = catalogue::read(&bytes, name) {
                let _ = catalogue::routes(&document);
            }
        }
    }

    #[test]
    fn a_registry_document_is_read_or_refused_with_places(text in mutated_text(vec![read("config/demo/registry.toml")])) {
        let operations = |_: &std::path::Path| Ok(Vec::new());
        if let Err(problems) = registry::read(Source::from_text("r.toml", &text), &operations) {
            let lines = problems.render();
            prop_assert!(!lines.trim().is_empty());
        }
    }
}

/// Three keys, the same at every call.
fn keys() -> Vec<String> {
    static KEYS: std::sync::OnceLock<Vec<String>> = std::sync::OnceLock::new();
    let make = || {
        let pepper = Pepper::from_bytes([7; 32]);
        let key = |environment| {
            api_key::generate(environment, &pepper)
                .unwrap()
                .text
                .expose()
                .to_owned()
        };
        ["test", "prod", "demo"].map(key).to_vec()
    };
    KEYS.get_or_init(make).clone()
}

fn openapi_documents() -> Vec<String> {
    let small = serde_json::json!({
        "openapi": "3.1.0",
        "info": {"title": "A", "version": "1.0.0"},
        "paths": {"/a/{b}": {"get": {
            "parameters": [{"name": "b", "in": "path", "required": true, "schema": {"$ref": "#/components/schemas/B"}}],
            "responses": {"200": {"description": "ok"}}
        }}},
        "components": {"schemas": {"B": {"type": "string", "pattern": "^a+$"}}}
    });
    let yaml = "openapi: 3.1.0\ninfo: {title: A, version: 1.0.0}\npaths:\n  /a: &a\n    get:\n      responses: {'200': {description: ok}}\n  /b: *a\n";
    vec![small.to_string(), yaml.to_owned()]
}
