//! Errors as OAuth has them (RFC 6749 section 5.2): a code for machines, a sentence that says what to do.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Why a request to the token service is refused.
#[derive(Debug, Clone)]
pub struct OAuthError {
    /// HTTP status.
    pub status: StatusCode,
    /// `error`.
    pub code: &'static str,
    /// `error_description`.
    pub description: String,
    /// When to try again, in seconds.
    pub retry_after: Option<u64>,
    /// A nonce for the next proof of possession.
    pub nonce: Option<String>,
    /// Whether the client used HTTP Basic and is to be answered in kind.
    pub basic: bool,
}

impl OAuthError {
    fn new(status: StatusCode, code: &'static str, description: impl Into<String>) -> Self {
        Self {
            status,
            code,
            description: description.into(),
            retry_after: None,
            nonce: None,
            basic: false,
        }
    }

    /// The request is malformed, or lacks something.
    pub fn invalid_request(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", description)
    }

    /// The client is not who it says, or did not say.
    pub fn invalid_client(description: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_client", description)
    }

    /// The grant does not hold.
    pub fn invalid_grant(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_grant", description)
    }

    /// The client may not do this at all.
    pub fn unauthorized_client(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "unauthorized_client", description)
    }

    /// RFC 8707 section 2: the resource is not one that this client may have a token for.
    pub fn invalid_target(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_target", description)
    }

    /// A scope that no agreement grants.
    pub fn invalid_scope(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_scope", description)
    }

    /// A grant type that is not known here.
    pub fn unsupported_grant_type(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "unsupported_grant_type", description)
    }

    /// RFC 9449 section 5: the proof of possession does not hold.
    pub fn invalid_proof(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_dpop_proof", description)
    }

    /// RFC 9449 section 8: the proof must carry this nonce.
    pub fn use_nonce(nonce: String) -> Self {
        let mut error = Self::new(
            StatusCode::BAD_REQUEST,
            "use_dpop_nonce",
            "Make the DPoP proof again, with the nonce of the DPoP-Nonce header.",
        );
        error.nonce = Some(nonce);
        error
    }

    /// Too often.
    pub fn slow_down(description: impl Into<String>, retry_after: u64) -> Self {
        let mut error = Self::new(StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable", description);
        error.retry_after = Some(retry_after);
        error
    }

    /// The database, or a key set of the client's, cannot be asked just now.
    pub fn unavailable(description: impl Into<String>) -> Self {
        let mut error = Self::new(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", description);
        error.retry_after = Some(1);
        error
    }
}

impl From<database::Error> for OAuthError {
    fn from(error: database::Error) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "the token service's database");
        Self::unavailable("The token service cannot answer just now. Try again.")
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        // RFC 6749 section 5.2: printable ASCII without quotes and backslashes.
        let allowed = |sign: char| matches!(sign, ' ' | '!' | '#'..='[' | ']'..='~');
        let sign = |sign: char| if allowed(sign) { sign } else { '\'' };
        let description: String = self.description.chars().map(sign).collect();
        let body = Json(json!({ "error": self.code, "error_description": description }));
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.basic && self.status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Basic realm=\"vagvisare\"");
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(nonce) = self.nonce.and_then(|nonce| HeaderValue::from_str(&nonce).ok()) {
            headers.insert(HeaderName::from_static("dpop-nonce"), nonce);
        }
        response
    }
}
