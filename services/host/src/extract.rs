//! Extractors that refuse with a problem that names what is wrong, and never repeats what was sent.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::ProblemKind;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::openapi::path::Parameter;
use utoipa::{IntoParams, openapi::path::ParameterIn};

use crate::json_body;
use crate::query_string;
use crate::{Refusal, refusal};

/// A JSON body, in and out.
///
/// As an extractor it asks for `Content-Type: application/json` (415), a body within the service's limit
/// (413), JSON (400), and the right content (422 with the field's path).
#[derive(Clone, Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        if !is_json(request.headers().get(header::CONTENT_TYPE)) {
            let detail = "Send the body as JSON with 'Content-Type: application/json'.";
            return Err(Refusal::of(ProblemKind::UnsupportedMediaType, detail));
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| unreadable(&rejection))?;
        json_body::read(&bytes).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => (
                [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))],
                body,
            )
                .into_response(),
            Err(error) => {
                tracing::error!(%error, "an answer could not be written as JSON");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

fn is_json(content_type: Option<&HeaderValue>) -> bool {
    let Some(value) = content_type.and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn unreadable(rejection: &BytesRejection) -> Refusal {
    let kind = refusal::kind_of(rejection.status());
    let detail = match kind {
        ProblemKind::BodyTooLarge => "The body is larger than this service reads.",
        _ => "The body ended before all of it had arrived.",
    };
    Refusal::of(kind, detail)
}

/// The query as a struct. A parameter that the struct does not have, one given twice, and one whose value
/// does not fit are 400 problems that name it. Each field must be an `Option` or have a default.
#[derive(Clone, Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Refusal> {
        query_string::read(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// Lets `utoipa::path` take the parameters from a handler's argument.
impl<T: IntoParams> IntoParams for Query<T> {
    fn into_params(_parameter_in: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        T::into_params(|| Some(ParameterIn::Query))
    }
}

/// The path's parameters. What does not fit answers as an unknown address does (404).
#[derive(Clone, Debug)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        axum::extract::Path::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Path(value)| Self(value))
            .map_err(|_| Refusal::of(ProblemKind::NotFound, "Nothing has this address."))
    }
}
