//! The compiled objects, as the request path reads them.

use crate::mock::Mock;
use crate::traffic::{ApiTraffic, BackendTraffic};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

/// Declares an index into one of the snapshot's tables; only meaningful inside the snapshot it came from.
macro_rules! index {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub(crate) u32);
        impl $name {
            /// The position in the table, for side tables built beside one snapshot.
            pub fn position(self) -> usize { self.0 as usize }
        }
    )*};
}

index! {
    /// An organisation's place in this snapshot.
    OrganisationIndex;
    /// An API version's place in this snapshot.
    ApiIndex;
    /// A backend's place in this snapshot.
    BackendIndex;
    /// A route's place in this snapshot.
    RouteIndex;
    /// An application's place in this snapshot.
    ApplicationIndex;
    /// An agreement's place in this snapshot.
    AgreementIndex;
}

/// What kind of body an organisation is (DOMAIN: Organisation.kind).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the field's own terms")]
pub enum OrganisationKind {
    StateAgency,
    Municipality,
    Region,
    Court,
    ParliamentAgency,
    PublicCompany,
    PrivateActor,
}

/// An organisation that offers APIs, uses them, or both.
#[derive(Debug, Clone)]
pub struct Organisation {
    /// Stable id, chosen by the registry.
    pub id: Arc<str>,
    /// The id as a header field's value, where it can be one; rendered once, as those below.
    pub id_value: Option<HeaderValue>,
    /// Display name.
    pub name: Arc<str>,
    /// Kind of body.
    pub kind: OrganisationKind,
}

/// REST profile VER.10.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authentication {
    /// Open to anyone.
    None,
    /// An API key in `X-Api-Key`.
    Key,
    /// An access token in `Authorization: Bearer`.
    Token,
    /// Either of the two.
    KeyOrToken,
}

/// How a token must be bound to whoever sends it, so that a stolen one is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SenderConstraint {
    /// A bearer token will do. A token that is bound all the same is held to its binding.
    #[default]
    None,
    /// Bound to a key that each request proves (RFC 9449).
    Dpop,
    /// Bound to the caller's TLS certificate (RFC 8705).
    Mtls,
    /// One of the two.
    Either,
}

/// Whether a backend is told who calls in a statement that it can verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Assertion {
    /// Plain header fields only.
    #[default]
    None,
    /// A signed statement of who calls, the same for some seconds.
    Session,
    /// A signed statement of this one call, with its trace and an id of its own.
    Call,
}

/// One major version of an API, served under `base_path`.
#[derive(Debug, Clone)]
pub struct Api {
    /// Stable id, for example `case-status-v1`.
    pub id: Arc<str>,
    /// URL name, for example `case-status`.
    pub name: Arc<str>,
    /// Title for people.
    pub title: Arc<str>,
    /// Full semantic version.
    pub version: Arc<str>,
    /// Date of publication, `YYYY-MM-DD`.
    pub released: Arc<str>,
    /// `/<name>/v<major>`.
    pub base_path: Arc<str>,
    /// The same as a header field's value.
    pub base_path_value: Option<HeaderValue>,
    /// Owner.
    pub organisation: OrganisationIndex,
    /// Where in its life it is.
    pub state: LifecycleState,
    /// `Deprecation`, `Sunset` and `Link`, rendered once; added to every answer.
    pub lifecycle_headers: Vec<(HeaderName, HeaderValue)>,
    /// After this instant (Unix seconds) calls are answered 410.
    pub sunset_at: Option<i64>,
    /// Which credential is needed.
    pub authentication: Authentication,
    /// Token audience (RFC 8707 resource) that is accepted.
    pub audience: Arc<str>,
    /// How tokens must be bound to their sender.
    pub sender_constraint: SenderConstraint,
    /// Whether answers hold personal data: such an API needs an agreement beyond terms of use.
    pub personal_data: bool,
    /// Limits that apply to every call, the strictest first in headers.
    pub limits: Vec<Arc<LimitPolicy>>,
    /// Cross-origin rules; `None`: browsers on other origins are refused.
    pub cors: Option<Cors>,
    /// Time the caller may wait for response headers.
    pub deadline: Duration,
    /// Longest silence between two parts of a body, either way.
    pub idle_timeout: Duration,
    /// Largest request body in bytes.
    pub max_body_bytes: u64,
    /// Where calls go.
    pub backend: Option<BackendIndex>,
    /// How they are carried.
    pub traffic: ApiTraffic,
    /// The backend of `traffic.canary`.
    pub canary: Option<BackendIndex>,
    /// The backend of `traffic.mirror`.
    pub mirror: Option<BackendIndex>,
}

/// Cross-origin rules of one API.
#[derive(Debug, Clone)]
pub struct Cors {
    /// Allowed origins, exact; empty together with `any_origin` means all, without credentials.
    pub origins: Vec<HeaderValue>,
    /// `Access-Control-Allow-Origin: *`.
    pub any_origin: bool,
}

/// `http` or `https` towards a backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "URL schemes")]
pub enum Scheme {
    Http,
    Https,
}

/// An agency's backend.
#[derive(Debug, Clone)]
pub struct Backend {
    /// Stable id: connection pools and metrics are keyed by it.
    pub id: Arc<str>,
    /// Owner, named in problems.
    pub organisation: OrganisationIndex,
    /// Where it listens; at least one.
    pub addresses: Vec<UpstreamAddress>,
    /// Time to open a connection.
    pub connect_timeout: Duration,
    /// Loopback and private addresses are allowed only where the configuration says so.
    pub allow_private_network: bool,
    /// PEM file with the only roots trusted for this backend; `None`: the system's.
    pub ca_file: Option<Arc<str>>,
    /// Whether calls carry a signed statement of who calls.
    pub assertion: Assertion,
    /// How it is used, and when it is left alone.
    pub traffic: BackendTraffic,
}

/// One address of a backend.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UpstreamAddress {
    /// Scheme.
    pub scheme: Scheme,
    /// Host name or IP literal.
    pub host: Arc<str>,
    /// Port.
    pub port: u16,
    /// `host[:port]` as sent in `Host`.
    pub authority: HeaderValue,
    /// Set when `host` is an IP literal: no name look-up is needed.
    pub literal: Option<SocketAddr>,
    /// Prefix put before the request path, without a trailing slash; often empty.
    pub base_path: Arc<str>,
}

/// A document the gateway itself serves: rendered once, when the snapshot is built.
#[derive(Debug, Clone)]
pub struct Document {
    /// `Content-Type`.
    pub content_type: HeaderValue,
    /// Strong `ETag`.
    pub etag: HeaderValue,
    /// The bytes.
    pub body: Bytes,
}

impl Document {
    /// `Content-Security-Policy` of every page: text and styles of its own, and nothing from elsewhere.
    pub const SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
    );
}

/// Who answers a route.
#[derive(Debug, Clone)]
pub enum Target {
    /// The API's backend.
    Upstream(BackendIndex),
    /// The gateway, from memory.
    Document(Arc<Document>),
}

/// One method on one path template.
#[derive(Debug, Clone)]
pub struct Route {
    /// Stable id, `GET /case-status/v1/cases/{caseId}`.
    pub id: Arc<str>,
    /// Path template with the API's base path: `http.route`.
    pub template: Arc<str>,
    /// `None`: every method.
    pub method: Option<Method>,
    /// The API it belongs to; `None` for the gateway's own documents outside any API.
    pub api: Option<ApiIndex>,
    /// Scopes a token needs, all of them.
    pub scopes: Vec<Arc<str>>,
    /// Overrides the API's authentication (documents and `api-info` are open).
    pub authentication: Authentication,
    /// Who answers.
    pub target: Target,
    /// What it answers with by its document's examples, where that may be asked for.
    pub mock: Option<Arc<Mock>>,
}

/// A consumer's application.
#[derive(Debug, Clone)]
pub struct Application {
    /// Stable id; also the OAuth `client_id`.
    pub id: Arc<str>,
    /// The id as a header field's value.
    pub id_value: Option<HeaderValue>,
    /// Name for people.
    pub name: Arc<str>,
    /// Owner.
    pub organisation: OrganisationIndex,
    /// What it proves itself with at the token service.
    pub credentials: Arc<ClientCredentials>,
    /// Only agreements that name it cover it, not those of its whole organisation.
    pub own_agreements_only: bool,
}

/// What an application proves itself with at the token service, and where a person's browser is sent back to. Not read on
/// the request path, so it is kept apart.
#[derive(Debug, Clone, Default)]
pub struct ClientCredentials {
    /// Public keys that were handed in (RFC 7517), as text.
    pub jwks: Option<Arc<str>>,
    /// Where its public keys are published, instead.
    pub jwks_url: Option<Arc<str>>,
    /// Client secrets, for the simple cases.
    pub secrets: Vec<ClientSecret>,
    /// SHA-256 thumbprints of the TLS certificates it may show.
    pub certificates: Vec<[u8; 32]>,
    /// Exact addresses that a person's browser may be sent back to.
    pub redirect_uris: Vec<Arc<str>>,
    /// What it asks a person must be pushed first (RFC 9126).
    pub require_par: bool,
    /// Tokens and assertions made before (Unix seconds) are refused.
    pub not_before: i64,
}

/// What is stored of a client secret: enough to check it, not to make it.
#[derive(Debug, Clone)]
pub struct ClientSecret {
    /// Public id.
    pub id: Arc<str>,
    /// Keyed hash, made like an API key's.
    pub hash: [u8; 32],
    /// Unix seconds; `None`: until revoked.
    pub expires_at: Option<i64>,
}

/// What is stored of an API key: enough to check it, not to make it.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// The application it stands for.
    pub application: ApplicationIndex,
    /// Keyed hash of the secret part.
    pub hash: [u8; 32],
    /// Unix seconds; `None`: until revoked.
    pub expires_at: Option<i64>,
}

/// Kinds of agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgreementKind {
    /// Contract with a private actor.
    Avtal,
    /// Between two state agencies, which cannot contract with each other.
    Overenskommelse,
    /// Connection agreement.
    Anslutningsavtal,
    /// Terms of use: open data only, never personal data.
    Anvandarvillkor,
}

/// The right of a consumer's organisation or application to call APIs, for a purpose and a time.
#[derive(Debug, Clone)]
pub struct Agreement {
    /// Stable id, shown in refusals.
    pub id: Arc<str>,
    /// The id as a header field's value.
    pub id_value: Option<HeaderValue>,
    /// Kind.
    pub kind: AgreementKind,
    /// Why, in words.
    pub purpose: Arc<str>,
    /// Unix seconds, inclusive.
    pub valid_from: i64,
    /// Unix seconds, exclusive; `None`: until terminated.
    pub valid_to: Option<i64>,
    /// Out of force for the time being.
    pub suspended: bool,
    /// Scopes it grants.
    pub scopes: Vec<Arc<str>>,
    /// Limits that apply to every call under it, beside those of the API; the strictest first.
    pub limits: Vec<Arc<LimitPolicy>>,
    /// On whose behalf calls are made.
    pub consumers: Vec<OrganisationIndex>,
    /// Who runs some of the applications for them.
    pub suppliers: Vec<OrganisationIndex>,
}

/// A call that a supplier makes for a consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delegation {
    /// Whose application it is.
    pub supplier: OrganisationIndex,
    /// On whose behalf it calls; `None`: the agreement has several consumers, and does not say for which of them.
    pub consumer: Option<OrganisationIndex>,
}

/// The answer to "may this application call this API now?".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Yes, under this agreement.
    Granted(AgreementIndex),
    /// There was an agreement; it has ended.
    Ended(AgreementIndex),
    /// There is an agreement; a party has suspended it.
    Suspended(AgreementIndex),
    /// There is an agreement; it has not begun.
    NotYet(AgreementIndex),
    /// No agreement names this application and API.
    Missing,
}

/// What a limit counts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LimitPer {
    /// Each application.
    Application,
    /// Each caller's network address (IPv6: its /64).
    Address,
    /// All calls of the API together.
    Api,
    /// Each person that calls are made for, over all applications and all APIs that name the policy: so one person's data
    /// cannot be harvested by many applications. Calls for nobody are not counted.
    Person,
    /// All calls under one agreement, whichever of its applications makes them. Calls without one are not counted.
    Agreement,
}

/// One window of a rate limit: `quota` calls in `window`, spread by GCRA, at most `burst` at once.
#[derive(Debug, Clone)]
pub struct LimitPolicy {
    /// Stable id: counters are keyed by it and by its numbers.
    pub id: Arc<str>,
    /// Name in `RateLimit-Policy` and in the 429 problem.
    pub name: Arc<str>,
    /// What is counted.
    pub per: LimitPer,
    /// Calls per window.
    pub quota: NonZeroU32,
    /// Length of the window; of a calendar quota, the longest that its period can be.
    pub window: Duration,
    /// Calls at once; at most `quota`.
    pub burst: NonZeroU32,
    /// `Some`: all nodes count together, in the shared store, and this is what holds while the store cannot be asked.
    /// `None`: each node counts for itself.
    pub shared: Option<OnStoreFailure>,
    /// `Some`: not a rate but a quota. `quota` calls in each such period, counted by all nodes in the durable ledger;
    /// `shared` says then what holds while the ledger cannot be asked.
    pub calendar: Option<Calendar>,
}

/// A period of the calendar, in UTC, so that all nodes agree when it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Calendar {
    /// From midnight to midnight.
    Day,
    /// From the first of a month to the first of the next.
    Month,
}

impl Calendar {
    /// The longest that a period can be.
    pub const fn longest(self) -> Duration {
        match self {
            Self::Day => Duration::from_secs(86_400),
            Self::Month => Duration::from_secs(31 * 86_400),
        }
    }

    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
        }
    }
}

/// What becomes of a shared limit while its store cannot be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OnStoreFailure {
    /// Each node admits its share: the limit divided by the nodes that lived last.
    #[default]
    LocalShare,
    /// Every call passes.
    Allow,
    /// No call passes.
    Deny,
}
