//! OpenAPI documents: read, check against the national REST profile, add the gateway's own, publish.
//!
//! Everything here is a pure function over `serde_json::Value`: no network, no files, no clock. A document from an agency
//! is hostile input until it has been through [`read()`]: capped in size, depth and alias expansion, duplicate keys refused.
//! The raw value is kept and walked, never pressed through a typed model, so nothing an agency wrote is lost.
//!
//! ```
//! let source = catalogue::read(b"openapi: 3.1.0\ninfo: {title: Cases, version: 1.0.0}\npaths: {}\n", "cases.yaml").unwrap();
//! let findings = catalogue::profile::check(&source);
//! assert!(findings.iter().any(|finding| finding.rule == "VER.06" && finding.place == "/paths"));
//! ```

pub mod compare;
pub mod profile;

mod api_catalog;
mod api_info;
mod facts;
mod mocks;
mod pages;
mod publish;
mod read;
mod routes;
mod sample;
mod serve;
mod spec;
mod yaml;

pub use api_catalog::{API_CATALOG_CONTENT_TYPE, API_CATALOG_PATH, api_catalog};
pub use api_info::api_info;
pub use compare::{Change, Comparison, Impact, compare};
pub use facts::{ApiFacts, Blame, Language, ProblemFacts};
pub use mocks::mocks;
pub use pages::{docs_page, index_page, problem_index_page, problem_page};
pub use publish::publish;
pub use read::{MAX_BYTES, MAX_DEPTH, ReadError, read};
pub use routes::{DocumentRoute, RoutesError, routes};
pub use serve::{api_documents, document, gateway_documents};
pub use yaml::to_yaml;
