//! APIs: what an agency offers. What is edited is a draft; what is served is the last publication.

use super::{Cache, Canary, Idempotency, Kind, Maintenance, Mirror, Moment, Object, Retry, Validation};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One major version of an API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Api {
    /// Stable id: the name and the major version, `case-status-v1`.
    #[serde(default)]
    pub api_id: String,
    /// The organisation; the caller's own unless given.
    #[serde(default)]
    pub organisation_id: String,
    /// Name in the address: a-z, 0-9 and `-`. Addresses belong to all organisations together: first come, first served.
    #[schema(example = "case-status")]
    pub name: String,
    /// Title for people.
    pub title: String,
    /// Semantic version; its major part is in the address.
    #[schema(example = "1.0.0")]
    pub version: String,
    /// The day this version was published; the day of the first publication unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date, example = "2026-01-31")]
    pub released: Option<jiff::civil::Date>,
    /// Where in its life it is.
    pub state: LifecycleState,
    /// Since when it is deprecated (RFC 9745).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecated_at: Option<Moment>,
    /// When it goes away (RFC 8594); calls after it are answered 410.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sunset_at: Option<Moment>,
    /// Path or address of what comes instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "uri-reference")]
    pub successor: Option<String>,
    /// Which credential a call needs.
    pub authentication: Authentication,
    /// How a token must be bound to whoever sends it; for APIs that take tokens only.
    #[serde(default, skip_serializing_if = "is_default")]
    #[schema(default = "none")]
    pub sender_constraint: SenderConstraint,
    /// Audience of access tokens (RFC 8707 resource); needed where tokens are taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Whether answers hold personal data: true until its owner says that they do not.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub personal_data: bool,
    /// Limits of every call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limit_plan_ids: Vec<String>,
    /// Whether browsers on other origins may call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors: Option<Cors>,
    /// How long a caller waits for the answer to begin.
    #[serde(default = "deadline")]
    #[schema(default = 10000, minimum = 1, maximum = 300000)]
    pub deadline_milliseconds: u64,
    /// Longest silence between two parts of a body.
    #[serde(default = "idle_timeout")]
    #[schema(default = 30000, minimum = 1, maximum = 3600000)]
    pub idle_timeout_milliseconds: u64,
    /// Largest body of a request.
    #[serde(default = "max_body_bytes")]
    #[schema(default = 1048576, maximum = 1073741824)]
    pub max_body_bytes: u64,
    /// Where calls go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend_id: Option<String>,
    /// When a call is sent again that may have reached the backend; never unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// Whether a call with an `Idempotency-Key` is carried out once; the key is only passed on unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency: Option<Idempotency>,
    /// Whether answers are kept; each call is asked for unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<Cache>,
    /// What is held against the OpenAPI document; nothing unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<Validation>,
    /// Which calls another backend answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<Canary>,
    /// Which reads another backend is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror: Option<Mirror>,
    /// Whether a call with `Prefer: code=200, example=NAME` is answered from the examples of the OpenAPI document, without
    /// the backend: true on every gateway, false on none; unless given, on a gateway that is a sandbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mock_answers: Option<bool>,
    /// Whether the API is taken aside for work. It holds when it is published; what is served is taken aside and back at once by
    /// `/apis/{apiId}/maintenance`, which changes this too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<Maintenance>,
    /// The operations of an API that has no OpenAPI document. With a document, the document says what is served.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<Operation>,
}

/// Where an API is in its life (REST profile VER.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the profile's own terms")]
pub enum LifecycleState {
    Alpha,
    Beta,
    Active,
    Deprecated,
    Retired,
    Decommissioned,
}

/// Which credential a call needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Authentication {
    /// Open to anyone.
    None,
    /// An API key.
    Key,
    /// An access token.
    Token,
    /// Either of the two.
    KeyOrToken,
}

/// How a token must be bound to whoever sends it, so that a stolen one is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum SenderConstraint {
    /// A bearer token will do.
    #[default]
    None,
    /// Bound to a key that each request proves (RFC 9449).
    Dpop,
    /// Bound to the caller's TLS certificate (RFC 8705).
    Mtls,
    /// One of the two.
    Either,
}

/// Which browsers may call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cors {
    /// Any origin, without credentials.
    #[serde(default)]
    pub any_origin: bool,
    /// These origins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<String>,
}

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Operation {
    /// The method; every one unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<HttpMethod>,
    /// Path template under the API's address, `/cases/{caseId}`.
    pub path: String,
    /// Scopes that a token needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// Another credential than the API's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication: Option<Authentication>,
}

/// Methods of operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "HTTP's own names")]
pub enum HttpMethod {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
}

/// An API as it is kept: the draft, the document uploaded for it, and what is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiRecord {
    /// What is edited.
    pub draft: Api,
    /// Hash of the OpenAPI document uploaded for the draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// Where it was fetched from, when it was not sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_url: Option<String>,
    /// What is served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Publication>,
}

/// What is served: a draft as it was when it was published, and whether it is taken aside since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Publication {
    /// The API as it is served.
    pub api: Api,
    /// Hash of its OpenAPI document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// When it was published.
    pub published_at: Moment,
    /// The member who published it.
    pub published_by: String,
}

impl Api {
    /// Every backend that calls may go to.
    pub fn backends(&self) -> impl Iterator<Item = &str> {
        let canary = self.canary.as_ref().map(|canary| canary.backend_id.as_str());
        let mirror = self.mirror.as_ref().map(|mirror| mirror.backend_id.as_str());
        [self.backend_id.as_deref(), canary, mirror].into_iter().flatten()
    }
}

fn yes() -> bool {
    true
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn deadline() -> u64 {
    10_000
}

fn idle_timeout() -> u64 {
    30_000
}

fn max_body_bytes() -> u64 {
    1024 * 1024
}

impl Object for ApiRecord {
    const KIND: Kind = Kind::Api;

    fn id(&self) -> &str {
        &self.draft.api_id
    }

    fn organisation(&self) -> &str {
        &self.draft.organisation_id
    }
}
