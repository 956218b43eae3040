//! `grant_type=refresh_token`: a new token under the same consent, and a new refresh token in place of the old one.

use super::Service;
use super::client::Client;
use super::error::OAuthError;
use super::form::Form;
use super::person::{nobody, unavailable};
use super::token::Issued;
use crate::people::{People, Refresh};
use axum::http::HeaderMap;

/// The grant type.
pub(super) const GRANT_TYPE: &str = "refresh_token";

impl Service {
    pub(super) async fn by_refresh(
        &self,
        headers: &HeaderMap,
        form: &Form,
        client: &Client,
    ) -> Result<Issued, OAuthError> {
        let people = self.people().ok_or_else(nobody)?;
        let token = form.required("refresh_token")?;
        let refresh = self.own_refresh(people, client, token).await?.ok_or_else(unknown)?;
        if refresh.used {
            return Err(self.used_again(people, &refresh).await?);
        }
        let epoch = self.revocations().client_epoch(&client.id);
        if epoch.is_some_and(|epoch| refresh.issued_at <= epoch) {
            return Err(unknown());
        }
        let grant = &refresh.grant;
        if form.get("resource").is_some_and(|named| named != grant.resource) {
            return Err(OAuthError::invalid_target("The person consented to another resource."));
        }
        let scopes = match form.get("scope") {
            Some(narrower) => narrower.split_ascii_whitespace().map(str::to_owned).collect(),
            None => grant.scopes.clone(),
        };
        if scopes.is_empty() || scopes.iter().any(|scope| !grant.scopes.contains(scope)) {
            return Err(OAuthError::invalid_scope(
                "The person has not consented to each of these scopes.",
            ));
        }
        // The code may have been bound to a key; a refresh token is bound to its client, who has just proved itself.
        let mut unbound = grant.clone();
        unbound.key = None;
        let ready = self.prepare(headers, client, people, &unbound, &scopes).await?;
        if !people.use_refresh(token).await.map_err(|error| unavailable(&error))? {
            return Err(self.used_again(people, &refresh).await?);
        }
        self.give(client, people, &unbound, &refresh.family, ready).await
    }

    /// A refresh token of this client's. Another client's is as good as none, and stays what it is.
    pub(super) async fn own_refresh(
        &self,
        people: &People,
        client: &Client,
        token: &str,
    ) -> Result<Option<Refresh>, OAuthError> {
        let found = people
            .look_at_refresh(token)
            .await
            .map_err(|error| unavailable(&error))?;
        Ok(found.filter(|refresh| *refresh.grant.client == *client.id))
    }

    /// Who comes second may be a thief, or the one who was robbed: nobody goes on.
    async fn used_again(&self, people: &People, refresh: &Refresh) -> Result<OAuthError, OAuthError> {
        self.end_family(people, &refresh.family).await?;
        tracing::warn!(
            client = refresh.grant.client,
            "a refresh token was used twice: what came of it has ended"
        );
        Ok(OAuthError::invalid_grant(
            "The refresh token has been used before. It may have been stolen: everything that came of it has ended. Ask the person again.",
        ))
    }
}

fn unknown() -> OAuthError {
    OAuthError::invalid_grant(
        "The refresh token is unknown or has ended, or belongs to another client. Ask the person again.",
    )
}
