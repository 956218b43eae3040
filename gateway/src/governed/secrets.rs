//! Keys and secrets for the registry, hashed with the node's pepper.

use identity::api_key::{self, Pepper};
use registry::api::{NewSecret, Secrets};
use std::fmt::Write;

/// Environment in the text of a client secret, which tells it from a key.
const CLIENT_SECRET: &str = "client";

/// Makes them with the node's pepper.
#[derive(Clone)]
pub struct PepperSecrets(Pepper);

impl PepperSecrets {
    /// With this pepper, which is the same on every node.
    pub fn new(pepper: Pepper) -> Self {
        Self(pepper)
    }
}

impl std::fmt::Debug for PepperSecrets {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PepperSecrets")
    }
}

impl Secrets for PepperSecrets {
    fn api_key(&self, environment: &str) -> Result<NewSecret, String> {
        let key = api_key::generate(environment, &self.0).map_err(|error| error.to_string())?;
        Ok(NewSecret {
            id: key.id,
            text: key.text.expose().to_owned(),
            hash: key.hash.iter().fold(String::new(), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            }),
        })
    }

    fn client_secret(&self) -> Result<NewSecret, String> {
        self.api_key(CLIENT_SECRET)
    }
}
