//! Token exchange (RFC 8693): a client that holds a person's token gets one for another API, on behalf of the same person.
//!
//! The token that is exchanged must be the client's own: issued here, to it, and valid. What comes out ends when that one
//! does, and says who acts.

use super::Service;
use super::access::Allowed;
use super::client::Client;
use super::error::OAuthError;
use super::form::Form;
use super::mint::ActingPerson;
use super::person::{unavailable, withdrawn};
use crate::token::{Claims, Confirmation};
use std::sync::Arc;

/// `grant_type`.
pub(super) const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// `subject_token_type` and `issued_token_type`.
pub(super) const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// The person on whose behalf it is.
pub(super) struct Subject {
    pub(super) person: Arc<str>,
    pub(super) ends: i64,
    /// Who acts for them.
    pub(super) representative: Option<ActingPerson>,
    /// By what the organisation of the API knows them, and the consent it rests on; of the people of this service.
    pub(super) known_as: Option<String>,
    pub(super) consent: Option<(String, String)>,
}

impl Service {
    pub(super) async fn subject(&self, form: &Form, client: &Client, allowed: &Allowed) -> Result<Subject, OAuthError> {
        if form.required("subject_token_type")? != ACCESS_TOKEN {
            return Err(OAuthError::invalid_request(format!(
                "subject_token_type must be {ACCESS_TOKEN}."
            )));
        }
        if form.get("actor_token").is_some() {
            return Err(OAuthError::invalid_request(
                "The actor is the client itself: leave actor_token out.",
            ));
        }
        let wanted = form.get("requested_token_type");
        if wanted.is_some_and(|kind| kind != ACCESS_TOKEN) {
            return Err(OAuthError::invalid_request(format!(
                "requested_token_type can be {ACCESS_TOKEN} only."
            )));
        }
        let claims = self.own_token(form.required("subject_token")?).ok_or_else(|| {
            OAuthError::invalid_grant("The subject_token is not a token of this issuer that is valid now.")
        })?;
        if claims.client_id != client.id {
            return Err(OAuthError::invalid_grant(
                "The subject_token was issued to another client.",
            ));
        }
        if !claims.person {
            return Err(OAuthError::invalid_grant("The subject_token speaks for no person."));
        }
        // A bound token was bound so that nobody else can use it; exchanging it must not be a way around.
        if matches!(claims.confirmation, Some(Confirmation::Key(_))) && form.get("resource").is_none() {
            return Err(OAuthError::invalid_target("Say which API the token is for."));
        }
        // Only what the person's token grants can be granted on.
        if !allowed.scopes.iter().all(|scope| claims.has_scope(scope)) {
            return Err(OAuthError::invalid_scope(
                "The subject_token does not grant each of these scopes.",
            ));
        }
        let (consent, known_as) = self.consented(&claims, client, allowed).await?;
        let representative = match (self.people(), &claims.representative) {
            (Some(people), Some(one)) => {
                let acting = self.acting(people, &one.party_id, &one.relation, client, allowed);
                Some(acting.await?)
            }
            _ => None,
        };
        Ok(Subject {
            consent,
            known_as,
            person: Arc::clone(&claims.subject),
            ends: claims.expires_at,
            representative,
        })
    }

    /// The consent that a person's token rests on, if it is in force and lets this API be read; and by what its
    /// organisation knows the person.
    async fn consented(
        &self,
        claims: &Claims,
        client: &Client,
        allowed: &Allowed,
    ) -> Result<(Option<(String, String)>, Option<String>), OAuthError> {
        let (Some(people), Some(token_id)) = (self.people(), claims.token_id.as_deref()) else {
            return Ok((None, None));
        };
        let consent = people.consent_of_token(token_id).await;
        let Some((consent, family)) = consent.map_err(|error| unavailable(&error))? else {
            return Err(withdrawn());
        };
        let covers = |scope: &String| {
            let mut items = consent.items.iter();
            items.any(|item| *item.api == *allowed.audience && item.scope == *scope)
        };
        if !allowed.scopes.iter().all(covers) {
            return Err(OAuthError::invalid_target(
                "The person has not consented to this API, or not to all of it.",
            ));
        }
        let known_as = self.known_as(people, &claims.subject, client, allowed).await?;
        Ok((Some((consent.id, family)), Some(known_as)))
    }
}
