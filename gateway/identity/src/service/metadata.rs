//! What the service says of itself: its metadata (RFC 8414) and its key set (RFC 7517).

use super::document::KeySet;
use super::{Service, exchange, person, refresh};
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde_json::{Value, json};

/// RFC 8414 section 2.
pub(super) async fn show_metadata(State(service): State<Service>) -> impl IntoResponse {
    (
        [(header::CACHE_CONTROL, "public, max-age=60")],
        Json(service.metadata()),
    )
}

/// Get the key set
///
/// De öppna nycklar som biljetter och utsagor kan kontrolleras med (RFC 7517). En ny visas långt innan den signerar.
/// The public keys that tokens and assertions can be verified with. A new one is published long before it signs.
#[utoipa::path(
    get, path = "/jwks", operation_id = "getKeySet", tag = "keys",
    responses((status = 200, description = "Nycklarna. The keys.", body = KeySet, content_type = "application/jwk-set+json",
        example = json!({"keys": [{"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "example",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})))
)]
pub(super) async fn show_key_set(State(service): State<Service>) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "application/jwk-set+json"),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    (headers, service.key_set())
}

impl Service {
    fn metadata(&self) -> Value {
        let issuer = &self.inner.settings.issuer;
        let methods = json!(["private_key_jwt", "client_secret_basic", "self_signed_tls_client_auth"]);
        let algorithms = json!(["ES256", "EdDSA", "RS256", "PS256"]);
        let mut metadata = json!({
            "issuer": issuer,
            "token_endpoint": format!("{issuer}/oauth2/token"),
            "revocation_endpoint": format!("{issuer}/oauth2/revoke"),
            "introspection_endpoint": format!("{issuer}/oauth2/introspect"),
            "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
            "grant_types_supported": ["client_credentials", exchange::GRANT_TYPE],
            // RFC 8414 demands the member; no grant here has a response type.
            "response_types_supported": [],
            "token_endpoint_auth_methods_supported": methods,
            "token_endpoint_auth_signing_alg_values_supported": algorithms,
            "revocation_endpoint_auth_methods_supported": methods,
            "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
            "introspection_endpoint_auth_methods_supported": methods,
            "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
            "dpop_signing_alg_values_supported": algorithms,
            "tls_client_certificate_bound_access_tokens": true,
        });
        if let Some(people) = self.people()
            && let Some(members) = metadata.as_object_mut()
        {
            for (name, value) in [
                ("authorization_endpoint", json!(format!("{issuer}/me/authorize"))),
                (
                    "pushed_authorization_request_endpoint",
                    json!(format!("{issuer}/oauth2/par")),
                ),
                (
                    "require_pushed_authorization_requests",
                    json!(people.pushed_requests_only()),
                ),
                ("response_types_supported", json!(["code"])),
                ("response_modes_supported", json!(["query"])),
                ("code_challenge_methods_supported", json!(["S256"])),
                ("authorization_response_iss_parameter_supported", json!(true)),
                (
                    "grant_types_supported",
                    json!([
                        "client_credentials",
                        exchange::GRANT_TYPE,
                        person::GRANT_TYPE,
                        refresh::GRANT_TYPE
                    ]),
                ),
            ] {
                members.insert(name.to_owned(), value);
            }
        }
        metadata
    }
}
