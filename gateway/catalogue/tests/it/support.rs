//! A clean document, and facts with defaults.

use catalogue::{ApiFacts, Blame, ProblemFacts};
use serde_json::Value;
use snapshot::{Authentication, LifecycleState, LimitPer, LimitPolicy};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

/// A document that breaks no rule.
pub(crate) fn clean() -> Value {
    catalogue::read(include_bytes!("clean.yaml"), "clean.yaml").unwrap()
}

/// The clean document after `edit`.
pub(crate) fn edited(edit: impl FnOnce(&mut Value)) -> Value {
    let mut document = clean();
    edit(&mut document);
    document
}

/// What an agency writes who knows nothing of the gateway: operations, bodies, nothing else.
pub(crate) fn bare() -> Value {
    catalogue::read(include_bytes!("bare.yaml"), "bare.yaml").unwrap()
}

pub(crate) fn limit(name: &str, quota: u32) -> Arc<LimitPolicy> {
    Arc::new(LimitPolicy {
        id: name.into(),
        name: name.into(),
        per: LimitPer::Application,
        quota: NonZeroU32::new(quota).unwrap(),
        window: Duration::from_secs(60),
        burst: NonZeroU32::new(quota).unwrap(),
        shared: None,
        calendar: None,
    })
}

pub(crate) fn facts() -> ApiFacts {
    ApiFacts {
        name: "loan-queue".into(),
        title: "Lånekön".into(),
        version: "1.2.0".into(),
        base_path: "/loan-queue/v1".into(),
        public_base_url: "https://api.example.se".into(),
        organisation: "Biblioteksnämnden".into(),
        state: LifecycleState::Active,
        released: "2026-01-31".into(),
        authentication: Authentication::KeyOrToken,
        token_url: Some("https://auth.example.se/token".into()),
        issuer: Some("https://auth.example.se".into()),
        credentials_url: Some("https://api.example.se/keys".into()),
        limits: vec![limit("per-minute", 100)],
        docs_url: None,
        sunset_at: None,
        successor: None,
        mock_answers: false,
        problems: problems().into(),
    }
}

pub(crate) fn problems() -> Vec<ProblemFacts> {
    let problem = |code: &str, status, blame, en: &str, sv: &str| ProblemFacts {
        code: code.into(),
        title: code.replace('-', " "),
        status,
        blame,
        what_to_do_en: en.into(),
        what_to_do_sv: sv.into(),
    };
    vec![
        problem(
            "credential-missing",
            401,
            Blame::Caller,
            "Send a key.",
            "Skicka en nyckel.",
        ),
        problem("limit-reached", 429, Blame::Caller, "Wait.", "Vänta."),
        problem("upstream-timeout", 504, Blame::Agency, "Try again.", "Försök igen."),
    ]
}
