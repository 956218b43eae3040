//! Asking the party register what a producer knows a person by. The answer is used for one call and not kept.

use std::time::Duration;

use reqwest::Method;
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::json;
use service_host::{Limits, Outgoing};

use crate::ask::Failed;
use crate::config::Producer;

/// A client of the party register.
#[derive(Clone, Debug)]
pub(crate) struct Register {
    outgoing: Outgoing,
    url: String,
}

#[derive(Deserialize)]
struct Known {
    identifier: String,
}

impl Register {
    pub(crate) fn new(outgoing: Outgoing, base_url: &str) -> Self {
        Self {
            outgoing,
            url: format!("{}/parties/lookups", base_url.trim_end_matches('/')),
        }
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
        let request = self.outgoing.request(Method::POST, &self.url).json(&body);
        let limits = Limits {
            time,
            body_bytes: 64 * 1024,
        };
        let fetched = self.outgoing.fetch("/parties/lookups", request, limits).await?;
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
