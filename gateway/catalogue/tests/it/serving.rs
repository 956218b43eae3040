//! Documents ready to be served.

use crate::support::{bare, facts, problems};
use catalogue::{api_documents, document, gateway_documents};

#[test]
fn the_tag_is_strong_and_follows_bytes_and_type() {
    let one = document("application/json", "{}");
    assert_eq!(one.etag, document("application/json", "{}").etag);
    assert_ne!(one.etag, document("application/json", "{ }").etag);
    assert_ne!(one.etag, document("application/yaml", "{}").etag);
    let tag = one.etag.to_str().unwrap();
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() == 34, "{tag}");
}

#[test]
fn an_api_has_all_its_documents() {
    let all = api_documents(&bare(), &facts());
    let described: Vec<(&str, &str)> = all
        .iter()
        .map(|(path, document)| (path.as_str(), document.content_type.to_str().unwrap()))
        .collect();
    let html = "text/html; charset=utf-8";
    let expected = [
        ("/openapi.json", "application/json"),
        ("/openapi.yaml", "application/yaml"),
        ("/api-info", "application/json"),
        ("/docs", html),
        ("/docs/en", html),
    ];
    assert_eq!(described, expected);
    let json = catalogue::read(&all[0].1.body, "openapi.json").unwrap();
    let yaml = catalogue::read(&all[1].1.body, "openapi.yaml").unwrap();
    assert_eq!(json, yaml);
}

#[test]
fn the_gateway_has_its_own_documents() {
    let all = gateway_documents(&[facts()], &problems(), "https://api.example.se");
    let paths: Vec<&str> = all.iter().map(|(path, _)| path.as_str()).collect();
    let expected = [
        "/.well-known/api-catalog",
        "/",
        "/en",
        "/problems",
        "/problems/credential-missing",
        "/problems/limit-reached",
        "/problems/upstream-timeout",
    ];
    assert_eq!(paths, expected);
    assert_eq!(
        all[0].1.content_type,
        "application/linkset+json; profile=\"https://www.rfc-editor.org/info/rfc9727\""
    );
}
