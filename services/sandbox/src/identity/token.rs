//! Access tokens in the form of RFC 9068, valid for five minutes (SAK.12).

use jiff::Timestamp;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, Header, encode};
use serde::Serialize;
use uuid::Uuid;

use crate::identity::key::SigningKey;

/// How long a token is valid, in seconds.
pub(crate) const LIFETIME_SECONDS: i64 = 300;

/// Who issues tokens.
pub(crate) struct Issuer {
    url: String,
    key: SigningKey,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: Uuid,
    aud: &'a str,
    client_id: &'a str,
    scope: &'a str,
    acr: &'a str,
    iat: i64,
    nbf: i64,
    exp: i64,
    auth_time: i64,
    jti: Uuid,
}

impl Issuer {
    /// An issuer with this `iss` and a key of its own.
    pub(crate) fn new(url: String) -> anyhow::Result<Self> {
        Ok(Self {
            url,
            key: SigningKey::generate()?,
        })
    }

    /// The public keys.
    pub(crate) fn keys(&self) -> &JwkSet {
        &self.key.public
    }

    /// A token for `party` to use through `client` at `audience`. Tokens are real: the clock is too.
    pub(crate) fn issue(&self, party: Uuid, client: &str, audience: &str, scope: &str) -> anyhow::Result<String> {
        let now = Timestamp::now().as_second();
        let claims = Claims {
            iss: &self.url,
            sub: party,
            aud: audience,
            client_id: client,
            scope,
            // Says what it is worth: nobody proved anything.
            acr: "urn:vagvisare:sandbox:unproven",
            iat: now,
            nbf: now,
            exp: now + LIFETIME_SECONDS,
            auth_time: now,
            jti: Uuid::now_v7(),
        };
        self.sign("at+jwt", &claims)
    }

    /// Signs claims with the issuer's key.
    pub(crate) fn sign(&self, kind: &str, claims: &impl Serialize) -> anyhow::Result<String> {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(kind.to_owned());
        header.kid = Some(self.key.id.clone());
        Ok(encode(&header, claims, &self.key.private)?)
    }
}
