//! The registry as a document: what agencies have registered, written down, compared and put in force again.
//!
//! The document's objects are those of the registry's API (`/registry/v1/docs`), one TOML table each, and everything goes
//! through that API with a member's key: what the member may not do, the document may not either. A document speaks for the
//! organisations whose objects it holds, and for no others.

mod apply;
mod difference;
mod file;
mod kinds;
mod server;
mod steps;
mod write;

pub use apply::{Stopped, apply, rehearse, relate, wait};
pub use difference::{Difference, What, differences};
pub use file::{Declared, read};
pub use server::Server;
pub use write::write;

use serde_json::Value;

/// An OpenAPI document beside the registry's.
#[derive(Debug, Clone)]
pub enum OpenApi {
    /// A file.
    Text {
        /// What the registry finds it by.
        hash: String,
        /// Its text, as it is sent.
        text: String,
    },
    /// On the internet; the registry fetches it, once.
    At(String),
}

/// An object, written down or registered.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its kind, in the order in which kinds are applied.
    kind: &'static kinds::Kind,
    /// Its stable id.
    pub id: String,
    /// Whose it is.
    pub organisation: String,
    /// Its content with every default, so that equal objects are equal.
    body: Value,
    /// The OpenAPI document of an API.
    openapi: Option<OpenApi>,
    /// Whether an API is, or is to be, published as it is written here.
    published: bool,
}

/// A registered object and what the registry knows of it.
#[derive(Debug, Clone)]
pub struct Known {
    object: Object,
    /// Hash of the OpenAPI document that is uploaded.
    document_hash: Option<String>,
    /// Where it was fetched from.
    document_url: Option<String>,
    revision: i64,
    /// Whether an API is published, be it as something else.
    served: bool,
    /// Out of force for good: kept on record, and not declared any more.
    ended: bool,
}
