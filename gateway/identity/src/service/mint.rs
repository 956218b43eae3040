//! How an access token is made (RFC 9068). The only place where one is.

use super::party::{self, Part};
use super::{Service, access::Allowed, error::OAuthError};
use crate::token::Confirmation;
use serde_json::{Map, Value, json};

/// What a token is to say.
#[derive(Debug, Clone)]
pub struct Grant<'a> {
    /// The client.
    pub client: &'a str,
    /// The person it speaks for, as the client's organisation knows them; `None`: the client speaks for itself.
    pub person: Option<&'a str>,
    /// The person, as the organisation of the API knows them; goes along encrypted.
    pub known_as: Option<&'a str>,
    /// Who acts for the person (RFC 8693 section 4.1): a guardian or representative.
    pub representative: Option<&'a ActingPerson>,
    /// Whether the client got it in exchange for another token, and so acts too.
    pub exchanged: bool,
    /// What it is for.
    pub allowed: &'a Allowed,
    /// What it is bound to.
    pub confirmation: Option<Confirmation>,
    /// What the client proved itself with.
    pub credential: &'a str,
    /// Level of assurance of the person's login.
    pub assurance: Option<&'a str>,
    /// When the person logged in, Unix seconds.
    pub logged_in_at: Option<i64>,
    /// It ends no later than this, Unix seconds.
    pub not_after: Option<i64>,
}

/// A person who acts for the one that a token is about.
#[derive(Clone)]
pub struct ActingPerson {
    /// By what the client's organisation knows them.
    pub party_id: String,
    /// What lets them act.
    pub relation: String,
    /// By what the organisation of the API knows them; goes along encrypted.
    pub known_as: String,
}

impl std::fmt::Debug for ActingPerson {
    /// Who a person is does not belong in a log.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ActingPerson(..)")
    }
}

/// A new token.
#[derive(Debug, Clone)]
pub struct Minted {
    /// The token.
    pub token: String,
    /// Its id.
    pub id: String,
    /// `DPoP` or `Bearer`.
    pub kind: &'static str,
    /// Seconds it is valid for.
    pub expires_in: i64,
}

impl Service {
    /// Makes a token. Whether it may be made has been decided: see [`super::decide`].
    ///
    /// # Errors
    /// No signing key, or no time left.
    pub fn mint(&self, grant: &Grant<'_>) -> Result<Minted, OAuthError> {
        let now = super::now();
        let settings = &self.inner.settings;
        let lifetime = settings.lifetime.clamp(1, 300);
        let expires_at = (now + lifetime).min(grant.not_after.unwrap_or(i64::MAX));
        if expires_at <= now {
            return Err(OAuthError::invalid_grant("What the token would rest on has ended."));
        }
        let id = uuid::Uuid::now_v7().to_string();
        let mut claims = Map::new();
        let mut set = |name: &str, value: Value| {
            claims.insert(name.to_owned(), value);
        };
        set("iss", json!(settings.issuer));
        set("sub", json!(grant.person.unwrap_or(grant.client)));
        set("aud", json!(&*grant.allowed.audience));
        set("client_id", json!(grant.client));
        set("scope", json!(grant.allowed.scopes.join(" ")));
        set("iat", json!(now));
        set("nbf", json!(now));
        set("exp", json!(expires_at));
        set("jti", json!(id));
        set("organisation", json!(&*grant.allowed.organisation));
        if let Some(consumer) = &grant.allowed.consumer {
            set("consumer", json!(&**consumer));
        }
        if let Some(supplier) = &grant.allowed.supplier {
            set("supplier", json!(&**supplier));
        }
        set("agreement_id", json!(&*grant.allowed.agreement));
        set("credential", json!(grant.credential));
        if let Some(known_as) = grant.known_as {
            set("party", json!(self.sealed(Part::Subject, &id, known_as)?));
        }
        if let Some(actor) = self.act(grant, &id)? {
            set("act", actor);
        }
        if let Some(assurance) = grant.assurance {
            set("acr", json!(assurance));
        }
        if let Some(at) = grant.logged_in_at {
            set("auth_time", json!(at));
        }
        match &grant.confirmation {
            Some(Confirmation::Key(thumbprint)) => set("cnf", json!({ "jkt": &**thumbprint })),
            Some(Confirmation::Certificate(thumbprint)) => set("cnf", json!({ "x5t#S256": &**thumbprint })),
            None => {}
        }
        let signer = self.inner.keys.signer(settings.algorithm, now);
        let token = signer.and_then(|key| key.sign("at+jwt", &Value::Object(claims)));
        Ok(Minted {
            token: token.ok_or_else(|| OAuthError::unavailable("There is no signing key just now. Try again."))?,
            id,
            kind: match grant.confirmation {
                Some(Confirmation::Key(_)) => "DPoP",
                _ => "Bearer",
            },
            expires_in: expires_at - now,
        })
    }

    /// `act`: the nearest first.
    fn act(&self, grant: &Grant<'_>, token_id: &str) -> Result<Option<Value>, OAuthError> {
        let person = match grant.representative {
            Some(one) => {
                let sealed = self.sealed(Part::Actor, token_id, &one.known_as)?;
                Some(json!({ "sub": one.party_id, "relation": one.relation, "party": sealed }))
            }
            None => None,
        };
        Ok(match (grant.exchanged, person) {
            (false, person) => person,
            (true, None) => Some(json!({ "sub": grant.client })),
            (true, Some(person)) => Some(json!({ "sub": grant.client, "act": person })),
        })
    }

    fn sealed(&self, part: Part, token_id: &str, known_as: &str) -> Result<String, OAuthError> {
        let sealed = party::seal(&self.inner.settings.key_encryption, part, token_id, known_as);
        sealed.map_err(|_| OAuthError::unavailable("No random bytes could be had. Try again."))
    }
}
