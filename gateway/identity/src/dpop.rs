//! Proofs of possession (RFC 9449): a caller shows with each request that it holds the key its token is bound to.
//!
//! [`check`] is a pure function. That a proof is used once is a matter of memory: [`Replays`] keeps the ids of one node,
//! bounded, for as long as a proof is fresh.

use crate::json::{Object, Value};
use crate::token::TokenError;
use crate::token::claims::{required, seconds, text};
use crate::token::compact::{self, Kind};
use crate::token::keys;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use subtle::ConstantTimeEq;

/// Longest proof that is looked at, in bytes.
pub const MAX_LENGTH: usize = 4 * 1024;
/// How old a proof may be, in seconds.
pub const MAX_AGE: i64 = 60;
/// How far ahead its clock may be.
const AHEAD: i64 = 10;
/// How long a nonce is handed out; it is taken for twice that.
const NONCE_PERIOD: i64 = 120;

/// Why a proof does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Longer than [`MAX_LENGTH`].
    #[error("the DPoP proof is too long")]
    Oversize,
    /// Its form, header, key or signature.
    #[error("the DPoP proof does not hold: {0}")]
    Token(String),
    /// `jwk` is not a public key for the algorithm.
    #[error("the DPoP proof's key is not a public key for its algorithm")]
    Key,
    /// `htm` is another method.
    #[error("the DPoP proof is for another method")]
    Method,
    /// `htu` is another address.
    #[error("the DPoP proof is for another address")]
    Address,
    /// `ath` is another token's hash.
    #[error("the DPoP proof is for another access token")]
    AccessToken,
    /// The proof's key is not the one that the token is bound to.
    #[error("the DPoP proof is made with another key than the token is bound to")]
    OtherKey,
    /// `iat` is too long ago or yet to come.
    #[error("the DPoP proof is not fresh; make a new one for each request")]
    Stale,
    /// `jti` has been seen.
    #[error("the DPoP proof has been used before; make a new one for each request")]
    Replay,
    /// It must carry a nonce of ours, and carries none or an old one.
    #[error("the DPoP proof must carry the nonce of the DPoP-Nonce header")]
    Nonce,
}

/// What a proof has to be for.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The request's method.
    pub method: &'a str,
    /// The request's address; query and fragment do not count.
    pub address: &'a str,
    /// The token that comes with it.
    pub access_token: Option<&'a str>,
    /// The thumbprint that the token is bound to.
    pub thumbprint: Option<&'a str>,
    /// Unix seconds.
    pub now: i64,
    /// The nonces it must carry one of.
    pub nonces: Option<&'a Nonces>,
}

/// A proof that holds, as far as one can tell without memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Thumbprint of its key (RFC 7638), in base64url.
    pub thumbprint: String,
    /// Hash of its key and id.
    pub id: [u8; 32],
    /// Until then its id must be remembered.
    pub expires_at: i64,
}

/// Checks a proof, the cheap things first.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn check(proof: &str, expected: &Expected<'_>) -> Result<Proof, ProofError> {
    if proof.len() > MAX_LENGTH {
        return Err(ProofError::Oversize);
    }
    let mut compact = compact::read(proof, Kind::Proof).map_err(describe)?;
    let jwk = compact.key.take().ok_or(ProofError::Key)?;
    let claims = &compact.claims;
    let id = required(text(claims, "jti").map_err(describe)?, "jti").map_err(describe)?;
    if id.len() > 256 {
        return Err(ProofError::Oversize);
    }
    if text(claims, "htm").map_err(describe)? != Some(expected.method) {
        return Err(ProofError::Method);
    }
    let address = text(claims, "htu").map_err(describe)?.unwrap_or_default();
    if !same_address(address, expected.address) {
        return Err(ProofError::Address);
    }
    let issued = required(seconds(claims, "iat").map_err(describe)?, "iat").map_err(describe)?;
    if issued < expected.now - MAX_AGE || issued > expected.now + AHEAD {
        return Err(ProofError::Stale);
    }
    check_access_token(claims, expected)?;
    let canonical = keys::thumbprint_input(&jwk).ok_or(ProofError::Key)?;
    let thumbprint = hash(canonical.as_bytes());
    if expected
        .thumbprint
        .is_some_and(|bound| !bool::from(bound.as_bytes().ct_eq(thumbprint.as_bytes())))
    {
        return Err(ProofError::OtherKey);
    }
    let key = keys::embedded(jwk, compact.algorithm).ok_or(ProofError::Key)?;
    let signed = compact.signed.as_bytes();
    match jsonwebtoken::crypto::verify(compact.signature, signed, &key, compact.algorithm) {
        Ok(true) => {}
        Ok(false) | Err(_) => return Err(describe(TokenError::BadSignature)),
    }
    if let Some(nonces) = expected.nonces {
        let nonce = text(claims, "nonce").map_err(describe)?;
        if !nonce.is_some_and(|nonce| nonces.takes(nonce, expected.now)) {
            return Err(ProofError::Nonce);
        }
    }
    // Of its own kind: it is kept beside other things that nodes share.
    let mut hasher = blake3::Hasher::new_derive_key("vagvisare 2026-11 used proof of possession");
    hasher.update(thumbprint.as_bytes());
    hasher.update(id.as_bytes());
    Ok(Proof {
        thumbprint,
        id: *hasher.finalize().as_bytes(),
        expires_at: issued + MAX_AGE + 1,
    })
}

fn describe(error: TokenError) -> ProofError {
    ProofError::Token(error.to_string().replace("access token", "proof"))
}

fn check_access_token(claims: &Object, expected: &Expected<'_>) -> Result<(), ProofError> {
    let Some(token) = expected.access_token else {
        return Ok(());
    };
    match claims.get("ath") {
        Some(Value::Text(given)) if *given == hash(token.as_bytes()) => Ok(()),
        _ => Err(ProofError::AccessToken),
    }
}

/// SHA-256 in base64url.
pub fn hash(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, bytes).as_ref())
}

/// RFC 9449 section 4.3: without query and fragment, scheme and host in any case, the scheme's own port or none.
fn same_address(left: &str, right: &str) -> bool {
    fn parts(address: &str) -> Option<(String, String, &str)> {
        let end = address.find(['?', '#']).unwrap_or(address.len());
        let (scheme, rest) = address.get(..end)?.split_once("://")?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (scheme, mut authority) = (scheme.to_ascii_lowercase(), authority.to_ascii_lowercase());
        let own_port = match scheme.as_str() {
            "https" => ":443",
            "http" => ":80",
            _ => return None,
        };
        if let Some(bare) = authority.strip_suffix(own_port) {
            authority = bare.to_owned();
        }
        Some((scheme, authority, if path.is_empty() { "/" } else { path }))
    }
    matches!((parts(left), parts(right)), (Some(left), Some(right)) if left == right)
}

/// Nonces that need no memory: the time, signed with a key that all nodes have.
#[derive(Clone)]
pub struct Nonces(Arc<hmac::Key>);

impl fmt::Debug for Nonces {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Nonces(..)")
    }
}

impl Nonces {
    /// Nonces signed with `key`.
    pub fn new(key: [u8; 32]) -> Self {
        Self(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, &key)))
    }

    /// The nonce to use now.
    pub fn current(&self, now: i64) -> String {
        self.of(now.div_euclid(NONCE_PERIOD))
    }

    fn of(&self, period: i64) -> String {
        let tag = hmac::sign(&self.0, &period.to_be_bytes());
        URL_SAFE_NO_PAD.encode(tag.as_ref().split_at(16).0)
    }

    fn takes(&self, nonce: &str, now: i64) -> bool {
        let period = now.div_euclid(NONCE_PERIOD);
        let is = |period| bool::from(self.of(period).as_bytes().ct_eq(nonce.as_bytes()));
        is(period) || is(period - 1)
    }
}

/// Ids of proofs that were used on this node. Bounded: when it is full, proofs are refused rather than forgotten.
pub struct Replays {
    shards: Vec<Mutex<Shard>>,
    capacity: usize,
}

#[derive(Default)]
struct Shard {
    young: HashSet<[u8; 32]>,
    old: HashSet<[u8; 32]>,
    turned_at: i64,
}

impl fmt::Debug for Replays {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Replays(..)")
    }
}

impl Replays {
    /// Room for `capacity` proofs in one period of freshness.
    pub fn new(capacity: usize) -> Self {
        const SHARDS: usize = 16;
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            capacity: capacity.div_ceil(SHARDS),
        }
    }

    /// Notes a proof.
    ///
    /// # Errors
    /// [`ProofError::Replay`] if it has been noted before, or cannot be.
    pub fn note(&self, proof: &Proof, now: i64) -> Result<(), ProofError> {
        // Two generations, each as long as a proof can be fresh: what leaves the old one is stale by itself.
        const TURN: i64 = MAX_AGE + AHEAD + 1;
        let place = usize::from(proof.id[0]) % self.shards.len();
        let Some(shard) = self.shards.get(place) else {
            return Err(ProofError::Replay);
        };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if now - shard.turned_at >= TURN {
            let young = std::mem::take(&mut shard.young);
            shard.old = if now - shard.turned_at >= 2 * TURN {
                HashSet::new()
            } else {
                young
            };
            shard.turned_at = now;
        }
        if shard.old.contains(&proof.id) || shard.young.len() >= self.capacity || !shard.young.insert(proof.id) {
            return Err(ProofError::Replay);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_the_same_whatever_does_not_count() {
        let same = [
            ("https://a.example/x", "https://a.example/x?y=1"),
            ("HTTPS://A.example:443/x#f", "https://a.example/x"),
            ("https://a.example", "https://a.example/"),
            ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x"),
        ];
        assert!(same.iter().all(|(left, right)| same_address(left, right)));
        let other = [
            ("https://a.example/x", "https://a.example/X"),
            ("https://a.example/x", "http://a.example/x"),
            ("https://a.example/x", "https://a.example/x/"),
            ("https://a.example:8443/x", "https://a.example/x"),
            ("a.example/x", "a.example/x"),
            ("", ""),
        ];
        assert!(other.iter().all(|(left, right)| !same_address(left, right)));
    }

    #[test]
    fn nonces_are_taken_for_two_periods() {
        let (nonces, others) = (Nonces::new([1; 32]), Nonces::new([2; 32]));
        let nonce = nonces.current(1_000_000_080);
        for later in [0, 100, NONCE_PERIOD] {
            assert!(nonces.takes(&nonce, 1_000_000_080 + later), "{later}");
        }
        assert!(!nonces.takes(&nonce, 1_000_000_080 + 2 * NONCE_PERIOD));
        assert!(!others.takes(&nonce, 1_000_000_080));
        assert!(!nonces.takes("", 1_000_000_080));
    }

    #[test]
    fn a_proof_is_noted_once_while_it_is_fresh_and_never_beyond_the_room_there_is() {
        let replays = Replays::new(16);
        let proof = |number: u8| Proof {
            thumbprint: String::new(),
            id: [number; 32],
            expires_at: 0,
        };
        assert!(replays.note(&proof(1), 1_000).is_ok());
        for later in [0, 30, 70, 71, 100] {
            assert_eq!(
                replays.note(&proof(1), 1_000 + later),
                Err(ProofError::Replay),
                "{later}"
            );
        }
        assert_eq!(
            replays.note(&proof(17), 1_080),
            Ok(()),
            "the next generation has room of its own"
        );
        assert_eq!(replays.note(&proof(33), 1_081), Err(ProofError::Replay), "one a shard");
        assert!(replays.note(&proof(1), 5_000).is_ok());
    }
}
