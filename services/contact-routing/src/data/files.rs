//! The data files, taken into the program so that it needs nothing beside itself, and their version.

use std::hash::{DefaultHasher, Hash, Hasher};

/// One file of needs: its topic and its text.
pub type NeedFile = (&'static str, &'static str);

/// All needs, by topic.
pub const NEEDS: &[NeedFile] = &[
    ("business", include_str!("../../data/needs/business.toml")),
    ("civic", include_str!("../../data/needs/civic.toml")),
    ("consumer", include_str!("../../data/needs/consumer.toml")),
    ("death", include_str!("../../data/needs/death.toml")),
    ("everyday", include_str!("../../data/needs/everyday.toml")),
    ("elderly", include_str!("../../data/needs/elderly.toml")),
    ("environment", include_str!("../../data/needs/environment.toml")),
    ("family", include_str!("../../data/needs/family.toml")),
    ("health", include_str!("../../data/needs/health.toml")),
    ("housing", include_str!("../../data/needs/housing.toml")),
    ("nature", include_str!("../../data/needs/nature.toml")),
    ("police", include_str!("../../data/needs/police.toml")),
    ("population", include_str!("../../data/needs/population.toml")),
    ("roads", include_str!("../../data/needs/roads.toml")),
    ("school", include_str!("../../data/needs/school.toml")),
    ("sickness", include_str!("../../data/needs/sickness.toml")),
    ("vehicles", include_str!("../../data/needs/vehicles.toml")),
    ("work", include_str!("../../data/needs/work.toml")),
];
/// What was learned from the phrasings of all needs and those under `data/phrasings`: `contact-routing learn`.
pub const RANKING: &[u8] = include_bytes!("../../data/needs-ranking.bin");
/// What was learned from emergency sentences and, as what tells of none, from those phrasings: `contact-routing learn`.
pub const EMERGENCY_SENSE: &[u8] = include_bytes!("../../data/emergency-sense.bin");
/// Questions that need one more thing to be answered.
pub const VAGUE: &str = include_str!("../../data/vague.toml");
/// Emergencies.
pub const EMERGENCIES: &str = include_str!("../../data/emergencies.toml");
/// Sentences of emergencies, and of what only sounds like one.
pub const EMERGENCY_SENTENCES: &str = include_str!("../../data/emergency-sentences.toml");
/// Families of words.
pub const CONCEPTS: &str = include_str!("../../data/concepts.toml");
/// Everyday words with the plain word for each.
pub const EVERYDAY_WORDS: &str = include_str!("../../data/everyday-words.toml");
/// Municipalities.
pub const MUNICIPALITIES: &str = include_str!("../../data/municipalities.csv");
/// Regions.
pub const REGIONS: &str = include_str!("../../data/regions.csv");
/// State agencies, courts and the agencies of Parliament.
pub const AGENCIES: &str = include_str!("../../data/agencies.csv");
/// Places inside municipalities.
pub const PLACES: &str = include_str!("../../data/places.csv");
/// Which court or county board covers what.
pub const DISTRICTS: &str = include_str!("../../data/districts.toml");
/// Official words in plain ones.
pub const GLOSSARY: &str = include_str!("../../data/glossary.csv");
/// What organisations call the people they serve.
pub const RELATIONS: &str = include_str!("../../data/relations.csv");
/// Public lines that are better than an agency's switchboard.
pub const PUBLIC_LINES: &str = include_str!("../../data/public-lines.csv");

/// Why a data file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The file is not in its form.
    #[error("{file}: {message}")]
    Form {
        /// Which file.
        file: String,
        /// What is wrong.
        message: String,
    },
    /// A name that no other file has.
    #[error("{what}: nothing is called '{name}'")]
    Unknown {
        /// Who refers to it.
        what: String,
        /// What it is called there.
        name: String,
    },
}

/// A fingerprint of all files: another one means that the stored directory is to be loaded again.
#[must_use]
pub fn version() -> String {
    let mut hasher = DefaultHasher::new();
    for (topic, text) in NEEDS {
        (topic, text).hash(&mut hasher);
    }
    for text in [
        MUNICIPALITIES,
        REGIONS,
        AGENCIES,
        PLACES,
        DISTRICTS,
        PUBLIC_LINES,
        VAGUE,
        EMERGENCIES,
        EMERGENCY_SENTENCES,
        CONCEPTS,
        EVERYDAY_WORDS,
    ] {
        text.hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

/// The rows of a semicolon-separated file after its heading, each with `columns` fields.
///
/// # Errors
/// A row with another number of fields.
pub fn rows(file: &'static str, text: &'static str, columns: usize) -> Result<Vec<Vec<&'static str>>, DataError> {
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .skip(1)
        .map(|line| {
            let row: Vec<&str> = line.split(';').map(str::trim).collect();
            if row.len() == columns {
                Ok(row)
            } else {
                let message = format!("{} fields instead of {columns} in: {line}", row.len());
                Err(DataError::Form {
                    file: file.to_owned(),
                    message,
                })
            }
        })
        .collect()
}
