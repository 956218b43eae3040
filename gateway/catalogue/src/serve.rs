//! Documents ready to be served: bytes, type and strong validator, rendered once when a snapshot is built.

use crate::facts::{ApiFacts, Language, ProblemFacts};
use crate::{API_CATALOG_CONTENT_TYPE, API_CATALOG_PATH, api_catalog, api_info, pages, publish, to_yaml};
use bytes::Bytes;
use http::HeaderValue;
use serde_json::Value;
use snapshot::Document;
use std::sync::Arc;

const JSON: &str = "application/json";
const YAML: &str = "application/yaml";
const HTML: &str = "text/html; charset=utf-8";

/// A document with a strong `ETag` made from its bytes and its type (RFC 9110, 8.8.3).
#[must_use]
pub fn document(content_type: &'static str, body: impl Into<Bytes>) -> Document {
    let body = body.into();
    let mut hasher = blake3::Hasher::new();
    hasher.update(content_type.as_bytes()).update(&[0]).update(&body);
    let hash = hasher.finalize().to_hex();
    let etag = format!("\"{}\"", hash.get(..32).unwrap_or(&hash));
    // Hexadecimal digits in quotes are always a header value.
    let etag = HeaderValue::from_str(&etag).unwrap_or_else(|_| HeaderValue::from_static("\"\""));
    Document {
        content_type: HeaderValue::from_static(content_type),
        etag,
        body,
    }
}

/// Everything the gateway serves under an API's base path, by relative path: `/openapi.json`, `/openapi.yaml`, `/api-info`,
/// `/docs` (Swedish) and `/docs/en`.
///
/// `source` is the agency's own document; it is published first.
#[must_use]
pub fn api_documents(source: &Value, facts: &ApiFacts) -> Vec<(String, Arc<Document>)> {
    let published = publish(source, facts);
    vec![
        entry("/openapi.json", JSON, format!("{published:#}\n")),
        entry("/openapi.yaml", YAML, to_yaml(&published)),
        entry("/api-info", JSON, format!("{:#}\n", api_info(facts))),
        entry("/docs", HTML, pages::docs_page(&published, facts, Language::Swedish)),
        entry("/docs/en", HTML, pages::docs_page(&published, facts, Language::English)),
    ]
}

/// Everything the gateway serves outside any API, by absolute path: the catalogue for programs, its pages for people
/// (`/` Swedish, `/en`), and one page per problem (`/problems`, `/problems/<code>`, in both languages).
#[must_use]
pub fn gateway_documents(
    apis: &[ApiFacts],
    problems: &[ProblemFacts],
    public_base_url: &str,
) -> Vec<(String, Arc<Document>)> {
    let catalog = format!("{:#}\n", api_catalog(apis, public_base_url));
    let mut all = vec![
        entry(API_CATALOG_PATH, API_CATALOG_CONTENT_TYPE, catalog),
        entry("/", HTML, pages::index_page(apis, public_base_url, Language::Swedish)),
        entry("/en", HTML, pages::index_page(apis, public_base_url, Language::English)),
        entry("/problems", HTML, pages::problem_index_page(problems, public_base_url)),
    ];
    all.extend(problems.iter().map(|problem| {
        entry(
            &format!("/problems/{}", problem.code),
            HTML,
            pages::problem_page(problem, public_base_url),
        )
    }));
    all
}

fn entry(path: &str, content_type: &'static str, body: String) -> (String, Arc<Document>) {
    (path.to_owned(), Arc::new(document(content_type, body)))
}
