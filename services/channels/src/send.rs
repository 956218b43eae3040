//! Sending to somebody else's address: never to a network that the policy forbids, never further than it was told.

use std::time::Duration;

use reqwest::{Client, Url};
use service_host::Strangers;

use crate::clock::Clock;
use crate::seal::SecretKeys;
use crate::sign::{Secret, signatures};

/// How much of an answer is read, in bytes.
const MOST_BYTES: usize = 4096;

/// What a receiver answered.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// Why there was no answer; words for the subscription's owner.
pub(crate) type Unsent = &'static str;

/// Sends webhooks.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    client: Client,
    strangers: Strangers,
    keys: SecretKeys,
    clock: Clock,
}

impl Sender {
    /// A sender that waits for each answer at most for `patience`.
    ///
    /// # Errors
    /// When the platform's TLS cannot be set up.
    pub(crate) fn new(
        allow_private_network: bool,
        keys: SecretKeys,
        clock: Clock,
        patience: Duration,
    ) -> anyhow::Result<Self> {
        let strangers = Strangers { allow_private_network };
        let client = strangers
            .guard(Client::builder())
            .connect_timeout(patience.min(Duration::from_secs(5)))
            .timeout(patience)
            .user_agent(concat!("vagvisare-channels/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self {
            client,
            strangers,
            keys,
            clock,
        })
    }

    /// Whether an address may be one to send to, as far as the address itself says; names are judged at each connect.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn check(&self, url: &str) -> Result<Url, &'static str> {
        self.strangers.check(url)
    }

    /// Sends one webhook, signed now, and reads the beginning of the answer.
    ///
    /// # Errors
    /// No answer; see [`Unsent`].
    pub(crate) async fn send(&self, url: &str, secrets: &[Secret], id: &str, body: &str) -> Result<Answered, Unsent> {
        let url = self.check(url)?;
        let timestamp = self.clock.now().as_second();
        let signature = signatures(&self.keys, secrets, id, timestamp, body).map_err(|error| {
            tracing::error!(%error, "a webhook cannot be signed");
            "it could not be signed; the fault is ours"
        })?;
        let request = self
            .client
            .post(url)
            .header("content-type", "application/cloudevents+json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp.to_string())
            .header("webhook-signature", signature)
            .body(body.to_owned());
        let mut response = request.send().await.map_err(|error| why(&error))?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while body.len() < MOST_BYTES
            && let Ok(Some(chunk)) = response.chunk().await
        {
            body.extend_from_slice(&chunk);
        }
        body.truncate(MOST_BYTES);
        Ok(Answered { status, body })
    }
}

fn why(error: &reqwest::Error) -> Unsent {
    match error {
        error if Strangers::forbade(error) => "the address does not lead to the public internet",
        error if error.is_timeout() => "no answer in time",
        error if error.is_connect() => "no connection",
        _ => "the connection broke",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_public_internet_over_tls_is_allowed_by_address_and_by_name() {
        let keys = SecretKeys::from_bytes([7; 32]);
        let sender = Sender::new(false, keys.clone(), Clock::system(), Duration::from_secs(5)).unwrap();
        assert!(sender.check("https://10.1.2.3/").is_err());
        let (secret, _) = Secret::make(&keys, jiff::Timestamp::UNIX_EPOCH).unwrap();
        let unsent = sender
            .send("https://localhost/", &[secret], "1", "{}")
            .await
            .unwrap_err();
        assert_eq!(unsent, "the address does not lead to the public internet");
    }
}
