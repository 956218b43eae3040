//! The demo's registry document is right, and holds what the demo shows.

use http::Method;
use snapshot::{Access, AgreementKind, Authentication, Found, LimitPer, Snapshot};
use std::path::Path;

fn demo() -> Snapshot {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/demo/registry.toml"));
    registry::load(path, &crate::no_operations).unwrap().compile().unwrap()
}

#[test]
fn the_banks_app_may_read_cases_and_ask_for_contacts() {
    let snapshot = demo();
    let application = snapshot.find_application("exempelbanken-app").unwrap();
    let now = 1_795_000_000;
    for (method, path) in [
        (Method::GET, "/case-status/v1/cases"),
        (Method::POST, "/contact-routing/v1/routes"),
    ] {
        let Found::Route(route) = snapshot.find(&method, path) else {
            panic!("{path} is not found")
        };
        let Access::Granted(agreement) = snapshot.access_to_route(application, route, now) else {
            panic!("{path} is refused")
        };
        assert!(snapshot.agreement_grants(agreement, route), "{path}");
    }
}

#[test]
fn each_kind_of_agreement_is_shown_and_each_call_is_limited() {
    let snapshot = demo();
    for kind in [
        AgreementKind::Avtal,
        AgreementKind::Overenskommelse,
        AgreementKind::Anvandarvillkor,
    ] {
        assert!(
            snapshot.agreements().iter().any(|agreement| agreement.kind == kind),
            "{kind:?}"
        );
    }
    for api in snapshot.apis() {
        assert!(
            api.limits.iter().any(|limit| limit.per == LimitPer::Address),
            "{}",
            api.id
        );
        let known = api.authentication != Authentication::None;
        assert_eq!(
            api.limits.iter().any(|limit| limit.per == LimitPer::Application),
            known,
            "{}",
            api.id
        );
    }
    let Found::Route(route) = snapshot.find(&Method::GET, "/case-status/v1/cases") else {
        panic!("not found")
    };
    assert_eq!(snapshot.route(route).authentication, Authentication::Token);
    assert_eq!(*snapshot.route(route).scopes[0], *"cases.read");
}
