//! A JSON answer that a caller can keep: with an `ETag`, and 304 when it has not changed (RFC 9110).

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::extract::Json;

/// A JSON answer with an `ETag`.
pub struct Entity<T> {
    body: T,
    tag: String,
    not_modified: bool,
}

impl<T: Serialize> Entity<T> {
    /// `version` is everything that makes this answer differ from another in what it means; times of asking
    /// need not be in it, so the tag is a weak one. `headers` are the request's.
    ///
    /// # Errors
    /// When `version` cannot be written as JSON.
    pub fn new(body: T, version: &impl Serialize, headers: &HeaderMap) -> Result<Self, serde_json::Error> {
        let bytes = serde_json::to_vec(version)?;
        let digest = blake3::hash(&bytes).to_hex();
        let tag = format!("W/\"{}\"", digest.get(..32).unwrap_or_default());
        let not_modified = headers
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .any(|value| matches(value, &tag));
        Ok(Self {
            body,
            tag,
            not_modified,
        })
    }
}

/// Weak comparison (RFC 9110 section 8.8.3.2) against a list of tags or `*`.
fn matches(if_none_match: &str, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    if_none_match.trim() == "*" || if_none_match.split(',').any(|one| opaque(one) == opaque(tag))
}

impl<T: Serialize> IntoResponse for Entity<T> {
    fn into_response(self) -> Response {
        let mut response = if self.not_modified {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            Json(self.body).into_response()
        };
        let headers = response.headers_mut();
        if let Ok(tag) = HeaderValue::from_str(&self.tag) {
            headers.insert(header::ETAG, tag);
        }
        // It may be kept by the caller alone, and is asked for again each time (CAC.01).
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn tags_are_compared_weakly_and_in_lists() {
        for (header, expected) in [
            ("W/\"a\"", true),
            ("\"a\"", true),
            ("\"b\", W/\"a\"", true),
            ("*", true),
            ("\"b\"", false),
            ("", false),
        ] {
            assert_eq!(matches(header, "W/\"a\""), expected, "{header}");
        }
    }
}
