//! An OpenID provider (OpenID Connect Core 1.0, authorization code flow) for the people of the sandbox.
//!
//! It behaves as a strict real one does: registered clients and exact redirect URIs only, PKCE with S256 always, codes
//! that work once and for a minute, ID tokens with the `nonce` that was asked for and the level of assurance (`acr`)
//! that was reached. What it lacks is the proof: whoever opens the page chooses who to be.

mod authorize;
mod codes;
mod redeem;
mod request;

use std::str::FromStr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;

use crate::identity::token::Issuer;
use crate::world::World;
use codes::Codes;

/// Levels of assurance that can be chosen at login, weakest first; names as in the Swedish e-identification framework.
pub(crate) const LEVELS: [&str; 3] = [
    "http://id.elegnamnden.se/loa/1.0/loa2",
    "http://id.elegnamnden.se/loa/1.0/loa3",
    "http://id.elegnamnden.se/loa/1.0/loa4",
];

/// The claim that holds a person number (the Swedish OpenID Connect profile).
const NUMBER_CLAIM: &str = "https://id.oidc.se/claim/personalIdentityNumber";
/// The scope that asks for it.
const NUMBER_SCOPE: &str = "https://id.oidc.se/scope/naturalPersonNumber";

/// Who may send people here. It is a public client: PKCE is what holds code and client together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    /// `client_id`.
    pub client_id: String,
    /// Where people are sent back; compared letter by letter.
    pub redirect_uri: String,
}

impl FromStr for RelyingParty {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((id, uri)) if !id.is_empty() && uri.starts_with("http") => Ok(Self {
                client_id: id.to_owned(),
                redirect_uri: uri.to_owned(),
            }),
            _ => Err("write it as ID=URL, for example vagvisare=http://127.0.0.1:8080/login/callback".to_owned()),
        }
    }
}

/// The provider. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Provider(Arc<Inner>);

struct Inner {
    world: Arc<World>,
    url: String,
    issuer: Issuer,
    relying_parties: Vec<RelyingParty>,
    codes: Codes,
}

impl Provider {
    /// A provider whose issuer is `url`, for these relying parties.
    pub(crate) fn new(world: Arc<World>, url: String, relying_parties: Vec<RelyingParty>) -> anyhow::Result<Self> {
        Ok(Self(Arc::new(Inner {
            world,
            issuer: Issuer::new(url.clone())?,
            url,
            relying_parties,
            codes: Codes::default(),
        })))
    }
}

/// What is served, below the path of the issuer.
pub(crate) fn router(provider: Provider) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(show_metadata))
        .route("/keys", get(show_keys))
        .route("/authorize", get(authorize::show).post(authorize::choose))
        .route("/token", post(redeem::redeem_code))
        .route("/userinfo", get(redeem::show_user))
        .with_state(provider)
}

async fn show_keys(State(Provider(provider)): State<Provider>) -> Response {
    let keys = axum::Json(provider.issuer.keys());
    ([(header::CACHE_CONTROL, "public, max-age=60")], keys).into_response()
}

async fn show_metadata(State(Provider(provider)): State<Provider>) -> Response {
    let url = &provider.url;
    axum::Json(json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "userinfo_endpoint": format!("{url}/userinfo"),
        "jwks_uri": format!("{url}/keys"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "profile", NUMBER_SCOPE],
        "claims_supported": ["sub", "name", "acr", "auth_time", NUMBER_CLAIM],
        "acr_values_supported": LEVELS,
        "prompt_values_supported": ["none", "login"],
        "ui_locales_supported": ["sv", "en"],
        "authorization_response_iss_parameter_supported": true,
        // A gateway that serves real people refuses to use a provider that says this.
        "synthetic_people_only": true,
    }))
    .into_response()
}
