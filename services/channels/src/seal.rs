//! Secrets at rest: AES-256-GCM under a key that lives outside the database, so that a copied database signs nothing.

use std::fmt;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, bail, ensure};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const KEY_LEN: usize = 32;
const ID_LEN: usize = 8;

/// Why a secret cannot be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SealError {
    /// Sealed with a key that is not among ours.
    OtherKey,
    /// Not what was sealed, or sealed for another place.
    Broken,
    /// The operating system gave no random bytes.
    Randomness,
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherKey => "it is encrypted with a key that is not among those configured",
            Self::Broken => "it does not open: the database was changed, or belongs to another installation",
            Self::Randomness => "no random bytes could be had",
        })
    }
}

impl std::error::Error for SealError {}

/// The keys that encrypt what is stored: the first seals, all of them open.
#[derive(Clone)]
pub struct SecretKeys {
    first: [u8; KEY_LEN],
    others: Vec<[u8; KEY_LEN]>,
}

impl fmt::Debug for SecretKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKeys(..)")
    }
}

impl SecretKeys {
    /// Keys from files: 64 hexadecimal digits, mode 0600. To change the key, put a new file first and keep the old one
    /// for a start: what it sealed is then sealed anew.
    ///
    /// # Errors
    /// A file that is missing, wrong, or open to others.
    pub fn load(first: &Path, others: &[impl AsRef<Path>]) -> anyhow::Result<Self> {
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
    /// As [`SecretKeys::load`]; a file that cannot be written.
    pub fn load_or_create(path: &Path) -> anyhow::Result<Self> {
        if !path.exists() {
            let mut key = [0_u8; KEY_LEN];
            if aws_lc_rs::rand::fill(&mut key).is_err() {
                bail!("no random bytes for {}", path.display());
            }
            let text: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
            let mut file = std::fs::OpenOptions::new();
            let file = file.write(true).create_new(true).mode(0o600).open(path);
            let mut file = file.with_context(|| format!("{} cannot be made", path.display()))?;
            writeln!(file, "{text}")?;
        }
        Self::load(path, &[] as &[&Path])
    }

    /// A key at hand.
    #[must_use]
    pub const fn from_bytes(key: [u8; KEY_LEN]) -> Self {
        Self {
            first: key,
            others: Vec::new(),
        }
    }

    /// Seals `plain` for `place`, so that it opens nowhere else.
    pub(crate) fn seal(&self, place: &str, plain: &str) -> Result<String, SealError> {
        let mut nonce = [0_u8; NONCE_LEN];
        aws_lc_rs::rand::fill(&mut nonce).map_err(|_| SealError::Randomness)?;
        let mut content = plain.as_bytes().to_vec();
        let aad = Aad::from(place.as_bytes());
        cipher(&self.first)?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut content)
            .map_err(|_| SealError::Broken)?;
        Ok(STANDARD.encode([id(&self.first).as_slice(), &nonce, &content].concat()))
    }

    /// Opens what was sealed for `place`.
    pub(crate) fn open(&self, place: &str, sealed: &str) -> Result<String, SealError> {
        let sealed = STANDARD.decode(sealed).map_err(|_| SealError::Broken)?;
        let (key_id, rest) = sealed.split_at_checked(ID_LEN).ok_or(SealError::Broken)?;
        let (nonce, content) = rest.split_at_checked(NONCE_LEN).ok_or(SealError::Broken)?;
        let mut keys = std::iter::once(&self.first).chain(&self.others);
        let key = keys.find(|key| id(key) == key_id).ok_or(SealError::OtherKey)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Broken)?;
        let mut content = content.to_vec();
        let plain = cipher(key)?
            .open_in_place(nonce, Aad::from(place.as_bytes()), &mut content)
            .map_err(|_| SealError::Broken)?;
        String::from_utf8(plain.to_vec()).map_err(|_| SealError::Broken)
    }

    /// Whether this was sealed with another key than the first.
    pub(crate) fn is_older(&self, sealed: &str) -> bool {
        STANDARD
            .decode(sealed)
            .is_ok_and(|bytes| !bytes.starts_with(&id(&self.first)))
    }
}

fn cipher(key: &[u8; KEY_LEN]) -> Result<LessSafeKey, SealError> {
    let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| SealError::Broken)?;
    Ok(LessSafeKey::new(key))
}

/// Says which key it is and nothing else about it.
fn id(key: &[u8; KEY_LEN]) -> [u8; ID_LEN] {
    let hash = digest::digest(&digest::SHA256, &[b"channels key id".as_slice(), key].concat());
    let mut id = [0; ID_LEN];
    id.copy_from_slice(hash.as_ref().split_at(ID_LEN).0);
    id
}

fn read(path: &Path) -> anyhow::Result<[u8; KEY_LEN]> {
    let shown = path.display();
    let mode = std::fs::metadata(path)
        .with_context(|| format!("{shown} cannot be read"))?
        .permissions()
        .mode();
    ensure!(mode & 0o077 == 0, "{shown} is open to others: chmod 600 {shown}");
    let text = std::fs::read_to_string(path).with_context(|| format!("{shown} cannot be read"))?;
    key(text.trim()).with_context(|| format!("{shown} must hold 64 hexadecimal digits (openssl rand -hex 32)"))
}

fn key(text: &str) -> Option<[u8; KEY_LEN]> {
    let digits: Vec<u8> = text
        .chars()
        .map(|sign| sign.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits
        .chunks_exact(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
        .collect();
    (digits.len() == 2 * KEY_LEN).then(|| bytes.try_into().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_in_its_place_with_its_key_and_unchanged_only() {
        let (old, mut new) = (SecretKeys::from_bytes([1; 32]), SecretKeys::from_bytes([2; 32]));
        let sealed = old.seal("1", "whsec_abc").unwrap();
        assert!(!sealed.contains("whsec"));
        assert_eq!(old.open("1", &sealed).unwrap(), "whsec_abc");
        assert_eq!(old.open("2", &sealed), Err(SealError::Broken));
        assert_eq!(new.open("1", &sealed), Err(SealError::OtherKey));
        assert_eq!((old.is_older(&sealed), new.is_older(&sealed)), (false, true));
        new.others.push([1; 32]);
        assert_eq!(new.open("1", &sealed).unwrap(), "whsec_abc");
        assert_ne!(old.seal("1", "whsec_abc").unwrap(), sealed);
    }

    #[test]
    fn a_key_file_is_made_once_and_refused_when_others_may_read_it() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("key");
        let made = SecretKeys::load_or_create(&file).unwrap();
        assert_eq!(SecretKeys::load_or_create(&file).unwrap().first, made.first);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(
            SecretKeys::load_or_create(&file)
                .unwrap_err()
                .to_string()
                .contains("chmod 600")
        );
        assert_eq!(key(&"0f".repeat(32)), Some([15; 32]));
        for wrong in ["", "0f", &"0g".repeat(32), &"0f".repeat(33)] {
            assert_eq!(key(wrong), None, "{wrong}");
        }
    }
}
