//! JWT access tokens (RFC 9068), verified against the key sets of configured issuers.
//!
//! What a token says of itself is never trusted before it is checked: the key picks the algorithm, header and claims
//! are read by a strict reader of our own (`json.rs`), and only the signature's arithmetic is `jsonwebtoken`'s.
//! When keys cannot be had the answer is [`TokenError::KeysUnavailable`], which is not the caller's fault.

pub(crate) mod claims;
pub(crate) mod compact;
mod error;
pub(crate) mod fetch;
mod issuer;
mod judge;
pub(crate) mod keys;
pub(crate) mod upkeep;
mod verifier;

pub use claims::{Claims, Confirmation};
pub use error::{TokenError, VerifierError};
pub use fetch::FetchError;
pub use issuer::{Issuer, KeySource};
pub use verifier::{MAX_LENGTH, Settings, Verdict, Verifier};

/// The one API that a token says it is for. Nothing is checked: it is what to check the token against.
pub(crate) fn unverified_audience(token: &str) -> Option<String> {
    if token.len() > MAX_LENGTH {
        return None;
    }
    let compact = compact::read(token, compact::Kind::AccessToken).ok()?;
    claims::text(&compact.claims, "aud").ok()?.map(str::to_owned)
}
