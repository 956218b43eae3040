//! Every class of bad registry document.

use crate::{GOOD, no_operations, problems, with};
use document::Source;
use http::Method;
use snapshot::RouteDraft;

#[test]
fn a_syntax_error_is_said_and_no_rule_is_guessed_at() {
    assert_eq!(
        problems(&with("quota = 600", "quota = 600 calls")),
        ["r.toml:14:9: string values must be quoted, expected literal string"]
    );
}

#[test]
fn unknown_keys_and_sections() {
    let text = with("quota = 600", "qouta = 600") + "\n[[agreement]]\nid = \"two\"\n[gateway]\n";
    assert_eq!(
        problems(&text),
        [
            "r.toml:11:1: limits[0].quota: is missing; give a whole number from 0 to 4294967295",
            "r.toml:14:1: limits[0].qouta: unknown key; did you mean `quota`?",
            "r.toml:52:3: agreement: unknown key; known here: apis, version, organisations, backends, applications, agreements, limits",
            "r.toml:54:2: gateway: unknown key; known here: apis, version, organisations, backends, applications, agreements, limits",
        ]
    );
}

#[test]
fn wrong_words_and_types() {
    let text = with("kind = \"stateAgency\"", "kind = \"state\"")
        .replace("per = \"application\"", "per = \"user\"")
        .replace("window = \"1m\"", "window = 60")
        .replace(
            "addresses = [\"https://cases.example.se\"]",
            "addresses = \"https://cases.example.se\"",
        )
        .replace("released = 2026-01-31", "released = \"soon\"")
        .replace("method = \"GET\"", "method = \"get\"")
        .replace("valid_from = 2026-01-01", "valid_from = 2026-01-01T00:00:00");
    assert_eq!(
        problems(&text),
        [
            "r.toml:4:8: organisations[0].kind: must be \"stateAgency\", \"municipality\", \"region\", \"court\", \"parliamentAgency\", \"publicCompany\" or \"privateActor\", not \"state\"",
            "r.toml:13:7: limits[0].per: must be \"application\", \"address\", \"api\", \"person\" or \"agreement\", not \"user\"",
            "r.toml:15:10: limits[0].window: must be a duration such as \"500ms\", \"2s\" or \"1m30s\", not 60",
            "r.toml:20:13: backends[0].addresses: must be an array of strings, not \"https://cases.example.se\"",
            "r.toml:26:12: apis[0].released: must be a date such as 2026-01-31, not \"soon\"",
            "r.toml:35:10: apis[0].routes[0].method: `get` is not a method; write GET, POST, ... or leave it out for every method",
            "r.toml:50:14: agreements[0].valid_from: must be a time such as 2026-01-31T08:00:00Z or 2026-01-31, not 2026-01-01T00:00:00",
        ]
    );
}

#[test]
fn what_becomes_of_a_shared_limit_without_its_store() {
    let text = with(
        "window = \"1m\"",
        "window = \"1m\"\nshared = true\non_store_failure = \"local_share\"",
    );
    assert_eq!(
        problems(&text),
        [
            "r.toml:17:20: limits[0].on_store_failure: must be \"localShare\", \"allow\" or \"deny\", not \"local_share\""
        ]
    );
    let text = with("window = \"1m\"", "window = \"1m\"\non_store_failure = \"deny\"");
    assert_eq!(
        problems(&text),
        ["r.toml:16:20: limits[0].on_store_failure: is of use to a shared limit only; set shared = true"]
    );
}

#[test]
fn broken_rules_stand_at_their_line() {
    let text = with("kind = \"privateActor\"", "kind = \"stateAgency\"")
        .replace("limits = [\"minute\"]", "limits = [\"minute\", \"hour\"]")
        .replace("version = \"1.2.0\"", "version = \"0.2.0\"")
        .replace(
            "addresses = [\"https://cases.example.se\"]",
            "addresses = [\n  \"ftp://cases.example.se\",\n]",
        )
        .replace("apis = [\"cases-v1\"]", "apis = [\"cases-v0\"]")
        + "[[apis.routes]]\npath = \"/a\"\n[[apis.routes]]\npath = \"/a\"\n";
    assert_eq!(
        problems(&text),
        [
            "r.toml:21:3: backends[0].addresses[0]: `ftp://cases.example.se` has the scheme `ftp`; use http or https",
            "r.toml:27:1: apis[0].version: `0.2.0` must begin with 1 or more when the state is active (REST profile VER.12)",
            "r.toml:33:21: apis[0].limits[1]: there is no limit `hour`",
            "r.toml:47:1: agreements[0].kind: `agency` and `bank` are both state agencies, which cannot have an avtal with each other; use overenskommelse",
            "r.toml:56:1: apis[0].routes[2].path: `/a` collides with `* /cases/v0/a`: same method, same shape",
        ]
    );
}

#[test]
fn keys_are_hashes() {
    let text = GOOD.replace(
        "[[agreements]]",
        "[[applications.keys]]\nid = \"k1\"\nhash = \"+a\"\n[[applications.keys]]\nhash = \"secret\"\nexpires = 1\n[[agreements]]",
    );
    assert_eq!(
        problems(&text),
        [
            "r.toml:45:8: applications[0].keys[0].hash: must be 64 hexadecimal digits, as `vagvisare key new` prints them; what is there is not shown",
            "r.toml:46:1: applications[0].keys[1].id: is missing; give a string",
            "r.toml:47:8: applications[0].keys[1].hash: must be 64 hexadecimal digits, as `vagvisare key new` prints them; what is there is not shown",
            "r.toml:48:1: applications[0].keys[1].expires: unknown key; did you mean `expires_at`?",
        ]
    );
}

#[test]
fn personal_data_is_assumed_until_denied() {
    let text = with("personal_data = false\n", "")
        .replace("kind = \"avtal\"", "kind = \"anvandarvillkor\"")
        .replace("authentication = \"key\"", "authentication = \"none\"");
    assert_eq!(
        problems(&text),
        [
            "r.toml:29:1: apis[0].authentication: must not be none: the API holds personal data",
            "r.toml:48:9: agreements[0].apis[0]: `cases-v1` holds personal data, which anvandarvillkor cannot grant; use another kind of agreement",
        ]
    );
}

#[test]
fn operations_that_cannot_be_had_and_operations_given_twice() {
    let text = with("backend = \"cases\"", "backend = \"cases\"\nopenapi = \"cases.json\"");
    let operations = |_: &std::path::Path| Err("cases.json: cannot be read\n\n/paths: there are no paths\n".to_owned());
    let found = registry::read(Source::from_text("r.toml", &text), &operations)
        .unwrap_err()
        .render();
    assert_eq!(
        found.lines().collect::<Vec<_>>(),
        [
            "r.toml:33:11: apis[0].openapi: /paths: there are no paths",
            "r.toml:33:11: apis[0].openapi: cases.json: cannot be read",
            "r.toml:35:1: apis[0].routes: stands beside openapi; the operations come from one or the other",
        ]
    );
}

#[test]
fn a_bad_operation_stands_where_its_document_is_named() {
    let text = with(
        "[[apis.routes]]\nmethod = \"GET\"\npath = \"/cases\"\n",
        "openapi = \"cases.json\"\n",
    );
    let operations = |_: &std::path::Path| {
        let route = |path: &str| RouteDraft {
            method: Some(Method::GET),
            path: path.into(),
            scopes: Vec::new(),
            authentication: None,
        };
        Ok(vec![route("/cases/{id}"), route("/cases/{caseId}")])
    };
    let found = registry::read(Source::from_text("r.toml", &text), &operations)
        .unwrap_err()
        .render();
    assert_eq!(
        found,
        "r.toml:34:1: apis[0].openapi: `/cases/{caseId}` collides with `GET /cases/v1/cases/{id}`: same method, same shape\n"
    );
    assert!(registry::read(Source::from_text("r.toml", GOOD), &no_operations).is_ok());
}
