//! What an access token claims, read without its issuer's keys: enough to say what the request path would make of it.

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// Longest token that the request path looks at.
const LONGEST: usize = 16 * 1024;

/// The claims that decide (RFC 9068).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// `client_id`.
    pub client: String,
    /// `iss`.
    pub issuer: String,
    /// `aud`.
    pub audience: Vec<String>,
    /// `scope`.
    pub scopes: Vec<String>,
    /// `exp`, Unix seconds.
    pub expires_at: i64,
    /// `nbf`, Unix seconds.
    pub not_before: Option<i64>,
    /// Whether it is bound to a key or a certificate (`cnf`).
    pub is_bound: bool,
}

/// Reads a token's claims. Its signature is not looked at.
///
/// # Errors
/// It is no JWT, or lacks `client_id` or `exp`.
pub fn read(token: &str) -> anyhow::Result<Claims> {
    if token.len() > LONGEST {
        bail!("the token is longer than {LONGEST} bytes");
    }
    let mut parts = token.trim().split('.');
    let (Some(_), Some(claims), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        bail!("the token is no JWT: it must have three parts between dots");
    };
    let claims = URL_SAFE_NO_PAD
        .decode(claims)
        .context("the token's second part is not base64url")?;
    let claims: Value = serde_json::from_slice(&claims).context("the token's second part is not JSON")?;
    let text = |name: &str| claims[name].as_str().map(str::to_owned);
    let audience = match &claims["aud"] {
        Value::Array(all) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        one => one.as_str().map(str::to_owned).into_iter().collect(),
    };
    Ok(Claims {
        client: text("client_id").context("the token lacks client_id")?,
        issuer: text("iss").unwrap_or_default(),
        audience,
        scopes: text("scope")
            .unwrap_or_default()
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
        expires_at: claims["exp"].as_i64().context("the token lacks exp")?,
        not_before: claims["nbf"].as_i64(),
        is_bound: claims["cnf"].is_object(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_read_and_what_is_no_token_is_told() {
        let token = |claims: &str| format!("e30.{}.x", URL_SAFE_NO_PAD.encode(claims));
        let good = token(r#"{"client_id":"a","iss":"i","aud":["x","y"],"scope":"r w","exp":5,"cnf":{"jkt":"k"}}"#);
        let claims = read(&good).unwrap();
        assert_eq!(
            (claims.client.as_str(), claims.expires_at, claims.is_bound),
            ("a", 5, true)
        );
        assert_eq!(claims.audience, ["x", "y"]);
        assert_eq!(claims.scopes, ["r", "w"]);
        for (bad, said) in [
            ("abc".to_owned(), "three parts"),
            ("a.%.c".to_owned(), "not base64url"),
            (token("x"), "not JSON"),
            (token(r#"{"exp":5}"#), "client_id"),
            (token(r#"{"client_id":"a"}"#), "exp"),
            ("x".repeat(LONGEST + 1), "longer"),
        ] {
            let error = read(&bad).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
