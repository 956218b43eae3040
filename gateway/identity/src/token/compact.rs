//! The compact form of a signed token (RFC 7515, section 7.1) and its header. Nothing read here is trusted yet.

use super::error::TokenError;
use crate::json::{self, Object, Value};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;

/// Members that would let a token bring or name its own key, change what is signed, or demand what is not understood.
const FORBIDDEN: [&str; 8] = ["crit", "jku", "x5u", "jwk", "x5c", "b64", "zip", "enc"];

/// A token taken apart.
pub(super) struct Compact<'a> {
    /// What is signed: header, dot, claims, as they came.
    pub(super) signed: &'a str,
    /// The signature, still in base64url.
    pub(super) signature: &'a str,
    /// The algorithm the token claims to use.
    pub(super) algorithm: Algorithm,
    /// The key it claims to be signed with.
    pub(super) key_id: String,
    /// The claims.
    pub(super) claims: Object,
}

/// Takes a token apart and checks its header.
///
/// # Errors
/// [`TokenError::Malformed`], [`TokenError::ForbiddenHeader`], [`TokenError::Type`], [`TokenError::Algorithm`],
/// [`TokenError::UnknownKey`] if it names no key.
pub(super) fn read(token: &str) -> Result<Compact<'_>, TokenError> {
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
    // A further dot would not be base64url and so be refused below.
    let (header, claims) = signed.split_once('.').ok_or(TokenError::Malformed)?;
    if signature.is_empty() || !signature.bytes().all(is_base64url) {
        return Err(TokenError::Malformed);
    }
    let (algorithm, key_id) = check_header(decode(header)?)?;
    Ok(Compact {
        signed,
        signature,
        algorithm,
        key_id,
        claims: decode(claims)?,
    })
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn decode(part: &str) -> Result<Object, TokenError> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed)?;
    json::object(&bytes).map_err(|_| TokenError::Malformed)
}

fn check_header(mut header: Object) -> Result<(Algorithm, String), TokenError> {
    if let Some(name) = FORBIDDEN.into_iter().find(|name| header.contains_key(*name)) {
        return Err(TokenError::ForbiddenHeader(name));
    }
    match header.get("typ") {
        Some(Value::Text(kind)) if is_access_token(kind) => {}
        _ => return Err(TokenError::Type),
    }
    let algorithm = match header.get("alg") {
        Some(Value::Text(name)) => algorithm(name).ok_or(TokenError::Algorithm)?,
        _ => return Err(TokenError::Algorithm),
    };
    match header.remove("kid") {
        Some(Value::Text(key_id)) => Ok((algorithm, key_id)),
        Some(_) => Err(TokenError::Malformed),
        None => Err(TokenError::UnknownKey),
    }
}

fn is_access_token(kind: &str) -> bool {
    kind.eq_ignore_ascii_case("at+jwt") || kind.eq_ignore_ascii_case("application/at+jwt")
}

/// The algorithms that are accepted at all, by their exact names.
pub(super) fn algorithm(name: &str) -> Option<Algorithm> {
    match name {
        "EdDSA" => Some(Algorithm::EdDSA),
        "ES256" => Some(Algorithm::ES256),
        "RS256" => Some(Algorithm::RS256),
        "PS256" => Some(Algorithm::PS256),
        _ => None,
    }
}
