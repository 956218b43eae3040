//! `POST /oauth2/introspect` (RFC 7662), for those who own the API a token is for, and for the token's own client.

use super::Service;
use super::document::{IntrospectionAnswer, Refusals, TokenForm};
use super::error::OAuthError;
use super::form::Form;
use crate::token::{Claims, Confirmation};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// Ask about a token
///
/// Säger om en biljett gäller och vad den säger (RFC 7662), för den som äger API:et och för biljettens klient.
/// Says whether a token holds and what it says, for who owns the API and for the token's client.
#[utoipa::path(
    post, path = "/introspect", operation_id = "introspectToken", tag = "tokens",
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded", description = "Som RFC 7662 beskriver. As RFC 7662 describes.",
        example = json!({"token": "eyJ0eXAiOiJhdCtqd3QifQ.e30.AA"})),
    responses(
        (status = 200, description = "Vad som gäller. What holds.", body = IntrospectionAnswer, example = json!({"active": false})),
        Refusals
    )
)]
pub(super) async fn introspect_token(State(service): State<Service>, headers: HeaderMap, body: Bytes) -> Response {
    match service.introspect(&headers, &body).await {
        Ok(answer) => ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response(),
        Err(error) => error.into_response(),
    }
}

impl Service {
    async fn introspect(&self, headers: &HeaderMap, body: &Bytes) -> Result<Value, OAuthError> {
        let form = Form::read(headers, body)?;
        let token = form.required("token")?;
        let client = self.authenticate(headers, &form).await?;
        // RFC 7662 section 2.2: why a token is not active is nobody's business, and neither is one that is not theirs.
        let inactive = json!({ "active": false });
        if let Some(people) = self.people()
            && let Some(refresh) = self.own_refresh(people, &client, token).await?
        {
            let grant = &refresh.grant;
            return Ok(
                match refresh.used || people.consent_in_force(&grant.consent).await.is_err() {
                    true => inactive,
                    false => json!({
                        "act": grant.actor.as_ref().map(|actor| json!({ "sub": actor.party_id, "relation": actor.relation })),
                        "active": true, "iss": self.issuer(), "sub": grant.party_id, "aud": grant.resource,
                        "client_id": grant.client, "scope": grant.scopes.join(" "), "iat": refresh.issued_at,
                    }),
                },
            );
        }
        let (Some(claims), Some(audience)) = (self.own_token(token), crate::token::unverified_audience(token)) else {
            return Ok(inactive);
        };
        let snapshot = &client.snapshot;
        let owner = snapshot
            .find_audience(&audience)
            .map(|api| snapshot.api(api).organisation);
        let asks = snapshot.application(client.application).organisation;
        if owner != Some(asks) && claims.client_id != client.id {
            return Ok(inactive);
        }
        // Each is told the id that it knows the person by.
        let subject = match &claims.known_as {
            Some(known_as) if owner == Some(asks) => known_as,
            _ => &claims.subject,
        };
        let mut answer = json!({
            "active": true, "iss": &*claims.issuer, "sub": &**subject, "aud": audience,
            "client_id": &*claims.client_id, "scope": claims.scopes.join(" "), "exp": claims.expires_at,
            "nbf": claims.not_before, "iat": claims.issued_at, "jti": claims.token_id,
            "token_type": if matches!(claims.confirmation, Some(Confirmation::Key(_))) { "DPoP" } else { "Bearer" },
            "agreement_id": claims.agreement.as_deref(),
        });
        if let Some(members) = answer.as_object_mut() {
            if let Some(act) = act(&claims, owner == Some(asks)) {
                members.insert("act".to_owned(), act);
            }
            match &claims.confirmation {
                Some(Confirmation::Key(thumbprint)) => {
                    members.insert("cnf".to_owned(), json!({ "jkt": &**thumbprint }));
                }
                Some(Confirmation::Certificate(thumbprint)) => {
                    members.insert("cnf".to_owned(), json!({ "x5t#S256": &**thumbprint }));
                }
                None => {}
            }
        }
        Ok(answer)
    }
}

/// Who acts, the nearest first; a person by the id that whoever asks knows, and else not at all.
fn act(claims: &Claims, for_owner: bool) -> Option<Value> {
    let person = claims.representative.as_ref().and_then(|one| {
        let known_as = match for_owner {
            true => one.known_as.as_ref()?,
            false => &one.party_id,
        };
        Some(json!({ "sub": &**known_as, "relation": &*one.relation }))
    });
    let nearest = claims.actor.as_deref()?;
    if *nearest != *claims.client_id {
        return person;
    }
    Some(match person {
        Some(person) => json!({ "sub": nearest, "act": person }),
        None => json!({ "sub": nearest }),
    })
}
