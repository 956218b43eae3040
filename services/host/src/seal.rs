//! What a service keeps that is nobody's to read, at rest: AES-256-GCM, the key in a file, bound to the place it is kept in.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::rand;

const KEY_BYTES: usize = 32;

/// Encrypts and decrypts.
pub struct Seal(RandomizedNonceKey);

impl fmt::Debug for Seal {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal(..)")
    }
}

/// It could not be encrypted, or what is stored is not what was stored.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("what is kept cannot be encrypted or decrypted")]
pub struct Broken;

impl Seal {
    /// Reads the key, or makes one that only this user can read.
    ///
    /// # Errors
    /// A file that cannot be read or made, or that does not hold 32 bytes.
    pub fn load_or_create(file: &Path) -> io::Result<Self> {
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(file) {
            Ok(mut new) => {
                let mut key = [0; KEY_BYTES];
                rand::fill(&mut key).map_err(|_| io::Error::other("no randomness"))?;
                new.write_all(&key)?;
                new.sync_all()?;
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        let mut key = Vec::new();
        let file = OpenOptions::new().read(true).open(file)?;
        file.take(1 + KEY_BYTES as u64).read_to_end(&mut key)?;
        RandomizedNonceKey::new(&AES_256_GCM, &key)
            .map(Self)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "a key must be 32 bytes"))
    }

    /// The bytes, unreadable: nonce and then ciphertext. `place` must be the same when they are opened.
    ///
    /// # Errors
    /// The cipher fails.
    pub fn close(&self, bytes: &[u8], place: &str) -> Result<Vec<u8>, Broken> {
        let mut text = bytes.to_vec();
        let sealed = self.0.seal_in_place_append_tag(Aad::from(place.as_bytes()), &mut text);
        let mut all = sealed.map_err(|_| Broken)?.as_ref().to_vec();
        all.append(&mut text);
        Ok(all)
    }

    /// The bytes again.
    ///
    /// # Errors
    /// Another key, another place, or changed bytes.
    pub fn open(&self, sealed: &[u8], place: &str) -> Result<Vec<u8>, Broken> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN).ok_or(Broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Broken)?;
        let mut text = text.to_vec();
        let plain = self.0.open_in_place(nonce, Aad::from(place.as_bytes()), &mut text);
        plain.map(|plain| plain.to_vec()).map_err(|_| Broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_with_its_key_and_in_its_place_only() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("key");
        let seal = Seal::load_or_create(&file).unwrap();
        let sealed = seal.close(b"070-174 06 05", "one").unwrap();
        assert!(!sealed.windows(4).any(|part| part == b"0605" || part == b"174 "));
        let again = Seal::load_or_create(&file).unwrap();
        assert_eq!(again.open(&sealed, "one").unwrap(), b"070-174 06 05");
        assert!(again.open(&sealed, "other").is_err());
        let mut changed = sealed.clone();
        changed[15] ^= 1;
        assert!(again.open(&changed, "one").is_err() && again.open(&sealed[..5], "one").is_err());
        std::fs::write(&file, b"short").unwrap();
        assert!(Seal::load_or_create(&file).is_err());
    }
}
