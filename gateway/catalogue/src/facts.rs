//! What the gateway knows about an API and about its own problems: the input of everything that is published.

use snapshot::{Authentication, LifecycleState, LimitPolicy};
use std::sync::Arc;

/// One API version, as the registry knows it.
#[derive(Debug, Clone)]
pub struct ApiFacts {
    /// URL name, `case-status`.
    pub name: String,
    /// Title for people.
    pub title: String,
    /// Full semantic version, `1.2.0`.
    pub version: String,
    /// `/<name>/v<major>`, no slash at the end.
    pub base_path: String,
    /// Where callers reach the gateway, `https://api.example.se`; no slash at the end.
    pub public_base_url: String,
    /// Name of the organisation that answers for the API.
    pub organisation: String,
    /// Where in its life it is (REST profile VER.10).
    pub state: LifecycleState,
    /// Date of this version's publication, `YYYY-MM-DD`.
    pub released: String,
    /// Which credential a call needs.
    pub authentication: Authentication,
    /// Where an application fetches access tokens (OAuth 2.0 client credentials); `None`: unknown, tokens come from elsewhere.
    pub token_url: Option<String>,
    /// Issuer of the tokens, shown to people.
    pub issuer: Option<String>,
    /// A page that says how to get a credential.
    pub credentials_url: Option<String>,
    /// Limits that apply to every call.
    pub limits: Vec<Arc<LimitPolicy>>,
    /// Documentation; `None`: the gateway's own page, `<base>/docs`.
    pub docs_url: Option<String>,
    /// When calls stop being answered, Unix seconds.
    pub sunset_at: Option<i64>,
    /// URL of the successor.
    pub successor: Option<String>,
    /// Whether callers may ask for the examples of the document.
    pub mock_answers: bool,
    /// The gateway's problems, named in the pages and in the examples of the published document.
    pub problems: Arc<[ProblemFacts]>,
}

impl ApiFacts {
    /// The API's root as callers see it: the one server of the published document.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("{}{}", self.public_base_url.trim_end_matches('/'), self.base_path)
    }

    /// Where the documentation is.
    #[must_use]
    pub fn docs_url(&self) -> String {
        self.docs_url
            .clone()
            .unwrap_or_else(|| format!("{}/docs", self.base_url()))
    }
}

/// Who has to act on a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// Whoever sent the call.
    Caller,
    /// The agency behind the API.
    Agency,
    /// The gateway.
    Gateway,
}

/// One problem the gateway answers with (RFC 9457): its page and its row in the documentation.
#[derive(Debug, Clone)]
pub struct ProblemFacts {
    /// Last part of the problem's `type`: `<base>/problems/<code>`.
    pub code: String,
    /// The problem's `title`.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// Who has to act.
    pub blame: Blame,
    /// What the caller can do, in English.
    pub what_to_do_en: String,
    /// What the caller can do, in Swedish.
    pub what_to_do_sv: String,
}

/// The language of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Swedish: what is served without being asked for.
    Swedish,
    /// English.
    English,
}

impl Language {
    /// The BCP 47 tag.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Swedish => "sv",
            Self::English => "en",
        }
    }
}

/// The profile's own spelling of a state (VER.10).
pub(crate) fn state_name(state: LifecycleState) -> &'static str {
    match state {
        LifecycleState::Alpha => "alpha",
        LifecycleState::Beta => "beta",
        LifecycleState::Active => "active",
        LifecycleState::Deprecated => "deprecated",
        LifecycleState::Retired => "retired",
        LifecycleState::Decommissioned => "decommissioned",
    }
}
