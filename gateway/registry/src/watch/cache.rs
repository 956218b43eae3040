//! The last picture, on disk: what a node starts from when its database is away.

use super::picture::{Documented, Picture};
use crate::compile::Objects;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// First word of the file; another one is another form.
const FORM: &str = "vagvisare-registry-1";

/// A file that holds the last picture. It has hashes of keys in it: only its owner may read it.
#[derive(Debug, Clone)]
pub struct Cache {
    file: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    objects: Objects,
    documents: BTreeMap<String, String>,
}

impl Cache {
    /// Keeps the picture in `file`.
    pub fn new(file: PathBuf) -> Self {
        Self { file }
    }

    /// Writes the picture. What was there stays until the new one is whole.
    pub(super) fn write(&self, picture: &Picture) -> io::Result<()> {
        let kept = Kept {
            objects: picture.objects.clone(),
            documents: picture
                .documents
                .iter()
                .map(|(hash, document)| (hash.clone(), document.text.clone()))
                .collect(),
        };
        let body = serde_json::to_vec(&kept).map_err(io::Error::other)?;
        if let Some(directory) = self.file.parent().filter(|directory| *directory != Path::new("")) {
            std::fs::create_dir_all(directory)?;
        }
        let half = self.file.with_extension("half");
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&half)?;
        writeln!(file, "{FORM} {}", blake3::hash(&body).to_hex())?;
        file.write_all(&body)?;
        file.sync_all()?;
        std::fs::rename(&half, &self.file)
    }

    /// Reads the picture; `None` where none was ever written.
    pub(super) fn read(&self) -> Result<Option<Picture>, String> {
        let bytes = match std::fs::read(&self.file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("{}: {error}", self.file.display())),
        };
        let damaged = || format!("{} is damaged", self.file.display());
        let end = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(damaged)?;
        let (head, body) = bytes.split_at_checked(end).ok_or_else(damaged)?;
        let body = body.get(1..).ok_or_else(damaged)?;
        let expected = format!("{FORM} {}", blake3::hash(body).to_hex());
        if head != expected.as_bytes() {
            return Err(damaged());
        }
        let kept: Kept = serde_json::from_slice(body).map_err(|error| format!("{}: {error}", self.file.display()))?;
        Ok(Some(Picture {
            objects: kept.objects,
            documents: kept
                .documents
                .into_iter()
                .map(|(hash, text)| (hash, Arc::new(Documented::read(text))))
                .collect(),
        }))
    }
}
