//! `[[apis]]`: one major version of an API each, its operations from an OpenAPI document or from `[[apis.routes]]`.

use super::OperationsReader;
use ::document::Table;
use http::{HeaderValue, Method};
use snapshot::{ApiDraft, Authentication, Cors, LifecycleState, RouteDraft, SenderConstraint};
use std::path::PathBuf;
use std::time::Duration;

/// REST profile VER.10.
const STATES: [(&str, LifecycleState); 6] = [
    ("alpha", LifecycleState::Alpha),
    ("beta", LifecycleState::Beta),
    ("active", LifecycleState::Active),
    ("deprecated", LifecycleState::Deprecated),
    ("retired", LifecycleState::Retired),
    ("decommissioned", LifecycleState::Decommissioned),
];

const AUTHENTICATION: [(&str, Authentication); 4] = [
    ("none", Authentication::None),
    ("key", Authentication::Key),
    ("token", Authentication::Token),
    ("keyOrToken", Authentication::KeyOrToken),
];

const SENDER_CONSTRAINT: [(&str, SenderConstraint); 4] = [
    ("none", SenderConstraint::None),
    ("dpop", SenderConstraint::Dpop),
    ("mtls", SenderConstraint::Mtls),
    ("either", SenderConstraint::Either),
];

/// What holds for an API that does not say otherwise.
const DEADLINE: Duration = Duration::from_secs(10);
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_BODY_BYTES: u64 = 1024 * 1024;

/// One API, and the document it is described by.
pub(super) struct Read {
    /// The API.
    pub(super) draft: ApiDraft,
    /// Its OpenAPI document.
    pub(super) openapi: Option<PathBuf>,
}

/// Reads one API.
pub(super) fn read(table: &Table<'_>, operations: &OperationsReader<'_>) -> Read {
    let (name, version) = (table.required_string("name"), table.required_string("version"));
    let (routes, openapi) = routes(table, operations);
    let major = version.split('.').next().unwrap_or_default();
    let draft = ApiDraft {
        id: table
            .optional_string("id")
            .unwrap_or_else(|| format!("{name}-v{major}")),
        base_path: None,
        title: table.required_string("title"),
        released: table.required_date("released"),
        organisation: table.required_string("organisation"),
        state: table
            .required_one_of("state", &STATES)
            .unwrap_or(LifecycleState::Retired),
        deprecated_at: table.optional_timestamp("deprecated_at"),
        sunset_at: table.optional_timestamp("sunset_at"),
        successor: table.optional_string("successor"),
        authentication: table
            .required_one_of("authentication", &AUTHENTICATION)
            .unwrap_or(Authentication::Key),
        audience: table.optional_string("audience").unwrap_or_default(),
        sender_constraint: table
            .optional_one_of("sender_constraint", &SENDER_CONSTRAINT)
            .unwrap_or_default(),
        // An API holds personal data until its owner says that it does not.
        personal_data: table.boolean("personal_data", true),
        limits: table.strings("limits"),
        cors: cors(table),
        deadline: table.duration("deadline", DEADLINE),
        idle_timeout: table.duration("idle_timeout", IDLE_TIMEOUT),
        max_body_bytes: table.integer("max_body_bytes", 0, u64::MAX).unwrap_or(MAX_BODY_BYTES),
        backend: table.optional_string("backend"),
        traffic: super::traffic::api(table),
        routes,
        documents: Vec::new(),
        name,
        version,
    };
    if draft.traffic.mock_answers == Some(true) && openapi.is_none() {
        table.report("mock_answers", "needs openapi: examples come from the document");
    }
    Read { draft, openapi }
}

/// The operations: of the OpenAPI document, or as written. Both at once would be two truths.
fn routes(table: &Table<'_>, operations: &OperationsReader<'_>) -> (Vec<RouteDraft>, Option<PathBuf>) {
    let written: Vec<RouteDraft> = table.tables("routes").iter().map(route).collect();
    let Some(path) = table.optional_path("openapi") else {
        return (written, None);
    };
    if table.has("routes") {
        table.report(
            "routes",
            "stands beside openapi; the operations come from one or the other",
        );
    }
    match operations(&path) {
        Ok(routes) => (routes, Some(path)),
        Err(message) => {
            for line in message.lines().filter(|line| !line.trim().is_empty()) {
                table.report("openapi", line);
            }
            (Vec::new(), Some(path))
        }
    }
}

fn route(table: &Table<'_>) -> RouteDraft {
    let method: Option<Method> = table.optional_string("method").and_then(|name| {
        let method = name.parse().ok().filter(|_| name == name.to_ascii_uppercase());
        if method.is_none() {
            table.report(
                "method",
                format!("`{name}` is not a method; write GET, POST, ... or leave it out for every method"),
            );
        }
        method
    });
    RouteDraft {
        method,
        path: table.required_string("path"),
        scopes: table.strings("scopes"),
        authentication: table.optional_one_of("authentication", &AUTHENTICATION),
    }
}

/// `[apis.cors]`: absent, browsers on other origins are refused.
fn cors(table: &Table<'_>) -> Option<Cors> {
    let cors = table.table("cors");
    if !cors.is_present() {
        return None;
    }
    let any_origin = cors.boolean("any_origin", false);
    let origins: Vec<Origin> = cors.parsed_strings("origins", "an origin such as \"https://www.example.se\"");
    Some(Cors {
        origins: origins.into_iter().map(|Origin(value)| value).collect(),
        any_origin,
    })
}

/// `scheme://host[:port]`, as a browser sends it (RFC 6454 section 7): lower case, no path.
struct Origin(HeaderValue);

impl std::str::FromStr for Origin {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"))
            .ok_or(())?;
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.:[]".contains(&byte);
        if rest.is_empty() || !rest.bytes().all(plain) {
            return Err(());
        }
        HeaderValue::from_str(text).map(Origin).map_err(drop)
    }
}
