//! The catalogue for programs, and `api-info`.

use crate::support::facts;
use catalogue::{ApiFacts, api_catalog, api_info};
use serde_json::json;

#[test]
fn the_catalogue_is_a_link_set_with_one_entry_per_api() {
    let catalog = api_catalog(&[facts()], "https://api.example.se/");
    let linkset = catalog["linkset"].as_array().unwrap();
    assert_eq!(linkset.len(), 2);
    assert_eq!(linkset[0]["anchor"], "https://api.example.se/.well-known/api-catalog");
    assert_eq!(
        linkset[0]["item"],
        json!([{"href": "https://api.example.se/loan-queue/v1", "title": "Lånekön"}])
    );
    assert_eq!(linkset[1]["anchor"], "https://api.example.se/loan-queue/v1");
    assert_eq!(
        linkset[1]["service-desc"][0],
        json!({"href": "https://api.example.se/loan-queue/v1/openapi.json", "type": "application/json"})
    );
    assert_eq!(linkset[1]["service-desc"][1]["type"], "application/yaml");
    assert_eq!(
        linkset[1]["service-doc"][0]["href"],
        "https://api.example.se/loan-queue/v1/docs"
    );
    assert_eq!(
        linkset[1]["status"][0]["href"],
        "https://api.example.se/loan-queue/v1/api-info"
    );
}

#[test]
fn every_link_has_a_target_and_every_relation_is_a_list() {
    // RFC 9264, 4.2: a context object has an anchor and relations; each relation is a list of objects with an href.
    let api = ApiFacts {
        successor: Some("https://api.example.se/loan-queue/v2".into()),
        ..facts()
    };
    for context in api_catalog(&[api], "https://api.example.se")["linkset"]
        .as_array()
        .unwrap()
    {
        for (relation, targets) in context.as_object().unwrap().iter().filter(|(key, _)| *key != "anchor") {
            let targets = targets.as_array().unwrap_or_else(|| panic!("{relation} is not a list"));
            assert!(
                targets
                    .iter()
                    .all(|target| target["href"].as_str().is_some_and(|href| href.starts_with("https://"))),
                "{relation}"
            );
        }
    }
}

#[test]
fn api_info_says_what_the_profile_asks() {
    let expected = json!({
        "apiName": "Lånekön",
        "apiVersion": "1.2.0",
        "apiReleased": "2026-01-31",
        "apiDocumentation": "https://api.example.se/loan-queue/v1/docs",
        "apiStatus": "active",
    });
    assert_eq!(api_info(&facts()), expected);
}
