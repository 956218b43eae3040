//! The keys that people's identities are encrypted and found with.

use super::PeopleError;
use crate::api_key::{Pepper, PepperError};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use std::fmt;
use std::path::Path;

/// One key: for encryption and, apart from that, for finding.
struct Key {
    id: String,
    cipher: LessSafeKey,
    lookup: [u8; 32],
}

impl Key {
    fn from_secret(secret: &Pepper) -> Result<Self, PeopleError> {
        let cipher = secret.derive("vagvisare people encryption v1");
        let name = secret.derive("vagvisare people key id v1");
        Ok(Self {
            id: name.iter().take(8).map(|byte| format!("{byte:02x}")).collect(),
            cipher: LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &cipher).map_err(|_| PeopleError::Sealed)?),
            lookup: secret.derive("vagvisare people look-up v1"),
        })
    }
}

/// The keys of an installation: the first is used for what is new, the others open what is older.
///
/// To change the key, put a new file first, keep the old one after it, and let every node start again; then
/// [`super::People::rotate`] encrypts every row anew, and the old file can go.
pub struct PersonKeys {
    first: Key,
    others: Vec<Key>,
}

impl fmt::Debug for PersonKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PersonKeys(..)")
    }
}

impl PersonKeys {
    /// From secrets at hand, the one for new rows first.
    ///
    /// # Errors
    /// A secret that cannot be a key.
    pub fn from_secrets(first: &Pepper, others: &[Pepper]) -> Result<Self, PeopleError> {
        Ok(Self {
            first: Key::from_secret(first)?,
            others: others.iter().map(Key::from_secret).collect::<Result<_, _>>()?,
        })
    }

    /// The secrets of files: 64 hexadecimal digits each, mode 0600.
    ///
    /// # Errors
    /// A file that is missing, wrong, or open to others.
    pub fn load(first: &Path, others: &[impl AsRef<Path>]) -> Result<(Pepper, Vec<Pepper>), PepperError> {
        let others = others.iter().map(|path| Pepper::load(path.as_ref()));
        Ok((Pepper::load(first)?, others.collect::<Result<_, _>>()?))
    }

    /// The id of the key for new rows.
    pub(super) fn current(&self) -> &str {
        &self.first.id
    }

    /// Seals `plain` for the row `place`: it opens nowhere else.
    pub(super) fn seal(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, PeopleError> {
        let mut nonce = [0_u8; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|_| PeopleError::Randomness)?;
        let mut content = plain.to_vec();
        let place = Aad::from(place.as_bytes());
        self.first
            .cipher
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), place, &mut content)
            .map_err(|_| PeopleError::Sealed)?;
        Ok([nonce.as_slice(), &content].concat())
    }

    /// Opens a row that was sealed with the key `key_id`.
    pub(super) fn open(&self, key_id: &str, place: &str, sealed: &[u8]) -> Result<Vec<u8>, PeopleError> {
        let key = self.all().find(|key| key.id == key_id).ok_or(PeopleError::Sealed)?;
        let (nonce, content) = sealed.split_at_checked(NONCE_LEN).ok_or(PeopleError::Sealed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| PeopleError::Sealed)?;
        let mut content = content.to_vec();
        let plain = key
            .cipher
            .open_in_place(nonce, Aad::from(place.as_bytes()), &mut content)
            .map_err(|_| PeopleError::Sealed)?;
        Ok(plain.to_vec())
    }

    /// By what `parts` are found, with each key, the one for new rows first.
    pub(super) fn lookups(&self, kind: &str, parts: &[&str]) -> Vec<String> {
        self.all().map(|key| lookup(&key.lookup, kind, parts)).collect()
    }

    fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

/// A keyed hash; each part with its length, so that no two lists of parts look alike.
fn lookup(key: &[u8; 32], kind: &str, parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new_keyed(key);
    for part in std::iter::once(&kind).chain(parts) {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_in_its_place_with_its_key_and_unchanged_only() {
        let (old, new) = (Pepper::from_bytes([1; 32]), Pepper::from_bytes([2; 32]));
        let before = PersonKeys::from_secrets(&old, &[]).unwrap();
        let after = PersonKeys::from_secrets(&new, &[old]).unwrap();
        let sealed = before.seal("person/1", b"secret").unwrap();
        assert_eq!(before.open(before.current(), "person/1", &sealed).unwrap(), b"secret");
        assert_eq!(after.open(before.current(), "person/1", &sealed).unwrap(), b"secret");
        assert!(before.open(before.current(), "person/2", &sealed).is_err());
        assert!(before.open(after.current(), "person/1", &sealed).is_err());
        for at in [0, NONCE_LEN, sealed.len() - 1] {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(before.open(before.current(), "person/1", &changed).is_err(), "{at}");
        }
        assert_ne!(before.seal("person/1", b"secret").unwrap(), sealed);
    }

    #[test]
    fn no_two_lists_of_parts_are_found_alike() {
        let keys = PersonKeys::from_secrets(&Pepper::from_bytes([1; 32]), &[]).unwrap();
        assert_ne!(keys.lookups("a", &["b", "c"]), keys.lookups("a", &["bc"]));
        assert_ne!(keys.lookups("a", &["bc"]), keys.lookups("ab", &["c"]));
    }
}
