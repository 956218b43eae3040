//! Which route answers, and what a miss says.

use crate::fixture::{api, compiled, document, draft};
use http::Method;
use snapshot::{Found, Snapshot, Target};

/// The id of the route that answers, or what else happens.
fn ask(snapshot: &Snapshot, method: &str, path: &str) -> String {
    match snapshot.find(&Method::from_bytes(method.as_bytes()).unwrap(), path) {
        Found::Route(index) => snapshot.route(index).id.to_string(),
        Found::MethodNotAllowed { allow, api } => {
            let api = api.map_or("-".into(), |api| snapshot.api(api).id.to_string());
            format!("405 {api}: {}", allow.to_str().unwrap())
        }
        Found::NoSuchPath(api) => format!("404 under {}", snapshot.api(api).id),
        Found::NotFound => "404".to_owned(),
    }
}

fn snapshot_of(operations: &[&str]) -> Snapshot {
    let mut draft = draft();
    draft.apis = vec![api("cases", "1.0.0", operations)];
    compiled(&draft)
}

#[test]
fn exact_wins_over_parameter_and_parameter_over_wildcard() {
    let snapshot = snapshot_of(&[
        "GET /{*rest}",
        "GET /cases/{id}",
        "GET /cases/search",
        "GET /cases/{id}/events",
    ]);
    let cases = [
        ("/cases/v1/cases/search", "GET /cases/v1/cases/search"),
        ("/cases/v1/cases/7", "GET /cases/v1/cases/{id}"),
        ("/cases/v1/cases/7/events", "GET /cases/v1/cases/{id}/events"),
        ("/cases/v1/cases/search/events", "GET /cases/v1/cases/{id}/events"),
        ("/cases/v1/cases/7/other", "GET /cases/v1/{*rest}"),
        ("/cases/v1/anything", "GET /cases/v1/{*rest}"),
    ];
    for (path, expected) in cases {
        assert_eq!(ask(&snapshot, "GET", path), expected, "{path}");
    }
}

#[test]
fn named_parameters_of_different_names_live_side_by_side() {
    let snapshot = snapshot_of(&["GET /cases/{id}", "DELETE /cases/{caseId}", "GET /cases/{other}/events"]);
    assert_eq!(ask(&snapshot, "GET", "/cases/v1/cases/7"), "GET /cases/v1/cases/{id}");
    assert_eq!(
        ask(&snapshot, "DELETE", "/cases/v1/cases/7"),
        "DELETE /cases/v1/cases/{caseId}"
    );
    assert_eq!(
        ask(&snapshot, "GET", "/cases/v1/cases/7/events"),
        "GET /cases/v1/cases/{other}/events"
    );
}

#[test]
fn a_miss_says_how_far_it_came() {
    let snapshot = snapshot_of(&["GET /cases", "POST /cases"]);
    assert_eq!(ask(&snapshot, "GET", "/cases/v1/nothing"), "404 under cases-v1");
    assert_eq!(ask(&snapshot, "GET", "/cases/v1"), "404 under cases-v1");
    assert_eq!(ask(&snapshot, "GET", "/cases/v1/cases/"), "404 under cases-v1");
    for path in [
        "/cases/v2/cases",
        "/cases",
        "/cases/",
        "/",
        "",
        "*",
        "/cases/v1x/cases",
        "//cases/v1",
        "/cases//v1/cases",
    ] {
        assert_eq!(ask(&snapshot, "GET", path), "404", "{path}");
    }
    assert_eq!(
        ask(&snapshot, "PUT", "/cases/v1/cases"),
        "405 cases-v1: GET, HEAD, POST, OPTIONS"
    );
    assert_eq!(
        ask(&snapshot, "OPTIONS", "/cases/v1/cases"),
        "405 cases-v1: GET, HEAD, POST, OPTIONS"
    );
}

#[test]
fn head_falls_back_to_get_and_a_named_method_wins_over_every_method() {
    let snapshot = snapshot_of(&["GET /a", "POST /b", "* /c", "DELETE /c", "GET /d", "HEAD /d"]);
    assert_eq!(ask(&snapshot, "HEAD", "/cases/v1/a"), "GET /cases/v1/a");
    assert_eq!(ask(&snapshot, "HEAD", "/cases/v1/b"), "405 cases-v1: POST, OPTIONS");
    assert_eq!(ask(&snapshot, "HEAD", "/cases/v1/c"), "* /cases/v1/c");
    assert_eq!(ask(&snapshot, "BREW", "/cases/v1/c"), "* /cases/v1/c");
    assert_eq!(ask(&snapshot, "DELETE", "/cases/v1/c"), "DELETE /cases/v1/c");
    assert_eq!(ask(&snapshot, "HEAD", "/cases/v1/d"), "HEAD /cases/v1/d");
    assert_eq!(ask(&snapshot, "PUT", "/cases/v1/d"), "405 cases-v1: GET, HEAD, OPTIONS");
}

#[test]
fn the_base_path_itself_is_the_root_operation() {
    let snapshot = snapshot_of(&["GET /"]);
    assert_eq!(ask(&snapshot, "GET", "/cases/v1"), "GET /cases/v1");
    assert_eq!(ask(&snapshot, "GET", "/cases/v1/"), "GET /cases/v1");
}

#[test]
fn major_versions_have_their_own_tables() {
    let mut draft = draft();
    draft.apis.push(api("cases", "2.0.0", &["GET /cases", "PUT /cases"]));
    let snapshot = compiled(&draft);
    assert_eq!(
        ask(&snapshot, "PUT", "/cases/v1/cases"),
        "405 cases-v1: GET, HEAD, OPTIONS"
    );
    assert_eq!(ask(&snapshot, "PUT", "/cases/v2/cases"), "PUT /cases/v2/cases");
}

#[test]
fn the_gateway_answers_its_own_documents() {
    let mut draft = draft();
    draft.apis[0].routes.push(crate::fixture::route("GET /api-info"));
    draft.apis[0].documents = vec![
        ("/api-info".into(), document("about")),
        ("/openapi.json".into(), document("{}")),
    ];
    draft.documents = vec![
        ("/.well-known/api-catalog".into(), document("catalogue")),
        ("/".into(), document("home")),
    ];
    let snapshot = compiled(&draft);
    for (path, body) in [
        ("/cases/v1/api-info", "about"),
        ("/cases/v1/openapi.json", "{}"),
        ("/.well-known/api-catalog", "catalogue"),
        ("/", "home"),
    ] {
        let Found::Route(index) = snapshot.find(&Method::HEAD, path) else {
            panic!("{path} is not found")
        };
        let Target::Document(document) = &snapshot.route(index).target else {
            panic!("{path} is not a document")
        };
        assert_eq!(document.body, body, "{path}");
    }
    assert_eq!(
        ask(&snapshot, "POST", "/.well-known/api-catalog"),
        "405 -: GET, HEAD, OPTIONS"
    );
}

#[test]
fn an_empty_snapshot_misses_everything() {
    let snapshot = Snapshot::empty();
    assert_eq!(snapshot.version(), 0);
    assert_eq!(ask(&snapshot, "GET", "/cases/v1/cases"), "404");
    assert!(snapshot.find_key("key").is_none() && snapshot.find_application("bank-app").is_none());
}

#[test]
fn an_index_from_another_snapshot_gives_an_object_that_admits_nothing() {
    let other = compiled(&draft());
    let Found::Route(route) = other.find(&Method::GET, "/cases/v1/cases") else {
        panic!("not found")
    };
    let application = other.find_application("bank-app").unwrap();
    let api = other.find_api("cases-v1").unwrap();
    let empty = Snapshot::empty();
    assert_eq!(&*empty.route(route).id, "unknown");
    assert_eq!(empty.route(route).authentication, snapshot::Authentication::Token);
    assert_eq!(empty.access(application, api, 2_000), snapshot::Access::Missing);
    assert_eq!(&*empty.application(application).id, "unknown");
}
