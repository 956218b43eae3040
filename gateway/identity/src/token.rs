//! JWT access tokens (RFC 9068), verified against the key sets of configured issuers.
//!
//! What a token says of itself is never trusted before it is checked: the key picks the algorithm, header and claims
//! are read by a strict reader of our own (`json.rs`), and only the signature's arithmetic is `jsonwebtoken`'s.
//! When keys cannot be had the answer is [`TokenError::KeysUnavailable`], which is not the caller's fault.

mod claims;
mod compact;
mod error;
mod fetch;
mod issuer;
mod judge;
mod keys;
mod upkeep;
mod verifier;

pub use claims::Claims;
pub use error::{TokenError, VerifierError};
pub use fetch::FetchError;
pub use issuer::{Issuer, KeySource};
pub use verifier::{MAX_LENGTH, Settings, Verdict, Verifier};
