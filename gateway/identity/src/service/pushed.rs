//! `POST /oauth2/par` (RFC 9126): an application brings what it will ask a person straight to us, and not by the browser.

use super::Service;
use super::document::{PushedAnswer, PushedRequest, Refusals};
use super::error::OAuthError;
use super::form::Form;
use super::person::unavailable;
use crate::people::WordKind;
use crate::people::web::authorize::{self, PUSHED, PUSHED_PREFIX, Refused};
use crate::token::Confirmation;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// Push what a person will be asked
///
/// Lämnar in det som en person ska frågas om, så att ingen webbläsare kan ändra det (RFC 9126).
/// Hands in what a person will be asked, so that no browser can change it.
#[utoipa::path(
    post, path = "/par", operation_id = "createPushedRequest", tag = "people",
    params(("DPoP" = Option<String>, Header, description = "Bevis på innehav av en nyckel som biljetten ska bindas till (RFC 9449). Proof of possession of a key that the token is to be bound to.", example = "eyJ0eXAiOiJkcG9wK2p3dCJ9.e30.AA")),
    request_body(content = PushedRequest, content_type = "application/x-www-form-urlencoded", description = "Som RFC 9126 beskriver. As RFC 9126 describes.",
        example = json!({"response_type": "code", "redirect_uri": "https://app.example/back", "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            "code_challenge_method": "S256", "resource": "https://api.vagvisare.example/case-status/v1", "scope": "cases.read"})),
    responses(
        (status = 201, description = "Vad webbläsaren ska ta med sig. What the browser is to bring.", body = PushedAnswer,
            example = json!({"request_uri": "urn:ietf:params:oauth:request_uri:example", "expires_in": 90})),
        Refusals
    )
)]
pub(super) async fn create_request(State(service): State<Service>, headers: HeaderMap, body: Bytes) -> Response {
    match service.push(&headers, &body).await {
        Ok(answer) => {
            let headers = [(header::CACHE_CONTROL, "no-store")];
            (StatusCode::CREATED, headers, Json(answer)).into_response()
        }
        Err(error) => error.into_response(),
    }
}

impl Service {
    async fn push(&self, headers: &HeaderMap, body: &Bytes) -> Result<Value, OAuthError> {
        let form = Form::read(headers, body)?;
        let client = self.authenticate(headers, &form).await?;
        let Some(people) = self.people() else {
            return Err(OAuthError::invalid_request("Nobody logs in here."));
        };
        if form.get("request_uri").is_some() {
            return Err(OAuthError::invalid_request("A pushed request is not pushed again."));
        }
        let get = |name: &str| match name {
            "client_id" => Some(&*client.id),
            _ => form.get(name),
        };
        let read = authorize::check(&client.snapshot, get, false);
        let mut request = read.map_err(|refused| match refused {
            Refused::Here => OAuthError::invalid_request("The redirect_uri is not one that is registered."),
            Refused::There(_, "invalid_scope", why) => OAuthError::invalid_scope(why),
            Refused::There(_, "invalid_target", why) => OAuthError::invalid_target(why),
            Refused::There(_, _, why) => OAuthError::invalid_request(why),
        })?;
        // RFC 9449 section 10.1: a proof that comes along binds the code to its key.
        if let Some(Confirmation::Key(shown)) = self.proof(headers, "/oauth2/par").await? {
            if request.key.as_ref().is_some_and(|named| **named != *shown) {
                return Err(OAuthError::invalid_proof("dpop_jkt names another key than the proof."));
            }
            request.key = Some(shown.to_string());
        }
        let word = people.issue(WordKind::Pushed, &request, PUSHED).await;
        let word = word.map_err(|error| unavailable(&error))?;
        Ok(json!({ "request_uri": format!("{PUSHED_PREFIX}{word}"), "expires_in": PUSHED }))
    }
}
