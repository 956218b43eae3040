//! The secret that makes stored key hashes useless to whoever copies the registry.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::{array, fmt};

/// The key of all API key hashes of an installation. Losing it makes every API key useless.
#[derive(Clone)]
pub struct Pepper([u8; 32]);

/// Why the pepper could not be had.
#[derive(Debug, thiserror::Error)]
pub enum PepperError {
    /// The file could not be read or written.
    #[error("cannot use the key pepper {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// The file is something else.
    #[error("{} does not hold 64 hexadecimal digits", path.display())]
    Content {
        /// The file.
        path: PathBuf,
    },
    /// Others than the owner may read or write the file.
    #[error("{} may be read by others (mode {mode:o}); set it to 600", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The operating system gave no random bytes.
    #[error("no random bytes could be had")]
    Randomness,
}

impl Pepper {
    /// From 32 secret bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A key for one purpose, from which neither the secret nor the key of another purpose can be told.
    pub(crate) fn derive(&self, purpose: &str) -> [u8; 32] {
        blake3::derive_key(purpose, &self.0)
    }

    /// One that nobody else has and that is gone with the process.
    ///
    /// # Errors
    /// The operating system gives no random bytes.
    pub fn random() -> Result<Self, PepperError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|_| PepperError::Randomness)?;
        Ok(Self(bytes))
    }

    /// Reads the pepper from `path`: 64 hexadecimal digits, mode 0600.
    ///
    /// # Errors
    /// If the file is not there or cannot be read, holds something else, or others may read it.
    pub fn load(path: &Path) -> Result<Self, PepperError> {
        let opened = File::open(path).map_err(|source| PepperError::File {
            path: path.to_owned(),
            source,
        });
        read(opened?, path)
    }

    /// Reads the pepper from `path` as [`Pepper::load`] does, or makes the file if there is none. Of two
    /// processes that start at once, both end up with the same pepper.
    ///
    /// # Errors
    /// If the file cannot be read or made, holds something else, or others may read it.
    pub fn load_or_create(path: &Path) -> Result<Self, PepperError> {
        match Self::load(path) {
            Err(PepperError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                create(path)?;
                Self::load(path)
            }
            other => other,
        }
    }

    pub(super) fn hasher(&self) -> blake3::Hasher {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(b"vagvisare api key v1");
        hasher
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pepper([redacted])")
    }
}

fn read(file: File, path: &Path) -> Result<Pepper, PepperError> {
    let failed = |source| PepperError::File {
        path: path.to_owned(),
        source,
    };
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(PepperError::Exposed {
            path: path.to_owned(),
            mode,
        });
    }
    let mut text = String::new();
    file.take(128).read_to_string(&mut text).map_err(failed)?;
    from_hex(text.trim_end())
        .map(Pepper)
        .ok_or_else(|| PepperError::Content { path: path.to_owned() })
}

/// Writes a whole file beside `path` and then links it in place: nobody ever reads half a pepper, and an existing one
/// is never replaced.
fn create(path: &Path) -> Result<(), PepperError> {
    let failed = |source| PepperError::File {
        path: path.to_owned(),
        source,
    };
    let mut random = [0_u8; 40];
    getrandom::fill(&mut random).map_err(|_| PepperError::Randomness)?;
    let (bytes, name) = random.split_at(32);
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}.new", to_hex(name)));
    let draft = PathBuf::from(draft);

    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .and_then(|mut file| {
            file.write_all(format!("{}\n", to_hex(bytes)).as_bytes())?;
            file.sync_all()
        });
    let linked = written.and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    // Gone or not, what counts is the file at `path`.
    let _ = fs::remove_file(&draft);
    linked.map_err(failed)
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = text.as_bytes().chunks_exact(2).map(|pair| {
        std::str::from_utf8(pair)
            .ok()
            .and_then(|pair| u8::from_str_radix(pair, 16).ok())
    });
    let read: [Option<u8>; 32] = array::from_fn(|_| bytes.next().flatten());
    read.iter()
        .all(Option::is_some)
        .then(|| read.map(Option::unwrap_or_default))
}
