//! Who calls: API keys and access tokens, told apart from forgeries; and the service that issues such tokens.
//!
//! What the request path asks is pure and keeps no database: [`api_key`] makes, reads and checks keys; [`token`] verifies
//! JWT access tokens (RFC 9068) against key sets that it keeps fresh, and answers for a token seen before from memory;
//! [`dpop`] checks proofs of possession; [`revocation`] holds what no longer holds. [`service`] is the token service.

pub mod api_key;
pub mod client_key;
pub mod dpop;
mod json;
pub mod people;
pub mod revocation;
pub mod service;
pub mod token;

/// A word of 43 characters that nobody guesses: 256 random bits in base64url. `None`: no random bytes could be had.
#[must_use]
pub fn random_word() -> Option<String> {
    use base64::Engine;
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).ok()?;
    Some(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
}
