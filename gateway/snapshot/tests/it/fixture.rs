//! Builders with defaults: a test names only what it is about.

use http::Method;
use snapshot::{
    AgreementDraft, AgreementKind, ApiDraft, ApplicationDraft, Authentication, BackendDraft, Document, Draft,
    LifecycleState, LimitDraft, LimitPer, OrganisationDraft, OrganisationKind, RouteDraft, Snapshot,
};
use std::sync::Arc;
use std::time::Duration;

/// A small registry without a problem: one agency, one bank, one API, one application.
pub(crate) fn draft() -> Draft {
    Draft {
        version: 7,
        organisations: vec![
            organisation("agency", OrganisationKind::StateAgency),
            organisation("bank", OrganisationKind::PrivateActor),
        ],
        apis: vec![api("cases", "1.2.0", &["GET /cases", "GET /cases/{caseId}"])],
        backends: vec![backend("backend", "http://127.0.0.1:8101")],
        applications: vec![ApplicationDraft {
            own_agreements_only: false,
            id: "bank-app".into(),
            name: "The bank's app".into(),
            organisation: "bank".into(),
            ..ApplicationDraft::default()
        }],
        agreements: vec![agreement("one", AgreementKind::Avtal)],
        limits: vec![limit("per-application")],
        ..Draft::default()
    }
}

/// An organisation.
pub(crate) fn organisation(id: &str, kind: OrganisationKind) -> OrganisationDraft {
    OrganisationDraft {
        id: id.into(),
        name: format!("Organisation {id}"),
        kind,
    }
}

/// An API of `agency`, with operations written `METHOD /path`.
pub(crate) fn api(name: &str, version: &str, operations: &[&str]) -> ApiDraft {
    let major = version.split('.').next().unwrap_or_default();
    ApiDraft {
        id: format!("{name}-v{major}"),
        name: name.into(),
        title: "An API".into(),
        version: version.into(),
        released: "2026-01-31".into(),
        organisation: "agency".into(),
        state: LifecycleState::Active,
        deprecated_at: None,
        sunset_at: None,
        successor: None,
        authentication: Authentication::KeyOrToken,
        audience: format!("https://api.example.se/{name}/v{major}"),
        sender_constraint: snapshot::SenderConstraint::None,
        base_path: None,
        personal_data: false,
        limits: Vec::new(),
        cors: None,
        deadline: Duration::from_secs(5),
        idle_timeout: Duration::from_secs(30),
        max_body_bytes: 1 << 20,
        backend: Some("backend".into()),
        traffic: snapshot::ApiTraffic::default(),
        routes: operations.iter().map(|operation| route(operation)).collect(),
        documents: Vec::new(),
    }
}

/// `GET /cases`, or `* /cases` for every method.
pub(crate) fn route(operation: &str) -> RouteDraft {
    let (method, path) = operation.split_once(' ').unwrap();
    let method = (method != "*").then(|| Method::from_bytes(method.as_bytes()).unwrap());
    RouteDraft {
        method,
        path: path.into(),
        scopes: Vec::new(),
        authentication: None,
    }
}

/// A backend of `agency`.
pub(crate) fn backend(id: &str, address: &str) -> BackendDraft {
    BackendDraft {
        id: id.into(),
        organisation: "agency".into(),
        addresses: vec![address.into()],
        connect_timeout: Duration::from_secs(1),
        allow_private_network: true,
        ca_file: None,
        assertion: snapshot::Assertion::None,
        traffic: snapshot::BackendTraffic::default(),
    }
}

/// 600 calls a minute for each application.
pub(crate) fn limit(id: &str) -> LimitDraft {
    let window = Duration::from_secs(60);
    LimitDraft {
        id: id.into(),
        name: id.into(),
        per: LimitPer::Application,
        quota: 600,
        window,
        burst: None,
        shared: None,
        calendar: None,
    }
}

/// From `agency` to `bank` on `cases-v1`, from second 1,000 on.
pub(crate) fn agreement(id: &str, kind: AgreementKind) -> AgreementDraft {
    AgreementDraft {
        suppliers: Vec::new(),
        suspended: false,
        id: id.into(),
        kind,
        purpose: "Show a person their cases".into(),
        producers: vec!["agency".into()],
        consumers: vec!["bank".into()],
        applications: Vec::new(),
        apis: vec!["cases-v1".into()],
        scopes: Vec::new(),
        limits: Vec::new(),
        valid_from: 1_000,
        valid_to: None,
    }
}

/// A document served from memory.
pub(crate) fn document(body: &'static str) -> Arc<Document> {
    Arc::new(Document {
        content_type: http::HeaderValue::from_static("text/plain"),
        etag: http::HeaderValue::from_static("\"1\""),
        body: bytes::Bytes::from_static(body.as_bytes()),
    })
}

/// Compiles what must be right.
pub(crate) fn compiled(draft: &Draft) -> Snapshot {
    Snapshot::compile(draft).unwrap()
}

/// Compiles what must be wrong: every problem as a line.
pub(crate) fn problems(draft: &Draft) -> Vec<String> {
    Snapshot::compile(draft)
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect()
}
