//! Asking the party register what a producer knows a person by. The answer is used for one call and not kept.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::Method;
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use service_host::{Fetched, Limits, Outgoing, OutgoingError, PartyId};

use crate::ask::Failed;
use crate::config::Producer;

/// A client of the party register.
#[derive(Clone)]
pub(crate) struct Register {
    outgoing: Outgoing,
    base_url: String,
    /// What the register asks to be shown.
    key: Option<String>,
    /// Set once the register has said that it does not list engagements.
    lists_none: Arc<AtomicBool>,
}

impl fmt::Debug for Register {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Register(..)")
    }
}

/// Which organisations have to do with a party, and what each knows the party by.
pub(crate) type Engagements = HashMap<String, String>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identified {
    party_id: String,
}

#[derive(Deserialize)]
struct Listed {
    engagements: Vec<Engagement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Engagement {
    organisation_id: String,
    identifier: String,
}

#[derive(Deserialize)]
struct Known {
    identifier: String,
}

impl Register {
    pub(crate) fn new(outgoing: Outgoing, base_url: &str, key: Option<String>) -> Self {
        Self {
            key,
            outgoing,
            base_url: base_url.trim_end_matches('/').to_owned(),
            lists_none: Arc::default(),
        }
    }

    /// Everyone who has to do with the party, in one call; none when the register cannot say.
    pub(crate) async fn engagements(&self, party: &str, time: Duration) -> Option<Engagements> {
        if self.lists_none.load(Ordering::Relaxed) {
            return None;
        }
        let fetched = self
            .post("/parties/engagements", &json!({ "partyId": party }), time)
            .await
            .ok()?;
        match fetched.status {
            StatusCode::OK => {
                let listed: Listed = serde_json::from_slice(&fetched.body).ok()?;
                let each = listed.engagements.into_iter().filter(|one| !one.identifier.is_empty());
                Some(each.map(|one| (one.organisation_id, one.identifier)).collect())
            }
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                self.lists_none.store(true, Ordering::Relaxed);
                None
            }
            _ => None,
        }
    }

    /// Whom an organisation knows by this; none when the register does not know.
    ///
    /// # Errors
    /// A register that does not answer, or not as it should.
    pub(crate) async fn identify(
        &self,
        organisation: &str,
        identifier: &str,
        time: Duration,
    ) -> Result<Option<PartyId>, Failed> {
        let body = json!({ "organisationId": organisation, "identifier": identifier });
        let fetched = self.post("/parties/identifications", &body, time).await?;
        match fetched.status {
            StatusCode::OK => serde_json::from_slice::<Identified>(&fetched.body)
                .ok()
                .and_then(|known| PartyId::parse(&known.party_id))
                .map(Some)
                .ok_or(Failed::register()),
            StatusCode::NOT_FOUND | StatusCode::UNPROCESSABLE_ENTITY => Ok(None),
            _ => Err(Failed::register()),
        }
    }

    async fn post(&self, path: &str, body: &Value, time: Duration) -> Result<Fetched, OutgoingError> {
        let url = format!("{}{path}", self.base_url);
        let limits = Limits {
            time,
            body_bytes: 256 * 1024,
        };
        let mut request = self.outgoing.request(Method::POST, &url).json(body);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        self.outgoing.fetch(path, request, limits).await
    }

    /// What the producer knows the party by; none when it has nothing to do with them.
    ///
    /// # Errors
    /// A register that does not answer, or not as it should.
    pub(crate) async fn look_up(
        &self,
        party: &str,
        producer: &Producer,
        time: Duration,
    ) -> Result<Option<String>, Failed> {
        let body = json!({ "partyId": party, "organisationId": producer.organisation_id });
        let fetched = self.post("/parties/lookups", &body, time).await?;
        match fetched.status {
            StatusCode::OK => match serde_json::from_slice::<Known>(&fetched.body) {
                Ok(Known { identifier }) if !identifier.is_empty() => Ok(Some(identifier)),
                _ => Err(Failed::register()),
            },
            // A party id that the register cannot even read belongs to nobody it knows.
            StatusCode::NOT_FOUND | StatusCode::UNPROCESSABLE_ENTITY => Ok(None),
            _ => Err(Failed::register()),
        }
    }
}
