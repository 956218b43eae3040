//! Tokens that speak for a person: `grant_type=authorization_code` (RFC 6749 section 4.1.3, RFC 7636).

use super::access::Allowed;
use super::client::Client;
use super::error::OAuthError;
use super::form::Form;
use super::mint::{ActingPerson, Grant, Minted};
use super::token::Issued;
use super::{Service, access, store};
use crate::people::web::Revoke;
use crate::people::{People, PeopleError, PersonGrant};
use crate::revocation::Kind;
use crate::token::Confirmation;
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

    /// A token for a code, and a refresh token. The code is used up when it does not fit, and else last: a client that is
    /// asked for another proof may come again.
    pub(super) async fn by_code(
        &self,
        headers: &HeaderMap,
        form: &Form,
        client: &Client,
    ) -> Result<Issued, OAuthError> {
        let unknown = || {
            OAuthError::invalid_grant(
                "The code is unknown, used or older than a minute, was given to another client or address, or does not fit the code_verifier.",
            )
        };
        let people = self.people().ok_or_else(nobody)?;
        let (code, redirect_uri) = (form.required("code")?, form.required("redirect_uri")?);
        let verifier = form.required("code_verifier")?;
        let family = uuid::Uuid::now_v7().to_string();
        let found = people.look_at_code(code).await.map_err(|error| unavailable(&error))?;
        let Some(grant) = found else {
            self.end_what_came_of(people, code).await?;
            return Err(unknown());
        };
        if !grant.fits(&client.id, redirect_uri, verifier) {
            people
                .use_code(code, &family)
                .await
                .map_err(|error| unavailable(&error))?;
            return Err(unknown());
        }
        if form.get("resource").is_some_and(|named| named != grant.resource) {
            return Err(OAuthError::invalid_target("The person consented to another resource."));
        }
        let ready = self.prepare(headers, client, people, &grant, &grant.scopes).await?;
        if !people
            .use_code(code, &family)
            .await
            .map_err(|error| unavailable(&error))?
        {
            return Err(unknown());
        }
        self.give(client, people, &grant, &family, ready).await
    }

    /// A code that is shown again may have been stolen: what came of it ends.
    async fn end_what_came_of(&self, people: &People, code: &str) -> Result<(), OAuthError> {
        let family = people.family_of_used(code).await.map_err(|error| unavailable(&error))?;
        match family {
            Some(family) => self.end_family(people, &family).await,
            None => Ok(()),
        }
    }

    /// Ends everything that came of one code, on every node within a second.
    pub(super) async fn end_family(&self, people: &People, family: &str) -> Result<(), OAuthError> {
        for token in people.end_family(family).await.map_err(|error| unavailable(&error))? {
            Revoke::revoke(self, &token)
                .await
                .map_err(|error| unavailable(&error))?;
        }
        Ok(())
    }

    /// Everything that can refuse a token for what a person has granted; nothing is used up.
    pub(super) async fn prepare(
        &self,
        headers: &HeaderMap,
        client: &Client,
        people: &People,
        grant: &PersonGrant,
        scopes: &[String],
    ) -> Result<Ready, OAuthError> {
        match people.consent_in_force(&grant.consent).await {
            Ok(_) => {}
            Err(PeopleError::NoConsent) => return Err(withdrawn()),
            Err(error) => return Err(unavailable(&error)),
        }
        if grant.actor.is_some() {
            // The child may have come of age, the custody or the post have ended: nothing was told to us.
            match people.may_still_act(&grant.consent).await {
                Ok(true) => {}
                Ok(false) => return Err(ended_relation()),
                Err(PeopleError::NoConsent) => return Err(withdrawn()),
                Err(error) => return Err(unavailable(&error)),
            }
        }
        let scope = scopes.join(" ");
        // The agreement may have ended since the person said yes.
        let allowed = access::decide(
            &client.snapshot,
            client.application,
            Some(&grant.resource),
            Some(&scope),
            super::now(),
        )?;
        let confirmation = self.binding(headers, client, allowed.api).await?;
        if let Some(key) = &grant.key
            && !matches!(&confirmation, Some(Confirmation::Key(shown)) if **shown == **key)
        {
            return Err(OAuthError::invalid_proof(
                "The code is bound to another key than the one that is proved.",
            ));
        }
        let representative = match &grant.actor {
            Some(actor) => Some(
                self.acting(people, &actor.party_id, &actor.relation, client, &allowed)
                    .await?,
            ),
            None => None,
        };
        Ok(Ready {
            representative,
            known_as: self.known_as(people, &grant.party_id, client, &allowed).await?,
            confirmation,
            allowed,
            scope,
        })
    }

    /// Makes the token and the next refresh token. The token is noted with its consent before it is given out.
    pub(super) async fn give(
        &self,
        client: &Client,
        people: &People,
        grant: &PersonGrant,
        family: &str,
        ready: Ready,
    ) -> Result<Issued, OAuthError> {
        let minted = self.mint(&Grant {
            client: &client.id,
            person: Some(&grant.party_id),
            known_as: Some(&ready.known_as),
            representative: ready.representative.as_ref(),
            exchanged: false,
            allowed: &ready.allowed,
            confirmation: ready.confirmation,
            credential: &client.credential,
            assurance: Some(&grant.assurance),
            logged_in_at: Some(grant.logged_in_at),
            not_after: None,
        })?;
        self.note(people, &grant.consent, family, &minted).await?;
        let refresh = people.issue_refresh(family, grant).await;
        Ok(Issued {
            refresh: Some(refresh.map_err(|error| unavailable(&error))?),
            minted,
            scope: ready.scope,
            kind: None,
        })
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

    /// Who acts for a person, with what the organisation of the API knows them by.
    pub(super) async fn acting(
        &self,
        people: &People,
        party_id: &str,
        relation: &str,
        client: &Client,
        allowed: &Allowed,
    ) -> Result<ActingPerson, OAuthError> {
        Ok(ActingPerson {
            party_id: party_id.to_owned(),
            relation: relation.to_owned(),
            known_as: self.known_as(people, party_id, client, allowed).await?,
        })
    }

    /// Notes a token with its consent, before it is given out: a withdrawal finds it.
    pub(super) async fn note(
        &self,
        people: &People,
        consent: &str,
        family: &str,
        minted: &Minted,
    ) -> Result<(), OAuthError> {
        let ends_at = (super::now() + minted.expires_in).saturating_mul(1_000_000);
        match people.note_token(consent, family, &minted.id, ends_at).await {
            Ok(()) => Ok(()),
            Err(PeopleError::NoConsent) => Err(withdrawn()),
            Err(error) => Err(unavailable(&error)),
        }
    }

    /// Those who have people here.
    pub(super) fn people(&self) -> Option<&People> {
        self.inner.people.get()
    }
}

/// What a token for a person is made of, once nothing refuses it.
pub(super) struct Ready {
    allowed: Allowed,
    confirmation: Option<Confirmation>,
    known_as: String,
    representative: Option<ActingPerson>,
    scope: String,
}

pub(super) fn nobody() -> OAuthError {
    OAuthError::unsupported_grant_type("Nobody logs in here.")
}

pub(super) fn withdrawn() -> OAuthError {
    OAuthError::invalid_grant("The person has withdrawn the consent, or it has ended.")
}

fn ended_relation() -> OAuthError {
    OAuthError::invalid_grant("Who gave the consent may no longer act for the person that it is about. Ask again.")
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
