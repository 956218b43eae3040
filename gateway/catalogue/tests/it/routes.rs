//! The operations of a document.

use crate::support::{bare, clean, edited};
use catalogue::{publish, routes};
use serde_json::json;

fn lines(document: &serde_json::Value) -> Vec<String> {
    let routes = routes(document).unwrap();
    routes
        .iter()
        .map(|route| format!("{} {} {:?} {:?}", route.method, route.path, route.scopes, route.open))
        .collect()
}

#[test]
fn operations_come_in_document_order_with_their_scopes() {
    let expected = [
        "GET /api-info [] Some(true)",
        "GET /loans [\"loans.read\"] Some(false)",
        "POST /loans [\"loans.read\"] Some(false)",
        "GET /loans/{loanId} [\"loans.read\"] Some(false)",
    ];
    assert_eq!(lines(&clean()), expected);
}

#[test]
fn a_document_that_says_nothing_of_security_leaves_it_open_to_the_registry() {
    let lines = lines(&bare());
    assert_eq!(lines[1], "PUT /loans/{loanId} [] None");
    assert_eq!(lines[2], "GET /news [] Some(true)");
}

#[test]
fn an_empty_requirement_means_open() {
    let document = edited(|document| document["paths"]["/loans"]["get"]["security"] = json!([{}]));
    assert_eq!(lines(&document)[1], "GET /loans [] Some(true)");
}

#[test]
fn a_published_document_has_the_routes_of_its_source() {
    let source = routes(&bare()).unwrap();
    let published = routes(&publish(&bare(), &crate::support::facts())).unwrap();
    let names = |routes: &[catalogue::DocumentRoute]| {
        routes
            .iter()
            .map(|route| format!("{} {}", route.method, route.path))
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&published)[..3], names(&source)[..]);
    assert_eq!(names(&published)[3..], ["GET /api-info"]);
}

#[test]
fn every_reason_is_given_at_once() {
    let document = json!({"openapi": "2.0", "paths": {
        "/a/{b}": {}, "/a/{c}": {}, "a": {}, "/x{": {}, "/y/{}": {}, "/z?q=1": {}, "x-internal": {"anything": 1},
    }});
    let errors = routes(&document).unwrap_err();
    let places: Vec<&str> = errors.iter().map(|error| error.place.as_str()).collect();
    assert_eq!(
        places,
        [
            "/openapi",
            "/paths/~1a~1{c}",
            "/paths/a",
            "/paths/~1x{",
            "/paths/~1y~1{}",
            "/paths/~1z?q=1"
        ]
    );
    assert!(errors[1].to_string().contains("/a/{b}"));
    assert_eq!(routes(&json!({})).unwrap_err().len(), 2);
}
