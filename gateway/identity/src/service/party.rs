//! Whom a person's token speaks for, and who acts for them, for the producer alone.
//!
//! The consumer knows the person by its own id (`sub`), the organisation of the API by another. That one travels in the
//! token, encrypted (`party`, and that of `act`): the edge opens it without asking anybody, and the consumer, who cannot,
//! learns of no id that somebody else knows.

use super::{KeyEncryption, SealError};
use crate::token::{Claims, TokenError};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::sync::Arc;

/// Whose id is sealed: one is never taken for the other.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    /// Of the person that the token is about.
    Subject,
    /// Of the person who acts for them.
    Actor,
}

/// What `party` says in the token with this id.
pub(super) fn seal(
    encryption: &KeyEncryption,
    part: Part,
    token_id: &str,
    known_as: &str,
) -> Result<String, SealError> {
    let sealed = encryption.seal(&place(part, token_id), known_as.as_bytes())?;
    Ok(URL_SAFE_NO_PAD.encode(sealed))
}

/// Opens what was sealed in the token that says this.
pub(crate) fn open(encryption: &KeyEncryption, claims: &mut Claims) -> Result<(), TokenError> {
    let token_id = claims.token_id.clone();
    let opened = |part, sealed: &Option<Box<str>>, wrong: TokenError| {
        let Some(sealed) = sealed else { return Ok(None) };
        let plain = || -> Option<Arc<str>> {
            let sealed = URL_SAFE_NO_PAD.decode(&**sealed).ok()?;
            let plain = encryption.open(&place(part, token_id.as_deref()?), &sealed).ok()?;
            Some(String::from_utf8(plain).ok()?.into())
        };
        plain().map(Some).ok_or(wrong)
    };
    claims.known_as = opened(Part::Subject, &claims.sealed_party, TokenError::WrongClaimType("party"))?;
    if let Some(actor) = &mut claims.representative {
        actor.known_as = opened(Part::Actor, &actor.sealed, TokenError::WrongClaimType("act"))?;
    }
    Ok(())
}

/// In one token only.
fn place(part: Part, token_id: &str) -> String {
    match part {
        Part::Subject => format!("party of token {token_id}"),
        Part::Actor => format!("actor of token {token_id}"),
    }
}
