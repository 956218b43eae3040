//! What the node itself serves, and what applications prove themselves with.

use crate::fixture::{api, backend, draft};
use http::Method;
use snapshot::{Found, SenderConstraint, Snapshot, Target};

fn problems(change: impl FnOnce(&mut snapshot::Draft)) -> String {
    let mut draft = draft();
    change(&mut draft);
    let problems = Snapshot::compile(&draft).err().unwrap_or_default();
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

#[test]
fn an_api_of_the_gateways_own_may_stand_at_one_segment() {
    let mut draft = draft();
    let mut own = api("oauth2", "1.0.0", &["POST /token", "GET /a/{b}"]);
    own.base_path = Some("/oauth2".to_owned());
    draft.apis.push(own);
    draft.backends.push(backend("own", "http://127.0.0.1:9/secret"));
    draft
        .relays
        .push(("/.well-known/jwks.json".to_owned(), "own".to_owned()));
    let snapshot = Snapshot::compile(&draft).unwrap();
    let found = |method: Method, path: &str| match snapshot.find(&method, path) {
        Found::Route(index) => snapshot.route(index).id.to_string(),
        other => format!("{other:?}"),
    };
    assert_eq!(found(Method::POST, "/oauth2/token"), "POST /oauth2/token");
    assert_eq!(found(Method::GET, "/oauth2/a/1"), "GET /oauth2/a/{b}");
    assert!(found(Method::GET, "/oauth2/token").starts_with("MethodNotAllowed"));
    assert!(found(Method::GET, "/oauth2/nothing").starts_with("NoSuchPath"));
    assert_eq!(found(Method::GET, "/oauth3/token"), "NotFound");
    assert_eq!(found(Method::GET, "/cases/v1/cases"), "GET /cases/v1/cases");
    let Found::Route(relay) = snapshot.find(&Method::GET, "/.well-known/jwks.json") else {
        panic!("the relay is found")
    };
    assert!(matches!(snapshot.route(relay).target, Target::Upstream(_)) && snapshot.route(relay).api.is_none());
}

#[test]
fn an_api_is_found_by_its_audience() {
    let snapshot = Snapshot::compile(&draft()).unwrap();
    let found = snapshot.find_audience("https://api.example.se/cases/v1").unwrap();
    assert_eq!(&*snapshot.api(found).id, "cases-v1");
    assert_eq!(snapshot.find_audience(""), None);
    assert_eq!(snapshot.find_audience("https://api.example.se/cases/v2"), None);
}

#[test]
fn what_would_leave_a_door_open_is_refused() {
    let bound = problems(|draft| draft.apis[0].sender_constraint = SenderConstraint::Dpop);
    assert!(bound.contains("apis[0].sender_constraint: binds tokens"), "{bound}");
    for address in [
        "http://app.example/back",
        "https://",
        "javascript:alert(1)",
        "https://app.example/back#x",
        "not an address",
    ] {
        let told = problems(|draft| draft.applications[0].redirect_uris = vec![address.to_owned()]);
        assert!(told.contains("redirect_uris[0]"), "{address}: {told}");
    }
    for address in ["https://app.example/back?x=1", "http://127.0.0.1:7000/back"] {
        let told = problems(|draft| draft.applications[0].redirect_uris = vec![address.to_owned()]);
        assert_eq!(told, "", "{address}");
    }
    let twice = problems(|draft| {
        draft.applications[0].jwks = Some("{}".to_owned());
        draft.applications[0].jwks_url = Some("https://app.example/keys".to_owned());
    });
    assert!(twice.contains("jwks_url"), "{twice}");
    for path in ["oauth2", "/a/b/c", "/{a}", "/"] {
        let told = problems(|draft| draft.apis[0].base_path = Some(path.to_owned()));
        assert!(told.contains("base_path"), "{path}: {told}");
    }
}
