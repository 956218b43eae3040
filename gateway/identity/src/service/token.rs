//! `POST /oauth2/token` and `POST /oauth2/revoke`.

use super::client::Client;
use super::document::{Refusals, TokenAnswer, TokenForm, TokenRequest};
use super::error::OAuthError;
use super::form::Form;
use super::mint::{Grant, Minted};
use super::{Service, access, exchange, person, refresh};
use crate::revocation::Kind;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

const CLIENT_CREDENTIALS: &str = "client_credentials";

/// Get an access token
///
/// Ger en kort åtkomstbiljett för ett API (RFC 6749, 7523, 8693, 8707, 9449). Klienten visar vem den är med client_assertion,
/// Authorization: Basic eller ett TLS-certifikat.
/// Gives a short access token for one API. The client shows who it is by client_assertion, Authorization: Basic or a TLS certificate.
#[utoipa::path(
    post, path = "/token", operation_id = "createToken", tag = "tokens",
    params(("DPoP" = Option<String>, Header, description = "Bevis på innehav av en nyckel som biljetten ska bindas till (RFC 9449). Proof of possession of a key that the token is to be bound to.", example = "eyJ0eXAiOiJkcG9wK2p3dCJ9.e30.AA")),
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded", description = "Som RFC 6749 beskriver. As RFC 6749 describes.",
        example = json!({"grant_type": "client_credentials", "resource": "https://api.vagvisare.example/case-status/v1", "scope": "cases.read"})),
    responses(
        (status = 200, description = "Biljetten. The token.", body = TokenAnswer,
            example = json!({"access_token": "eyJ0eXAiOiJhdCtqd3QifQ.e30.AA", "token_type": "Bearer", "expires_in": 300, "scope": "cases.read"})),
        Refusals
    )
)]
pub(super) async fn create_token(State(service): State<Service>, headers: HeaderMap, body: Bytes) -> Response {
    match service.token(&headers, &body).await {
        Ok(issued) => service.answer(&issued, headers.contains_key("dpop")),
        Err(error) => error.into_response(),
    }
}

/// What a request to the token endpoint is answered with.
pub(super) struct Issued {
    pub(super) minted: Minted,
    pub(super) scope: String,
    pub(super) refresh: Option<String>,
    /// `issued_token_type`, of an exchange.
    pub(super) kind: Option<&'static str>,
}

impl Service {
    async fn token(&self, headers: &HeaderMap, body: &Bytes) -> Result<Issued, OAuthError> {
        let form = Form::read(headers, body)?;
        let grant_type = form.required("grant_type")?;
        let of_people = [person::GRANT_TYPE, refresh::GRANT_TYPE].contains(&grant_type) && self.people().is_some();
        if !of_people && ![CLIENT_CREDENTIALS, exchange::GRANT_TYPE].contains(&grant_type) {
            return Err(OAuthError::unsupported_grant_type(
                "Supported are the grant types that /.well-known/oauth-authorization-server lists.",
            ));
        }
        let client = self.authenticate(headers, &form).await?;
        if let Err(wait) = self.inner.throttle.token(&client.id) {
            return Err(OAuthError::slow_down(
                "This client gets tokens faster than it may. A token can be used until it expires.",
                wait,
            ));
        }
        match grant_type {
            person::GRANT_TYPE => self.by_code(headers, &form, &client).await,
            refresh::GRANT_TYPE => self.by_refresh(headers, &form, &client).await,
            _ => self.for_client(headers, &form, &client, grant_type).await,
        }
    }

    /// A token for the client itself, or in exchange for a person's.
    async fn for_client(
        &self,
        headers: &HeaderMap,
        form: &Form,
        client: &Client,
        grant_type: &str,
    ) -> Result<Issued, OAuthError> {
        let now = super::now();
        let allowed = access::decide(
            &client.snapshot,
            client.application,
            form.get("resource"),
            form.get("scope"),
            now,
        )?;
        let on_behalf = match grant_type {
            exchange::GRANT_TYPE => Some(self.subject(form, client, &allowed).await?),
            _ => None,
        };
        let confirmation = self.binding(headers, client, allowed.api).await?;
        let minted = self.mint(&Grant {
            client: &client.id,
            person: on_behalf.as_ref().map(|subject| &*subject.person),
            known_as: on_behalf.as_ref().and_then(|subject| subject.known_as.as_deref()),
            representative: on_behalf.as_ref().and_then(|subject| subject.representative.as_ref()),
            exchanged: on_behalf.is_some(),
            allowed: &allowed,
            confirmation,
            credential: &client.credential,
            assurance: None,
            logged_in_at: None,
            not_after: on_behalf.as_ref().map(|subject| subject.ends),
        })?;
        let consent = on_behalf.as_ref().and_then(|subject| subject.consent.as_ref());
        if let (Some(people), Some((consent, family))) = (self.people(), consent) {
            self.note(people, consent, family, &minted).await?;
        }
        Ok(Issued {
            minted,
            scope: allowed.scopes.join(" "),
            refresh: None,
            kind: on_behalf.map(|_| exchange::ACCESS_TOKEN),
        })
    }

    /// RFC 6749 section 5.1.
    fn answer(&self, issued: &Issued, with_nonce: bool) -> Response {
        let minted = &issued.minted;
        let mut body = json!({
            "access_token": minted.token, "token_type": minted.kind, "expires_in": minted.expires_in,
            "scope": issued.scope
        });
        if let Some(members) = body.as_object_mut() {
            let more = [
                ("issued_token_type", issued.kind),
                ("refresh_token", issued.refresh.as_deref()),
            ];
            for (name, value) in more {
                members.extend(value.map(|value| (name.to_owned(), json!(value))));
            }
        }
        let mut response = Json(body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let nonce = with_nonce.then(|| self.inner.nonces.current(super::now()));
        if let Some(nonce) = nonce.and_then(|nonce| HeaderValue::from_str(&nonce).ok()) {
            headers.insert(HeaderName::from_static("dpop-nonce"), nonce);
        }
        response
    }

    async fn revoke_for(&self, headers: &HeaderMap, body: &Bytes) -> Result<(), OAuthError> {
        let form = Form::read(headers, body)?;
        let token = form.required("token")?;
        let client = self.authenticate(headers, &form).await?;
        if let Some(people) = self.people()
            && let Some(refresh) = self.own_refresh(people, &client, token).await?
        {
            return self.end_family(people, &refresh.family).await;
        }
        // RFC 7009 section 2.2: a token that does not hold needs no revocation, and nobody learns which there are.
        let Some(claims) = self.own_token(token) else {
            return Ok(());
        };
        if claims.client_id != client.id {
            return Err(OAuthError::unauthorized_client("The token belongs to another client."));
        }
        let Some(id) = claims.token_id.as_deref() else {
            return Ok(());
        };
        self.revoke(Kind::Token, id)
            .await
            .map_err(|_| OAuthError::unavailable("The token could not be revoked just now. Try again."))
    }

    /// What a token of our own says, if it holds now, whatever API it is for.
    pub(super) fn own_token(&self, token: &str) -> Option<std::sync::Arc<crate::token::Claims>> {
        let verifier = self.inner.verifier.get()?;
        let audience = crate::token::unverified_audience(token)?;
        match verifier.verify(token, &audience, super::now()) {
            crate::token::Verdict::Done(Ok(claims)) if *claims.issuer == *self.inner.settings.issuer => Some(claims),
            _ => None,
        }
    }
}

/// Take a token back
///
/// Spärrar en egen biljett i varje nod inom en sekund (RFC 7009); en som inte gäller är redan spärrad.
/// Revokes a token of the client's own on every node within a second; one that does not hold is revoked already.
#[utoipa::path(
    post, path = "/revoke", operation_id = "revokeToken", tag = "tokens",
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded", description = "Som RFC 7009 beskriver. As RFC 7009 describes.",
        example = json!({"token": "eyJ0eXAiOiJhdCtqd3QifQ.e30.AA"})),
    responses(
        (status = 200, description = "Den gäller inte. It does not hold."),
        Refusals
    )
)]
pub(super) async fn revoke_token(State(service): State<Service>, headers: HeaderMap, body: Bytes) -> Response {
    match service.revoke_for(&headers, &body).await {
        Ok(()) => (StatusCode::OK, [(header::CACHE_CONTROL, "no-store")]).into_response(),
        Err(error) => error.into_response(),
    }
}
