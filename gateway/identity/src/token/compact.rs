//! The compact form of a signed token (RFC 7515, section 7.1) and its header. Nothing read here is trusted yet.

use super::error::TokenError;
use crate::json::{self, Object, Value};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;

/// Members that would let a token bring or name its own key, change what is signed, or demand what is not understood.
const FORBIDDEN: [&str; 7] = ["crit", "jku", "x5u", "x5c", "b64", "zip", "enc"];

/// What a signed text is for. Each has a type of its own, so that none can stand in for another (RFC 8725 section 3.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An access token (RFC 9068).
    AccessToken,
    /// A client's proof of who it is (RFC 7523). It may leave the type and, with one key, the key's id out.
    ClientAssertion,
    /// A caller's proof of its key, which it brings along (RFC 9449).
    Proof,
}

/// A token taken apart.
pub(crate) struct Compact<'a> {
    /// What is signed: header, dot, claims, as they came.
    pub(crate) signed: &'a str,
    /// The signature, still in base64url.
    pub(crate) signature: &'a str,
    /// The algorithm the token claims to use.
    pub(crate) algorithm: Algorithm,
    /// The key it claims to be signed with; empty if it names none.
    pub(crate) key_id: String,
    /// The key that a proof brings along.
    pub(crate) key: Option<Object>,
    /// The claims.
    pub(crate) claims: Object,
}

/// Takes a token apart and checks its header.
///
/// # Errors
/// [`TokenError::Malformed`], [`TokenError::ForbiddenHeader`], [`TokenError::Type`], [`TokenError::Algorithm`],
/// [`TokenError::UnknownKey`] if it names no key.
pub(crate) fn read(token: &str, kind: Kind) -> Result<Compact<'_>, TokenError> {
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
    // A further dot would not be base64url and so be refused below.
    let (header, claims) = signed.split_once('.').ok_or(TokenError::Malformed)?;
    if signature.is_empty() || !signature.bytes().all(is_base64url) {
        return Err(TokenError::Malformed);
    }
    let (algorithm, key_id, key) = check_header(decode(header)?, kind)?;
    Ok(Compact {
        signed,
        signature,
        algorithm,
        key_id,
        key,
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

type Header = (Algorithm, String, Option<Object>);

fn check_header(mut header: Object, kind: Kind) -> Result<Header, TokenError> {
    let key = match (kind, header.remove("jwk")) {
        (Kind::Proof, Some(Value::Object(key))) => Some(key),
        (Kind::Proof, _) => return Err(TokenError::UnknownKey),
        (_, Some(_)) => return Err(TokenError::ForbiddenHeader("jwk")),
        (_, None) => None,
    };
    if let Some(name) = FORBIDDEN.into_iter().find(|name| header.contains_key(*name)) {
        return Err(TokenError::ForbiddenHeader(name));
    }
    let typ = match header.get("typ") {
        Some(Value::Text(typ)) => Some(typ.to_ascii_lowercase()),
        Some(_) => return Err(TokenError::Type),
        None => None,
    };
    let fits = matches!(
        (kind, typ.as_deref()),
        (Kind::AccessToken, Some("at+jwt" | "application/at+jwt"))
            | (Kind::ClientAssertion, None | Some("jwt" | "client-authentication+jwt"))
            | (Kind::Proof, Some("dpop+jwt"))
    );
    if !fits {
        return Err(TokenError::Type);
    }
    let algorithm = match header.get("alg") {
        Some(Value::Text(name)) => algorithm(name).ok_or(TokenError::Algorithm)?,
        _ => return Err(TokenError::Algorithm),
    };
    match header.remove("kid") {
        Some(Value::Text(key_id)) => Ok((algorithm, key_id, key)),
        Some(_) => Err(TokenError::Malformed),
        None if kind == Kind::AccessToken => Err(TokenError::UnknownKey),
        None => Ok((algorithm, String::new(), key)),
    }
}

/// The algorithms that are accepted at all, by their exact names.
pub(crate) fn algorithm(name: &str) -> Option<Algorithm> {
    match name {
        "EdDSA" => Some(Algorithm::EdDSA),
        "ES256" => Some(Algorithm::ES256),
        "RS256" => Some(Algorithm::RS256),
        "PS256" => Some(Algorithm::PS256),
        _ => None,
    }
}
