//! What a code is given for: an ID token, and an access token that opens `/userinfo`.

use aws_lc_rs::digest::{SHA256, digest};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::codes::Login;
use super::request;
use super::{Inner, NUMBER_CLAIM, Provider};

/// How long the tokens are valid, in seconds.
const LIFETIME_SECONDS: i64 = 300;

pub(super) async fn redeem_code(State(Provider(provider)): State<Provider>, body: Bytes) -> Response {
    let answer = match redeem(&provider, &body) {
        Ok(answer) => Json(answer).into_response(),
        Err((code, why)) => {
            let problem = Json(json!({ "error": code, "error_description": why }));
            (StatusCode::BAD_REQUEST, problem).into_response()
        }
    };
    ([(header::CACHE_CONTROL, "no-store")], answer).into_response()
}

fn redeem(provider: &Inner, body: &[u8]) -> Result<Value, (&'static str, &'static str)> {
    let parameters = request::parameters(body).ok_or(("invalid_request", "A parameter occurs twice."))?;
    let get = |name: &str| parameters.get(name).map_or("", String::as_str);
    if get("grant_type") != "authorization_code" {
        return Err(("unsupported_grant_type", "Only authorization_code is known here."));
    }
    let login = provider
        .codes
        .take(get("code"))
        .ok_or(("invalid_grant", "The code is unknown, used, or older than a minute."))?;
    if login.client_id != get("client_id") || login.redirect_uri != get("redirect_uri") {
        return Err(("invalid_grant", "The code was given to another client or address."));
    }
    let hash = digest(&SHA256, get("code_verifier").as_bytes());
    if URL_SAFE_NO_PAD.encode(hash) != login.challenge {
        return Err((
            "invalid_grant",
            "The code_verifier is not the one of the code_challenge.",
        ));
    }
    let failed = ("server_error", "No token could be made.");
    let now = request::now();
    let mut claims = claims(provider, &login).ok_or(failed)?;
    if let Some(members) = claims.as_object_mut() {
        members.insert("iss".to_owned(), json!(provider.url));
        members.insert("aud".to_owned(), json!(login.client_id));
        members.insert("iat".to_owned(), json!(now));
        members.insert("exp".to_owned(), json!(now + LIFETIME_SECONDS));
        members.insert("auth_time".to_owned(), json!(login.at));
        members.insert("acr".to_owned(), json!(login.level));
        if let Some(nonce) = &login.nonce {
            members.insert("nonce".to_owned(), json!(nonce));
        }
    }
    let id_token = provider.issuer.sign("JWT", &claims).map_err(|_| failed)?;
    let access_token = provider.codes.issue(login, now + LIFETIME_SECONDS).ok_or(failed)?;
    Ok(json!({
        "id_token": id_token, "access_token": access_token, "token_type": "Bearer", "expires_in": LIFETIME_SECONDS
    }))
}

/// What is said of the person. The number only where it was asked for.
fn claims(provider: &Inner, login: &Login) -> Option<Value> {
    let person = provider.world.person_by_key(&login.person)?;
    let mut claims = json!({ "sub": person.party_id, "name": person.name });
    if login.with_number
        && let Some(members) = claims.as_object_mut()
    {
        members.insert(NUMBER_CLAIM.to_owned(), json!(person.number.digits()));
    }
    Some(claims)
}

pub(super) async fn show_user(State(Provider(provider)): State<Provider>, headers: HeaderMap) -> Response {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let claims = token
        .and_then(|token| provider.codes.look(token))
        .and_then(|login| claims(&provider, &login));
    match claims {
        Some(claims) => ([(header::CACHE_CONTROL, "no-store")], Json(claims)).into_response(),
        None => {
            let challenge = [(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")];
            (StatusCode::UNAUTHORIZED, challenge).into_response()
        }
    }
}
