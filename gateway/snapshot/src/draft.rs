//! What a source has read, before it is checked and compiled. Plain, owned, editable.

use crate::mock::Mocks;
use crate::model::{
    AgreementKind, Assertion, Authentication, Calendar, Cors, Document, LifecycleState, LimitPer, OnStoreFailure,
    OrganisationKind, SenderConstraint,
};
use crate::traffic::{ApiTraffic, BackendTraffic};
use std::collections::HashMap;
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
    /// Paths outside any API that are read (`GET`) from a backend of the gateway's own: absolute path, backend id.
    pub relays: Vec<(String, String)>,
    /// What operations answer with by their documents' examples, by the id of the API; of APIs where that may be asked for.
    pub mocks: HashMap<String, Arc<Mocks>>,
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
    /// Where it is served, if not at `/<name>/v<major>`: one or two segments. For what the gateway itself offers.
    pub base_path: Option<String>,
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
    pub sender_constraint: SenderConstraint,
    pub personal_data: bool,
    pub limits: Vec<String>,
    pub cors: Option<Cors>,
    pub deadline: Duration,
    pub idle_timeout: Duration,
    pub max_body_bytes: u64,
    pub backend: Option<String>,
    pub traffic: ApiTraffic,
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
    pub assertion: Assertion,
    pub traffic: BackendTraffic,
}

/// See [`crate::Application`] and [`crate::ClientCredentials`].
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "described on the compiled type")]
pub struct ApplicationDraft {
    pub id: String,
    pub name: String,
    pub organisation: String,
    pub keys: Vec<KeyDraft>,
    /// Text of a key set (RFC 7517).
    pub jwks: Option<String>,
    /// `https://..`; either this or `jwks`.
    pub jwks_url: Option<String>,
    pub secrets: Vec<KeyDraft>,
    pub certificates: Vec<[u8; 32]>,
    pub redirect_uris: Vec<String>,
    pub require_par: bool,
    pub not_before: i64,
    pub own_agreements_only: bool,
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
    /// Organisation ids whose applications may call on a consumer's behalf, where `applications` names them.
    pub suppliers: Vec<String>,
    /// Application ids; empty: all of the consumers'.
    pub applications: Vec<String>,
    /// API ids.
    pub apis: Vec<String>,
    pub scopes: Vec<String>,
    /// Limit ids.
    pub limits: Vec<String>,
    pub valid_from: i64,
    pub valid_to: Option<i64>,
    /// Out of force for the time being.
    pub suspended: bool,
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
    pub calendar: Option<Calendar>,
}
