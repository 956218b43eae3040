//! The catalogue of all APIs for programs: RFC 9727 as a link set (RFC 9264).

use crate::facts::ApiFacts;
use serde_json::{Value, json};

/// Where the catalogue is served.
pub const API_CATALOG_PATH: &str = "/.well-known/api-catalog";
/// `Content-Type` of the catalogue.
pub const API_CATALOG_CONTENT_TYPE: &str =
    "application/linkset+json; profile=\"https://www.rfc-editor.org/info/rfc9727\"";

/// The link set: the catalogue's own entry with one `item` per API, then one entry per API.
///
/// Per API: `service-desc` (the OpenAPI document as JSON and YAML), `service-doc` (the page for people), `service-meta` and
/// `status` (RFC 8631; both are `api-info`, which tells the state of life), `successor-version` (RFC 5829) when there is one.
#[must_use]
pub fn api_catalog(apis: &[ApiFacts], public_base_url: &str) -> Value {
    let base = public_base_url.trim_end_matches('/');
    let items: Vec<Value> = apis
        .iter()
        .map(|api| json!({ "href": api.base_url(), "title": api.title }))
        .collect();
    let own = json!({
        "anchor": format!("{base}{API_CATALOG_PATH}"),
        "item": items,
        "service-doc": [{ "href": format!("{base}/"), "type": "text/html", "hreflang": ["sv"] }],
    });
    let entries: Vec<Value> = std::iter::once(own).chain(apis.iter().map(entry)).collect();
    json!({ "linkset": entries })
}

fn entry(api: &ApiFacts) -> Value {
    let base = api.base_url();
    let info = json!([{ "href": format!("{base}/api-info"), "type": "application/json" }]);
    let mut entry = json!({
        "anchor": base,
        "service-desc": [
            { "href": format!("{base}/openapi.json"), "type": "application/json" },
            { "href": format!("{base}/openapi.yaml"), "type": "application/yaml" },
        ],
        "service-doc": [{ "href": api.docs_url(), "type": "text/html" }],
        "service-meta": info,
        "status": info,
    });
    if let Some(successor) = &api.successor {
        entry["successor-version"] = json!([{ "href": successor }]);
    }
    entry
}
