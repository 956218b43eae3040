//! Whether a person still lets an application be told: asked of the gateway before anything leaves, so that a withdrawal
//! needs no word to arrive here.

use std::fmt;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;
use service_host::{Limits, Outgoing};

use crate::store::Subscription;

/// What a consent must let be done.
pub(crate) const SCOPE: &str = "cases.events.subscribe";

/// How long the gateway may take to say.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// Where consents are asked about.
#[derive(Clone)]
pub struct ConsentsConfig {
    /// `/consents/checks` of the gateway's party register.
    pub url: String,
    /// What the register asks to be shown.
    pub key: String,
    /// Whose services these are: people are known here by its ids.
    pub organisation: String,
    /// Whether people whom the gateway does not know may be told about: only where tokens also come from an issuer that
    /// asks for consent by itself, such as the sandbox's.
    pub allow_unknown: bool,
}

impl fmt::Debug for ConsentsConfig {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsentsConfig")
            .field("url", &self.url)
            .field("organisation", &self.organisation)
            .finish_non_exhaustive()
    }
}

/// What is known of a consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It holds.
    InForce,
    /// It was withdrawn or has ended.
    Ended,
    /// Nobody could say; what is to be sent waits.
    Unclear,
}

/// Asks about consents.
#[derive(Clone, Debug)]
pub(crate) struct Consents {
    outgoing: Outgoing,
    config: Option<ConsentsConfig>,
}

/// Whose consent for whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Between<'a> {
    pub(crate) party: &'a str,
    pub(crate) application: &'a str,
}

impl<'a> Between<'a> {
    pub(crate) fn of(subscription: &'a Subscription) -> Self {
        Self {
            party: &subscription.party,
            application: &subscription.application,
        }
    }
}

#[derive(Deserialize)]
struct Checked {
    status: Said,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Said {
    InForce,
    Ended,
    Unknown,
}

impl Consents {
    pub(crate) fn new(outgoing: Outgoing, config: Option<ConsentsConfig>) -> Self {
        Self { outgoing, config }
    }

    /// How the consent stands now. Without anyone to ask, the token that the subscription was made with was enough.
    pub(crate) async fn check(&self, between: Between<'_>) -> Standing {
        let Some(config) = &self.config else {
            return Standing::InForce;
        };
        let limits = Limits {
            time: PATIENCE,
            body_bytes: 4096,
        };
        let request = self
            .outgoing
            .request(Method::POST, &config.url)
            .bearer_auth(&config.key);
        let request = request.json(&json!({
            "partyId": between.party, "applicationId": between.application, "organisationId": config.organisation,
            "scope": SCOPE,
        }));
        let fetched = match self.outgoing.fetch("/consents/checks", request, limits).await {
            Ok(fetched) if fetched.status == StatusCode::OK => fetched,
            Ok(fetched) => {
                tracing::warn!(status = fetched.status.as_u16(), "consents cannot be asked about");
                return Standing::Unclear;
            }
            Err(error) => {
                tracing::warn!(%error, "consents cannot be asked about");
                return Standing::Unclear;
            }
        };
        match serde_json::from_slice(&fetched.body) {
            Ok(Checked { status: Said::InForce }) => Standing::InForce,
            Ok(Checked { status: Said::Unknown }) if config.allow_unknown => Standing::InForce,
            Ok(Checked {
                status: Said::Ended | Said::Unknown,
            }) => Standing::Ended,
            Err(_) => Standing::Unclear,
        }
    }
}
