//! What is shared, at rest: AES-256-GCM, the key in a file, bound to the place it is kept in.

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::rand;

const KEY_BYTES: usize = 32;

/// Encrypts and decrypts.
pub struct Seal(RandomizedNonceKey);

/// It could not be encrypted, or what is stored is not what was stored.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the content cannot be encrypted or decrypted")]
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
