//! Whom a person's token speaks for, for the producer alone.
//!
//! The consumer knows the person by its own id (`sub`), the organisation of the API by another. That one travels in the
//! token, encrypted (`party`): the edge opens it without asking anybody, and the consumer, who cannot, learns of no id that
//! somebody else knows.

use super::{KeyEncryption, SealError};
use crate::token::{Claims, TokenError};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::sync::Arc;

/// What `party` says in the token with this id.
pub(super) fn seal(encryption: &KeyEncryption, token_id: &str, known_as: &str) -> Result<String, SealError> {
    let sealed = encryption.seal(&place(token_id), known_as.as_bytes())?;
    Ok(URL_SAFE_NO_PAD.encode(sealed))
}

/// What was sealed in the token that says this; `None`: nothing was.
pub(crate) fn open(encryption: &KeyEncryption, claims: &Claims) -> Result<Option<Arc<str>>, TokenError> {
    const WRONG: TokenError = TokenError::WrongClaimType("party");
    let Some(sealed) = &claims.sealed_party else {
        return Ok(None);
    };
    let sealed = URL_SAFE_NO_PAD.decode(&**sealed).map_err(|_| WRONG)?;
    let token_id = claims.token_id.as_deref().ok_or(WRONG)?;
    let plain = encryption.open(&place(token_id), &sealed).map_err(|_| WRONG)?;
    let known_as = String::from_utf8(plain).map_err(|_| WRONG)?;
    Ok(Some(known_as.into()))
}

/// In one token only.
fn place(token_id: &str) -> String {
    format!("party of token {token_id}")
}
