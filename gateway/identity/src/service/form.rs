//! A form as OAuth sends it: each parameter at most once (RFC 6749 section 3.2), an empty one counts as missing.

use super::error::OAuthError;
use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use std::collections::BTreeMap;

/// Parameters at most.
const MAX_PARAMETERS: usize = 50;

/// The parameters of a request.
pub(super) struct Form(BTreeMap<String, String>);

impl Form {
    /// Reads a body.
    pub(super) fn read(headers: &HeaderMap, body: &Bytes) -> Result<Self, OAuthError> {
        let kind = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .unwrap_or_default();
        if !kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(OAuthError::invalid_request(
                "Send the parameters in the body, as application/x-www-form-urlencoded.",
            ));
        }
        let mut parameters = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(body) {
            if value.is_empty() {
                continue;
            }
            if parameters.len() >= MAX_PARAMETERS {
                return Err(OAuthError::invalid_request("There are too many parameters."));
            }
            let name = name.into_owned();
            if parameters.contains_key(&name) {
                let description = match name.as_str() {
                    "resource" => "A token is for one API: name one resource.".to_owned(),
                    // The name may be anything: it is not sent back.
                    _ => "A parameter occurs twice.".to_owned(),
                };
                return Err(match name.as_str() {
                    "resource" => OAuthError::invalid_target(description),
                    _ => OAuthError::invalid_request(description),
                });
            }
            parameters.insert(name, value.into_owned());
        }
        Ok(Self(parameters))
    }

    /// The parameter, if it is there.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The parameter, which must be there.
    pub(super) fn required(&self, name: &str) -> Result<&str, OAuthError> {
        self.get(name)
            .ok_or_else(|| OAuthError::invalid_request(format!("The parameter {name} is missing.")))
    }
}
