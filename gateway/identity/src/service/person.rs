//! Tokens that speak for a person: `grant_type=authorization_code` (RFC 6749 section 4.1.3, RFC 7636).

use super::access::Allowed;
use super::client::Client;
use super::error::OAuthError;
use super::form::Form;
use super::mint::{Grant, Minted};
use super::{Service, access, store};
use crate::people::web::Revoke;
use crate::people::{People, PeopleError, PersonGrant};
use crate::revocation::Kind;
use axum::http::HeaderMap;
use std::pin::Pin;

/// The grant type.
pub(super) const GRANT_TYPE: &str = "authorization_code";

impl Service {
    /// From now on codes that people have granted are given for tokens.
    pub fn serve_people(&self, people: People) {
        // A service has its people once.
        let _ = self.inner.people.set(people);
    }

    /// Whether codes are given for tokens.
    pub(super) fn serves_people(&self) -> bool {
        self.inner.people.get().is_some()
    }

    /// A token for a code. The token is noted with its consent before it is given out: a withdrawal finds it.
    pub(super) async fn by_code(
        &self,
        headers: &HeaderMap,
        form: &Form,
        client: &Client,
    ) -> Result<(Minted, String), OAuthError> {
        let Some(people) = self.inner.people.get() else {
            return Err(OAuthError::unsupported_grant_type("Nobody logs in here."));
        };
        let (code, redirect_uri) = (form.required("code")?, form.required("redirect_uri")?);
        let verifier = form.required("code_verifier")?;
        let redeemed = people.redeem(code, &client.id, redirect_uri, verifier).await;
        let grant = redeemed.map_err(|error| unavailable(&error))?.ok_or_else(|| {
            OAuthError::invalid_grant(
                "The code is unknown, used or older than a minute, was given to another client or address, or does not fit the code_verifier.",
            )
        })?;
        if form.get("resource").is_some_and(|named| named != grant.resource) {
            return Err(OAuthError::invalid_target("The person consented to another resource."));
        }
        self.for_person(headers, client, people, &grant).await
    }

    async fn for_person(
        &self,
        headers: &HeaderMap,
        client: &Client,
        people: &People,
        grant: &PersonGrant,
    ) -> Result<(Minted, String), OAuthError> {
        let scope = grant.scopes.join(" ");
        // The agreement may have ended since the person said yes.
        let allowed = access::decide(
            &client.snapshot,
            client.application,
            Some(&grant.resource),
            Some(&scope),
            super::now(),
        )?;
        let confirmation = self.binding(headers, client, allowed.api).await?;
        let known_as = self.known_as(people, &grant.party_id, client, &allowed).await?;
        let minted = self.mint(&Grant {
            client: &client.id,
            person: Some(&grant.party_id),
            known_as: Some(&known_as),
            actor: None,
            allowed: &allowed,
            confirmation,
            credential: &client.credential,
            assurance: Some(&grant.assurance),
            logged_in_at: Some(grant.logged_in_at),
            not_after: None,
        })?;
        self.note(people, &grant.consent, &minted).await?;
        Ok((minted, scope))
    }

    /// By what the organisation of the API knows the person whom the client's organisation knows by `party_id`.
    pub(super) async fn known_as(
        &self,
        people: &People,
        party_id: &str,
        client: &Client,
        allowed: &Allowed,
    ) -> Result<String, OAuthError> {
        let snapshot = &client.snapshot;
        let producer = &snapshot.organisation(snapshot.api(allowed.api).organisation).id;
        let known = people.known_to(party_id, &allowed.organisation, producer).await;
        known
            .map_err(|error| unavailable(&error))?
            .ok_or_else(|| OAuthError::invalid_grant("The organisation of this client knows no such person."))
    }

    /// Notes a token with its consent, before it is given out: a withdrawal finds it.
    pub(super) async fn note(&self, people: &People, consent: &str, minted: &Minted) -> Result<(), OAuthError> {
        let ends_at = (super::now() + minted.expires_in).saturating_mul(1_000_000);
        match people.note_token(consent, &minted.id, ends_at).await {
            Ok(()) => Ok(()),
            Err(PeopleError::NoConsent) => Err(OAuthError::invalid_grant("The person has withdrawn the consent.")),
            Err(error) => Err(unavailable(&error)),
        }
    }

    /// Those who have people here.
    pub(super) fn people(&self) -> Option<&People> {
        self.inner.people.get()
    }
}

pub(super) fn unavailable(error: &(dyn std::error::Error + 'static)) -> OAuthError {
    tracing::error!(error, "the people of the token service");
    OAuthError::unavailable("The token service cannot answer just now. Try again.")
}

impl Revoke for Service {
    fn revoke<'a>(&'a self, token_id: &'a str) -> Pin<Box<dyn Future<Output = Result<(), PeopleError>> + Send + 'a>> {
        Box::pin(async move {
            store::revoke(&self.inner.database, Kind::Token, token_id, super::now()).await?;
            store::read_revocations(&self.inner.database, &self.inner.revocations).await?;
            Ok(())
        })
    }
}
