//! Sending to somebody else's address: never to a network that the policy forbids, never further than it was told.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Url};

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
    allow_private_network: bool,
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
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(patience.min(Duration::from_secs(5)))
            .timeout(patience)
            .user_agent(concat!("vagvisare-channels/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(std::sync::Arc::new(Guarded { allow_private_network }))
            .build()?;
        Ok(Self {
            client,
            allow_private_network,
            keys,
            clock,
        })
    }

    /// Whether an address may be one to send to, as far as the address itself says; names are judged at each connect.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn check(&self, url: &str) -> Result<Url, &'static str> {
        let parsed = Url::parse(url).map_err(|_| "must be an absolute URL")?;
        let secure = parsed.scheme() == "https" || (self.allow_private_network && parsed.scheme() == "http");
        if !secure {
            return Err("must begin with https://");
        }
        if !parsed.username().is_empty() || parsed.password().is_some() || parsed.fragment().is_some() {
            return Err("must have neither a user, a password nor a fragment");
        }
        // A literal address is never looked up, so the resolver does not see it.
        let literal = match parsed.host_str() {
            None => return Err("must have a host"),
            Some(host) => host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().ok(),
        };
        if literal.is_some_and(|address| !self.allow_private_network && !network_policy::is_public(address)) {
            return Err("must lead to the public internet");
        }
        Ok(parsed)
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
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(one) = cause {
        if one.is::<Forbidden>() {
            return "the address does not lead to the public internet";
        }
        cause = one.source();
    }
    match error {
        error if error.is_timeout() => "no answer in time",
        error if error.is_connect() => "no connection",
        _ => "the connection broke",
    }
}

/// Looks names up, and lets only such addresses through as may be connected to.
struct Guarded {
    allow_private_network: bool,
}

#[derive(Debug)]
struct Forbidden;

impl std::fmt::Display for Forbidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the name leads to an address that the network policy forbids")
    }
}

impl std::error::Error for Forbidden {}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let allow = self.allow_private_network;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let allowed: Vec<_> = found
                .into_iter()
                .filter(|address| allow || network_policy::is_public(address.ip()))
                .collect();
            if allowed.is_empty() {
                return Err(Forbidden.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_public_internet_over_tls_is_allowed_by_address_and_by_name() {
        let keys = SecretKeys::from_bytes([7; 32]);
        let sender = Sender::new(false, keys.clone(), Clock::system(), Duration::from_secs(5)).unwrap();
        for url in [
            "http://example.com/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://10.1.2.3/",
            "https://169.254.169.254/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://[::ffff:127.0.0.1]/",
            "https://user@example.com/",
            "ftp://example.com/",
            "example.com",
            "https://example.com/#a",
        ] {
            assert!(sender.check(url).is_err(), "{url}");
        }
        assert!(sender.check("https://example.com/hook?a=b").is_ok());
        let (secret, _) = Secret::make(&keys, jiff::Timestamp::UNIX_EPOCH).unwrap();
        let unsent = sender
            .send("https://localhost/", &[secret], "1", "{}")
            .await
            .unwrap_err();
        assert_eq!(unsent, "the address does not lead to the public internet");
        assert!(
            Sender::new(true, keys, Clock::system(), Duration::from_secs(5))
                .unwrap()
                .check("http://127.0.0.1:1/")
                .is_ok()
        );
    }
}
