//! `POST /oauth2/par` (RFC 9126): an application brings what it will ask a person straight to us, and not by the browser.

use super::Service;
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
