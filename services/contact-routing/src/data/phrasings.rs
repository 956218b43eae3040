//! Phrasings beside those of the needs themselves: what the ranking is learned from, and nothing else reads.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::data::files::DataError;

/// Phrasings by the id of a need.
pub type Phrasings = BTreeMap<String, Said>;

/// What people say who come for a need, one a line.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// In Swedish.
    pub sv: String,
    /// In English.
    pub en: String,
}

/// Reads every file of a directory.
///
/// # Errors
/// The directory or a file cannot be read, a file is not in its form, or a need stands in two of them.
pub fn read(directory: &Path) -> Result<Phrasings, DataError> {
    let form = |file: &Path, message: String| DataError::Form {
        file: file.display().to_string(),
        message,
    };
    let entries = std::fs::read_dir(directory).map_err(|error| form(directory, error.to_string()))?;
    let mut all = Phrasings::new();
    for entry in entries {
        let file = entry.map_err(|error| form(directory, error.to_string()))?.path();
        let text = std::fs::read_to_string(&file).map_err(|error| form(&file, error.to_string()))?;
        let part: Phrasings = toml::from_str(&text).map_err(|error| form(&file, error.to_string()))?;
        for (id, said) in part {
            if all.insert(id.clone(), said).is_some() {
                return Err(form(&file, format!("{id} stands in another file, too")));
            }
        }
    }
    Ok(all)
}
