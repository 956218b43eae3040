//! What a source has read, before it is checked and compiled. Plain, owned, editable.

use crate::model::{
    AgreementKind, Authentication, Cors, Document, LifecycleState, LimitPer, OnStoreFailure, OrganisationKind,
};
use std::sync::Arc;
use std::time::Duration;

/// The whole registry as read from a source.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "plain containers")]
pub struct Draft {
    pub version: u64,
    pub organisations: Vec<OrganisationDraft>,
    pub apis: Vec<ApiDraft>,
    pub backends: Vec<BackendDraft>,
    pub applications: Vec<ApplicationDraft>,
    pub agreements: Vec<AgreementDraft>,
    pub limits: Vec<LimitDraft>,
    /// Documents the gateway serves outside any API, by absolute path (`/.well-known/api-catalog`).
    pub documents: Vec<(String, Arc<Document>)>,
}

/// See [`crate::Organisation`].
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "described on the compiled type")]
pub struct OrganisationDraft {
    pub id: String,
    pub name: String,
    pub kind: OrganisationKind,
}

/// See [`crate::Api`]. References to other objects are by id.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "described on the compiled type")]
pub struct ApiDraft {
    pub id: String,
    pub name: String,
    pub title: String,
    /// Semantic version; the URL holds its major part only.
    pub version: String,
    pub released: String,
    pub organisation: String,
    pub state: LifecycleState,
    /// RFC 9745 date, Unix seconds.
    pub deprecated_at: Option<i64>,
    /// RFC 8594 date, Unix seconds.
    pub sunset_at: Option<i64>,
    /// Absolute URL or path of the successor (`rel="successor-version"`).
    pub successor: Option<String>,
    pub authentication: Authentication,
    pub audience: String,
    pub personal_data: bool,
    pub limits: Vec<String>,
    pub cors: Option<Cors>,
    pub deadline: Duration,
    pub idle_timeout: Duration,
    pub max_body_bytes: u64,
    pub backend: Option<String>,
    pub routes: Vec<RouteDraft>,
    /// Documents served under the API's base path, by relative path (`/openapi.json`).
    pub documents: Vec<(String, Arc<Document>)>,
}

/// One operation of an API.
#[derive(Debug, Clone)]
pub struct RouteDraft {
    /// `GET`, or `None` for every method.
    pub method: Option<http::Method>,
    /// Template relative to the API's base path: `/cases/{caseId}`, `/files/{*path}`.
    pub path: String,
    /// Scopes a token needs.
    pub scopes: Vec<String>,
    /// Overrides the API's own.
    pub authentication: Option<Authentication>,
}

/// See [`crate::Backend`].
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "described on the compiled type")]
pub struct BackendDraft {
    pub id: String,
    pub organisation: String,
    /// `http://host[:port][/prefix]`, at least one.
    pub addresses: Vec<String>,
    pub connect_timeout: Duration,
    pub allow_private_network: bool,
    pub ca_file: Option<String>,
}

/// See [`crate::Application`].
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "described on the compiled type")]
pub struct ApplicationDraft {
    pub id: String,
    pub name: String,
    pub organisation: String,
    pub keys: Vec<KeyDraft>,
}

/// See [`crate::ApiKey`].
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "described on the compiled type")]
pub struct KeyDraft {
    pub id: String,
    pub hash: [u8; 32],
    pub expires_at: Option<i64>,
}

/// See [`crate::Agreement`].
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "described on the compiled type")]
pub struct AgreementDraft {
    pub id: String,
    pub kind: AgreementKind,
    pub purpose: String,
    /// Organisation ids on the producing side.
    pub producers: Vec<String>,
    /// Organisation ids on the consuming side; every application of theirs is covered, unless `applications` names some.
    pub consumers: Vec<String>,
    /// Application ids; empty: all of the consumers'.
    pub applications: Vec<String>,
    /// API ids.
    pub apis: Vec<String>,
    pub scopes: Vec<String>,
    pub valid_from: i64,
    pub valid_to: Option<i64>,
}

/// See [`crate::LimitPolicy`].
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "described on the compiled type")]
pub struct LimitDraft {
    pub id: String,
    pub name: String,
    pub per: LimitPer,
    pub quota: u32,
    pub window: Duration,
    pub burst: Option<u32>,
    pub shared: Option<OnStoreFailure>,
}
