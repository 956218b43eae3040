//! What `/oauth2` says of itself (OpenAPI). Its forms are OAuth's own; names and meanings are those of the RFCs.

use super::Service;
use super::{introspect, metadata, pushed, token};
use model::LocalizedText;
use serde::Serialize;
use serde_json::Value;
use service_host::{Access, Api, ApiFacts, ApiStatus};
use utoipa::openapi::OpenApi;
use utoipa::{IntoResponses, OpenApi as _, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The document of `/oauth2`.
#[must_use]
pub fn openapi() -> OpenApi {
    Api::document(&facts(), routes())
}

/// The routes, relative to the base path.
pub(super) fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::with_openapi(Common::openapi())
        .routes(routes!(token::create_token))
        .routes(routes!(pushed::create_request))
        .routes(routes!(token::revoke_token))
        .routes(routes!(introspect::introspect_token))
        .routes(routes!(metadata::show_key_set))
}

/// What the API says of itself.
#[must_use]
pub fn facts() -> ApiFacts {
    ApiFacts {
        base_path: "/oauth2",
        title: "OAuth 2.0",
        version: "1.0.0",
        released: "2026-11-26",
        status: ApiStatus::Active,
        description: LocalizedText::new(
            "Ger registrerade applikationer korta åtkomstbiljetter för ett API i taget, enligt ett avtal som gäller. \
             /.well-known/oauth-authorization-server säger vad tjänsten kan (RFC 8414).",
            "Gives registered applications short access tokens for one API at a time, under an agreement in force. \
             /.well-known/oauth-authorization-server says what the service can do (RFC 8414).",
        ),
        limitations: LocalizedText::new(
            "En biljett gäller i högst fem minuter. En client_assertion och ett DPoP-bevis används en gång.",
            "A token is valid for at most five minutes. A client_assertion and a DPoP proof are used once.",
        ),
        access: Access::Open,
    }
}

/// How a client shows who it is, beside `Authorization: Basic` and TLS certificates (RFC 7521 section 4.2).
#[derive(Serialize, ToSchema)]
pub(super) struct ClientForm {
    /// The application's id; needed with a TLS certificate alone.
    client_id: Option<String>,
    /// `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`.
    client_assertion_type: Option<String>,
    /// A JWT signed by the application's key, to be used once, with the issuer as its only audience (RFC 7523).
    client_assertion: Option<String>,
}

/// A request for a token. Which parameters belong to it depends on `grant_type`.
#[derive(Serialize, ToSchema)]
pub(super) struct TokenRequest {
    /// `client_credentials`, `authorization_code`, `refresh_token` or `urn:ietf:params:oauth:grant-type:token-exchange`.
    grant_type: String,
    /// The audience of the API that the token is for (RFC 8707).
    resource: Option<String>,
    /// Scopes with spaces between; all that the agreement grants, or the person has consented to, unless some are named.
    scope: Option<String>,
    /// The code that the person's browser brought.
    code: Option<String>,
    /// The address that the code was sent to.
    redirect_uri: Option<String>,
    /// The word that `code_challenge` was made of (RFC 7636).
    code_verifier: Option<String>,
    /// A refresh token; it is used once and gives the next one.
    refresh_token: Option<String>,
    /// A person's token of the client's own (RFC 8693).
    subject_token: Option<String>,
    /// `urn:ietf:params:oauth:token-type:access_token`.
    subject_token_type: Option<String>,
    /// Who the client is.
    #[serde(flatten)]
    client: ClientForm,
}

/// A token.
#[derive(Serialize, ToSchema)]
pub(super) struct TokenAnswer {
    /// The token (RFC 9068).
    access_token: String,
    /// `Bearer`, or `DPoP` when it is bound to a key.
    token_type: String,
    /// Seconds it is valid for.
    expires_in: i64,
    /// What it may be used for.
    scope: String,
    /// What the next token is got with, where it speaks for a person.
    refresh_token: Option<String>,
    /// What kind of token it is, of an exchange.
    issued_token_type: Option<String>,
}

/// A token to be asked about or taken back.
#[derive(Serialize, ToSchema)]
pub(super) struct TokenForm {
    /// The token: an access token or a refresh token.
    token: String,
    /// Who the client is.
    #[serde(flatten)]
    client: ClientForm,
}

/// What a token says. Nothing but `active` is told of one that does not hold or is somebody else's.
#[derive(Serialize, ToSchema)]
pub(super) struct IntrospectionAnswer {
    /// Whether it holds.
    active: bool,
    /// Who issued it.
    iss: Option<String>,
    /// The person, by the id that whoever asks knows, or the client.
    sub: Option<String>,
    /// The API that it is for.
    aud: Option<String>,
    /// The client.
    client_id: Option<String>,
    /// What it may be used for.
    scope: Option<String>,
    /// When it ends, in Unix seconds.
    exp: Option<i64>,
    /// When it begins.
    nbf: Option<i64>,
    /// When it was issued.
    iat: Option<i64>,
    /// Its id.
    jti: Option<String>,
    /// `Bearer` or `DPoP`.
    token_type: Option<String>,
    /// The agreement that it was issued under.
    agreement_id: Option<String>,
    /// Who acts for the person (RFC 8693 section 4.1).
    act: Option<Value>,
    /// What it is bound to (RFC 7800).
    cnf: Option<Value>,
}

/// What an application will ask a person.
#[derive(Serialize, ToSchema)]
pub(super) struct PushedRequest {
    /// `code`.
    response_type: String,
    /// One of the application's registered addresses, letter by letter.
    redirect_uri: String,
    /// The S256 hash of a word that the application keeps (RFC 7636).
    code_challenge: String,
    /// `S256`.
    code_challenge_method: String,
    /// The audience of the API.
    resource: String,
    /// Scopes with spaces between; the person decides on each.
    scope: String,
    /// Comes back with the answer.
    state: Option<String>,
    /// Thumbprint of the only key that the code is to be given for (RFC 9449 section 10).
    dpop_jkt: Option<String>,
    /// Who the client is.
    #[serde(flatten)]
    client: ClientForm,
}

/// What the browser is to bring.
#[derive(Serialize, ToSchema)]
pub(super) struct PushedAnswer {
    /// The request, to be brought to `/me/authorize`.
    request_uri: String,
    /// Seconds it waits.
    expires_in: i64,
}

/// A refusal (RFC 6749 section 5.2).
#[derive(Serialize, ToSchema)]
pub(super) struct ErrorAnswer {
    /// A code for machines.
    error: String,
    /// A sentence that says what to do.
    error_description: String,
}

/// What `Refusals` refers to, and no operation by itself.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(ErrorAnswer)))]
struct Common;

/// How each of the operations refuses: told once for all of them.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers that `OAuthError` makes")]
pub(super) enum Refusals {
    #[response(status = 400, description = "Något i anropet håller inte; error säger vad. Something in the request does not hold; error says what.",
        example = json!({"error": "invalid_request", "error_description": "The parameter grant_type is missing."}))]
    Request(ErrorAnswer),
    #[response(status = 401, description = "Klienten är inte den den säger. The client is not who it says.",
        example = json!({"error": "invalid_client", "error_description": "client_assertion: it has expired."}))]
    Client(ErrorAnswer),
    #[response(status = 429, description = "För många anrop; Retry-After säger när. Too many requests; Retry-After says when.",
        example = json!({"error": "temporarily_unavailable", "error_description": "This client gets tokens faster than it may. A token can be used until it expires."}))]
    Limit(ErrorAnswer),
    #[response(status = 503, description = "Just nu går det inte. It cannot be done just now.",
        example = json!({"error": "temporarily_unavailable", "error_description": "The token service cannot answer just now. Try again."}))]
    Unavailable(ErrorAnswer),
}

/// Public keys (RFC 7517).
#[derive(Serialize, ToSchema)]
pub(super) struct KeySet {
    /// The keys.
    keys: Vec<Value>,
}
