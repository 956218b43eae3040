//! Emergencies, questions that are too open, and families of words.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::data::files::{self, DataError};

/// Something that is happening now and needs 112 or another line before any routing.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Emergency {
    /// Stable id.
    pub id: String,
    /// Its name in Swedish.
    pub sv: String,
    /// Its name in English.
    pub en: String,
    /// What to do, in Swedish.
    pub why: String,
    /// What to do, in English.
    pub why_en: String,
    /// Numbers to call, first one first.
    pub numbers: Vec<String>,
    /// Words that tell of it.
    pub cues: Vec<String>,
    /// Words that tell of something else.
    #[serde(default)]
    pub block: Vec<String>,
}

/// The file of emergencies.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Emergencies {
    /// Words that say that it is over or only asked about.
    pub calm: Vec<String>,
    /// Words that say that it goes on now.
    pub now: Vec<String>,
    /// The emergencies.
    pub emergency: Vec<Emergency>,
    /// Signs that decide together.
    pub signs: Signs,
}

/// Signs of danger none of which decides alone.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signs {
    /// How many points make an emergency.
    pub needed: u32,
    /// Words of haste, one point together.
    pub urgent: Vec<String>,
    /// Words of an errand that can wait; signs do not count beside them.
    pub errand: Vec<String>,
    /// Groups of signs; each counts once.
    pub group: Vec<SignGroup>,
}

/// Signs of one kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignGroup {
    /// Id of the emergency that they are signs of.
    pub emergency: String,
    /// What they count.
    pub points: u32,
    /// The signs.
    pub cues: Vec<String>,
}

/// Sentences that the sense of danger is learned from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmergencySentences {
    /// By the id of an emergency: what people write when it happens, one a line.
    pub danger: BTreeMap<String, String>,
    /// What only sounds like one.
    pub calm: CalmSentences,
}

/// Sentences of no danger.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalmSentences {
    /// One a line.
    pub say: String,
}

/// A kind of question that cannot be answered before one more thing is known.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vague {
    /// Stable id.
    pub id: String,
    /// What to ask back, in Swedish.
    pub sv: String,
    /// What to ask back, in English.
    pub en: String,
    /// Needs to choose between.
    pub options: Vec<String>,
    /// Messages that hold no more than this.
    pub say: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VagueFile {
    vague: Vec<Vague>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EverydayFile {
    words: toml::Table,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConceptFile {
    concepts: toml::Table,
}

fn form(file: &str, error: &toml::de::Error) -> DataError {
    DataError::Form {
        file: file.to_owned(),
        message: error.to_string(),
    }
}

/// The emergencies of the data file.
///
/// # Errors
/// The file is not in its form.
pub fn emergencies() -> Result<Emergencies, DataError> {
    toml::from_str(files::EMERGENCIES).map_err(|error| form("emergencies.toml", &error))
}

/// The sentences that the sense of danger is learned from.
///
/// # Errors
/// The file is not in its form, or names an emergency that there is none of.
pub fn emergency_sentences(known: &[Emergency]) -> Result<EmergencySentences, DataError> {
    const FILE: &str = "emergency-sentences.toml";
    let sentences: EmergencySentences =
        toml::from_str(files::EMERGENCY_SENTENCES).map_err(|error| form(FILE, &error))?;
    let unknown = sentences
        .danger
        .keys()
        .find(|id| known.iter().all(|one| one.id != **id));
    match unknown {
        Some(id) => Err(DataError::Unknown {
            what: FILE.to_owned(),
            name: id.clone(),
        }),
        None => Ok(sentences),
    }
}

/// The open questions of the data file.
///
/// # Errors
/// The file is not in its form.
pub fn vague() -> Result<Vec<Vague>, DataError> {
    toml::from_str::<VagueFile>(files::VAGUE)
        .map(|file| file.vague)
        .map_err(|error| form("vague.toml", &error))
}

/// Families of words: name and words.
///
/// # Errors
/// The file is not in its form.
pub fn concepts() -> Result<Vec<(String, Vec<String>)>, DataError> {
    let file: ConceptFile = toml::from_str(files::CONCEPTS).map_err(|error| form("concepts.toml", &error))?;
    Ok(lists(file.concepts))
}

/// Everyday words: the plain word, and the words that are read as it.
///
/// # Errors
/// The file is not in its form.
pub fn everyday_words() -> Result<Vec<(String, Vec<String>)>, DataError> {
    let file: EverydayFile =
        toml::from_str(files::EVERYDAY_WORDS).map_err(|error| form("everyday-words.toml", &error))?;
    Ok(lists(file.words))
}

fn lists(table: toml::Table) -> Vec<(String, Vec<String>)> {
    table
        .into_iter()
        .map(|(name, words)| {
            let words = words.as_array().into_iter().flatten();
            (
                name,
                words.filter_map(|word| word.as_str().map(str::to_owned)).collect(),
            )
        })
        .collect()
}
