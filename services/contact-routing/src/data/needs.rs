//! Needs: what people come for, in their own words, and the rule that says who is responsible.

use model::LocalizedText;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::data::files::{self, DataError};

/// On which level of public administration a need is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// A state agency, county administrative boards included.
    State,
    /// The municipality.
    Municipality,
    /// The region.
    Region,
    /// A court or tribunal.
    Court,
    /// No authority: a company, a landlord, a union, a church.
    NotPublic,
}

/// Who is responsible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "is", content = "who")]
pub enum Responsible {
    /// The state agency with this official name.
    Agency(String),
    /// The municipality of the place.
    Municipality,
    /// The region of the place.
    Region,
    /// The county administrative board of the place.
    CountyBoard,
    /// One of the seven county boards that do this for all.
    ConcentratedCountyBoard,
    /// The district court of the place.
    DistrictCourt,
    /// The administrative court of the place.
    AdministrativeCourt,
    /// The rent and lease tribunal of the place.
    RentTribunal,
    /// The land and environment court of the place.
    EnvironmentCourt,
    /// Nobody public; who it is instead.
    NotPublic(LocalizedText),
}

/// Which place decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum AreaFrom {
    /// Where the person lives.
    Residence,
    /// Where the thing happens or stands.
    Place,
    /// Where the property lies.
    Property,
    /// No place: the same everywhere.
    None,
}

/// An area where somebody else is responsible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// County codes.
    #[serde(default)]
    pub counties: Vec<String>,
    /// Municipality names.
    #[serde(default)]
    pub municipalities: Vec<String>,
    /// A named list, such as `own_land_survey`.
    #[serde(default)]
    pub list: Option<String>,
    /// `municipality` or `region`.
    pub to: String,
    /// Why, in Swedish.
    pub note: String,
}

/// What somebody may need from public administration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Need {
    /// Stable id, a slug.
    pub id: String,
    /// The file it stands in.
    pub topic: String,
    /// What it is called.
    pub name: LocalizedText,
    /// Who is responsible.
    pub responsible: Responsible,
    /// Which place decides.
    pub area: AreaFrom,
    /// Areas with another answer.
    pub exceptions: Vec<Exception>,
    /// The legal basis, when certain.
    pub law: Option<String>,
    /// Why this organisation.
    pub why: LocalizedText,
    /// Everyday phrasings in Swedish.
    pub say: Vec<String>,
    /// Everyday phrasings in English.
    pub say_en: Vec<String>,
    /// Swedish words that are used for it, none of which decides alone.
    pub words: String,
    /// English words that are used for it.
    pub words_en: String,
    /// Words that decide; see `engine::cue`.
    pub cues: Vec<String>,
    /// Words that rule it out.
    pub block: Vec<String>,
    /// Needs that are easily taken for this one.
    pub near: Vec<String>,
}

impl Need {
    /// The level of the general rule.
    #[must_use]
    pub fn level(&self) -> Level {
        match self.responsible {
            Responsible::Agency(_) | Responsible::CountyBoard | Responsible::ConcentratedCountyBoard => Level::State,
            Responsible::Municipality => Level::Municipality,
            Responsible::Region => Level::Region,
            Responsible::NotPublic(_) => Level::NotPublic,
            Responsible::DistrictCourt
            | Responsible::AdministrativeCourt
            | Responsible::RentTribunal
            | Responsible::EnvironmentCourt => Level::Court,
        }
    }

    /// Whether somebody must know the place to answer.
    #[must_use]
    pub fn needs_place(&self) -> bool {
        !matches!(self.responsible, Responsible::Agency(_) | Responsible::NotPublic(_))
    }
}

/// A need as a file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    sv: String,
    en: String,
    who: String,
    #[serde(default)]
    area: Option<AreaFrom>,
    #[serde(default)]
    exceptions: Vec<Exception>,
    #[serde(default)]
    law: Option<String>,
    why: String,
    why_en: String,
    #[serde(default)]
    cues: Vec<String>,
    #[serde(default)]
    block: Vec<String>,
    #[serde(default)]
    words: String,
    #[serde(default)]
    words_en: String,
    say: String,
    say_en: String,
    #[serde(default)]
    near: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    need: Vec<Written>,
}

fn lines(text: &str) -> Vec<String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

fn responsible(who: &str) -> Option<Responsible> {
    Some(match who.split_once(':') {
        Some(("state", name)) => Responsible::Agency(name.to_owned()),
        Some(("none", names)) => {
            let (sv, en) = names.split_once('|')?;
            Responsible::NotPublic(LocalizedText::new(sv, en))
        }
        Some(("court", "district")) => Responsible::DistrictCourt,
        Some(("court", "admin")) => Responsible::AdministrativeCourt,
        Some(("court", "rent")) => Responsible::RentTribunal,
        Some(("court", "environment")) => Responsible::EnvironmentCourt,
        None if who == "municipality" => Responsible::Municipality,
        None if who == "region" => Responsible::Region,
        None if who == "county-board" => Responsible::CountyBoard,
        None if who == "county-board-concentrated" => Responsible::ConcentratedCountyBoard,
        _ => return None,
    })
}

/// The needs of the data files.
///
/// # Errors
/// A file that is not in its form.
pub fn needs() -> Result<Vec<Need>, DataError> {
    let mut all = Vec::new();
    for (topic, text) in files::NEEDS {
        let form = |message: String| DataError::Form {
            file: format!("needs/{topic}.toml"),
            message,
        };
        let file: File = toml::from_str(text).map_err(|error| form(error.to_string()))?;
        for written in file.need {
            let rule =
                responsible(&written.who).ok_or_else(|| form(format!("{}: who is '{}'", written.id, written.who)))?;
            let local = !matches!(rule, Responsible::Agency(_) | Responsible::NotPublic(_));
            all.push(Need {
                topic: (*topic).to_owned(),
                name: LocalizedText::new(written.sv, written.en),
                area: written
                    .area
                    .unwrap_or(if local { AreaFrom::Residence } else { AreaFrom::None }),
                responsible: rule,
                exceptions: written.exceptions,
                law: written.law,
                why: LocalizedText::new(written.why, written.why_en),
                say: lines(&written.say),
                say_en: lines(&written.say_en),
                words: written.words,
                words_en: written.words_en,
                cues: written.cues,
                block: written.block,
                near: written.near,
                id: written.id,
            });
        }
    }
    Ok(all)
}
