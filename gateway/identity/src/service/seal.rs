//! Signing keys at rest: AES-256-GCM under a key that lives outside the database.

use crate::api_key::{Pepper, PepperError};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use std::fmt;
use std::path::Path;

const ID_LEN: usize = 8;

/// Why something could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// A key file.
    #[error("the key encryption key")]
    File(#[from] PepperError),
    /// Sealed with a key that is not among ours.
    #[error("it is encrypted with a key that is not among those configured")]
    OtherKey,
    /// Not what was sealed, or sealed for another place.
    #[error("it does not open: the database was changed, or belongs to another installation")]
    Broken,
    /// The operating system gave no random bytes.
    #[error("no random bytes could be had")]
    Randomness,
}

/// The keys that encrypt what is stored: the first seals, all of them open.
#[derive(Clone)]
pub struct KeyEncryption {
    first: [u8; 32],
    others: Vec<[u8; 32]>,
}

impl fmt::Debug for KeyEncryption {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyEncryption(..)")
    }
}

impl KeyEncryption {
    /// Keys from files: 64 hexadecimal digits, mode 0600. To change the key, put a new file first and keep the old ones
    /// until every signing key has been replaced.
    ///
    /// # Errors
    /// A file that is missing, wrong, or open to others.
    pub fn load(first: &Path, others: &[impl AsRef<Path>]) -> Result<Self, SealError> {
        let read = |path: &Path| Pepper::load(path).map(|secret| secret.derive("key encryption"));
        Ok(Self {
            first: read(first)?,
            others: others
                .iter()
                .map(|path| read(path.as_ref()))
                .collect::<Result<_, _>>()?,
        })
    }

    /// A key from `path`, which is made if there is none.
    ///
    /// # Errors
    /// As [`KeyEncryption::load`].
    pub fn load_or_create(path: &Path) -> Result<Self, SealError> {
        Ok(Self::from_secret(&Pepper::load_or_create(path)?))
    }

    /// A key from a secret at hand.
    pub fn from_secret(secret: &Pepper) -> Self {
        Self {
            first: secret.derive("key encryption"),
            others: Vec::new(),
        }
    }

    /// A key for another purpose, the same on every node.
    pub(crate) fn derive(&self, purpose: &str) -> [u8; 32] {
        blake3::derive_key(purpose, &self.first)
    }

    /// Seals `plain` for `place`, so that it opens nowhere else.
    pub(crate) fn seal(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0_u8; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|_| SealError::Randomness)?;
        let mut content = plain.to_vec();
        cipher(&self.first)?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.as_bytes()),
                &mut content,
            )
            .map_err(|_| SealError::Broken)?;
        Ok([id(&self.first).as_slice(), &nonce, &content].concat())
    }

    /// Opens what was sealed for `place`.
    pub(crate) fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (key_id, rest) = sealed.split_at_checked(ID_LEN).ok_or(SealError::Broken)?;
        let (nonce, content) = rest.split_at_checked(NONCE_LEN).ok_or(SealError::Broken)?;
        let keys = std::iter::once(&self.first).chain(&self.others);
        let key = keys
            .into_iter()
            .find(|key| id(key) == key_id)
            .ok_or(SealError::OtherKey)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Broken)?;
        let mut content = content.to_vec();
        let plain = cipher(key)?
            .open_in_place(nonce, Aad::from(place.as_bytes()), &mut content)
            .map_err(|_| SealError::Broken)?;
        Ok(plain.to_vec())
    }
}

fn cipher(key: &[u8; 32]) -> Result<LessSafeKey, SealError> {
    let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| SealError::Broken)?;
    Ok(LessSafeKey::new(key))
}

/// Says which key it is and nothing else about it.
fn id(key: &[u8; 32]) -> [u8; ID_LEN] {
    let whole = blake3::derive_key("key encryption key id", key);
    let mut id = [0; ID_LEN];
    id.copy_from_slice(whole.split_at(ID_LEN).0);
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_in_its_place_with_its_key_and_unchanged_only() {
        let (old, new) = (Pepper::from_bytes([1; 32]), Pepper::from_bytes([2; 32]));
        let (old, mut new) = (KeyEncryption::from_secret(&old), KeyEncryption::from_secret(&new));
        let sealed = old.seal("key-1", b"secret").unwrap();
        assert_eq!(old.open("key-1", &sealed).unwrap(), b"secret");
        assert!(matches!(old.open("key-2", &sealed), Err(SealError::Broken)));
        assert!(matches!(new.open("key-1", &sealed), Err(SealError::OtherKey)));
        for place in [ID_LEN, ID_LEN + NONCE_LEN, sealed.len() - 1] {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(old.open("key-1", &changed).is_err(), "{place}");
        }
        assert!(old.open("key-1", &sealed[..10]).is_err());
        new.others.push(old.first);
        assert_eq!(new.open("key-1", &sealed).unwrap(), b"secret");
        assert_ne!(old.seal("key-1", b"secret").unwrap(), sealed);
    }
}
