//! API keys: `vv_<env>_<keyId>_<secret>`.
//!
//! - `env`: 2 to 8 lowercase letters, so that a test key is seen to be one.
//! - `keyId`: finds the stored record; not secret.
//! - `secret`: 52 characters (256 bits) and a checksum of 6. The checksum lets a typing error and a secret scanner's
//!   find be told offline; it protects nothing.
//!
//! What is stored of a key is a keyed hash of id and secret. The hash's key, the [`Pepper`], lives outside the registry,
//! so that a copy of the registry alone says nothing about any key, not even whether a guess is right.

mod format;
mod pepper;

pub use pepper::{Pepper, PepperError};

use std::fmt;
use subtle::ConstantTimeEq;

/// Longest text that is looked at as a key, in bytes.
pub const MAX_LENGTH: usize = 128;

/// Why a text is not a key, or no key could be made. Says nothing about whether such a key exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Longer than [`MAX_LENGTH`].
    #[error("the API key is too long")]
    TooLong,
    /// Not four parts, or not beginning with `vv`.
    #[error("the API key does not have the form vv_<environment>_<id>_<secret>")]
    Form,
    /// The environment is not 2 to 8 lowercase letters.
    #[error("the API key's environment is not 2 to 8 lowercase letters")]
    Environment,
    /// The id has the wrong length or characters.
    #[error("the API key's id is malformed")]
    Id,
    /// The secret has the wrong length or characters.
    #[error("the API key's secret is malformed")]
    Secret,
    /// The parts do not belong together: a typing or copying error.
    #[error("the API key's checksum is wrong: it was not copied whole")]
    Checksum,
    /// The operating system gave no random bytes.
    #[error("no random bytes could be had")]
    Randomness,
}

/// A key just made. The only moment at which its text exists.
#[derive(Debug)]
pub struct NewKey {
    /// The text, to be shown once.
    pub text: SecretText,
    /// Its id, for the registry.
    pub id: String,
    /// Its keyed hash, for the registry.
    pub hash: [u8; 32],
}

/// A text that does not show in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(String);

impl SecretText {
    /// Keeps `text` from being shown.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// Makes a key for `environment`.
///
/// # Errors
/// [`KeyError::Environment`] for an environment that no key can have, [`KeyError::Randomness`].
pub fn generate(environment: &str, pepper: &Pepper) -> Result<NewKey, KeyError> {
    format::check_environment(environment)?;
    let mut random = [0_u8; format::ID_BYTES + format::SECRET_BYTES];
    getrandom::fill(&mut random).map_err(|_| KeyError::Randomness)?;
    let (id, secret) = random.split_at(format::ID_BYTES);
    let text = format::compose(environment, id, secret);
    let presented = parse(&text)?;
    Ok(NewKey {
        id: presented.id.to_owned(),
        hash: presented.hash(pepper),
        text: SecretText(text),
    })
}

/// A well-formed key as a caller presented it: nothing is known yet about whether it exists.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    environment: &'a str,
    id: &'a str,
    secret: &'a str,
}

/// Reads a key. Allocates nothing and takes bounded time whatever the text.
///
/// # Errors
/// The first thing that is wrong with the text.
pub fn parse(text: &str) -> Result<Presented<'_>, KeyError> {
    if text.len() > MAX_LENGTH {
        return Err(KeyError::TooLong);
    }
    let mut parts = text.split('_');
    let (Some("vv"), Some(environment), Some(id), Some(secret), None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(KeyError::Form);
    };
    format::check_environment(environment)?;
    format::check_id(id)?;
    format::check_secret(text, secret)?;
    Ok(Presented {
        environment,
        id,
        secret,
    })
}

impl<'a> Presented<'a> {
    /// The environment the key says it is for.
    pub fn environment(&self) -> &'a str {
        self.environment
    }

    /// The id under which the key's record is found.
    pub fn id(&self) -> &'a str {
        self.id
    }

    /// What is stored of this key.
    pub fn hash(&self, pepper: &Pepper) -> [u8; 32] {
        let mut hasher = pepper.hasher();
        // Each part with its length, so that no two keys feed the same bytes.
        for part in [self.environment, self.id, self.secret] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        *hasher.finalize().as_bytes()
    }

    /// Whether this is the key that `stored` was made from. Takes the same time either way.
    pub fn matches(&self, stored: &[u8; 32], pepper: &Pepper) -> bool {
        self.hash(pepper).ct_eq(stored).into()
    }
}

impl fmt::Debug for Presented<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = formatter.debug_struct("Presented");
        text.field("environment", &self.environment)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
