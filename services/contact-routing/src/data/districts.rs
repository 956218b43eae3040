//! Which court, tribunal or county board covers a municipality.

use hashbrown::{HashMap, HashSet};
use serde::Deserialize;

use crate::data::directory::Municipality;
use crate::data::files::{self, DataError};

/// What kind of district is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum District {
    /// Tingsrätt.
    DistrictCourt,
    /// Förvaltningsrätt.
    AdministrativeCourt,
    /// Hyres- och arrendenämnd.
    RentTribunal,
    /// Mark- och miljödomstol.
    EnvironmentCourt,
    /// The county board of a task that seven boards do for all.
    ConcentratedCountyBoard,
}

/// One row of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    court: String,
    #[serde(default)]
    municipalities: Vec<String>,
    #[serde(default)]
    counties: Vec<String>,
    /// "county" where only the county is certain; for readers of the file.
    #[serde(default)]
    #[expect(
        dead_code,
        reason = "says to a reader how certain the row is; checked to be known, not used"
    )]
    certainty: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnSurvey {
    #[expect(dead_code, reason = "a note for readers of the file")]
    note: String,
    municipalities: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    district_court: Vec<Row>,
    administrative_court: Vec<Row>,
    rent_tribunal: Vec<Row>,
    environment_court: Vec<Row>,
    concentrated_county_board: Vec<Row>,
    own_land_survey: OwnSurvey,
}

/// Courts and boards by municipality code.
#[derive(Debug, Default)]
pub struct Districts {
    by_place: HashMap<(District, String), String>,
    own_land_survey: HashSet<String>,
}

impl Districts {
    /// Reads the file; every municipality gets exactly one of each kind.
    ///
    /// # Errors
    /// The file is not in its form, names something unknown, or leaves a municipality out.
    pub fn read(municipalities: &[Municipality], names: &HashMap<String, usize>) -> Result<Self, DataError> {
        let form = |message: String| DataError::Form {
            file: "districts.toml".to_owned(),
            message,
        };
        let file: File = toml::from_str(files::DISTRICTS).map_err(|error| form(error.to_string()))?;
        let mut districts = Self::default();
        for name in &file.own_land_survey.municipalities {
            districts.own_land_survey.insert(code_of(municipalities, name)?);
        }
        let kinds = [
            (District::DistrictCourt, &file.district_court),
            (District::AdministrativeCourt, &file.administrative_court),
            (District::RentTribunal, &file.rent_tribunal),
            (District::EnvironmentCourt, &file.environment_court),
            (District::ConcentratedCountyBoard, &file.concentrated_county_board),
        ];
        for (kind, rows) in kinds {
            districts.place(kind, rows, municipalities, names)?;
            if let Some(left) = municipalities
                .iter()
                .find(|one| districts.of(kind, &one.code).is_none())
            {
                return Err(form(format!("{kind:?} leaves out {}", left.name)));
            }
        }
        Ok(districts)
    }

    fn place(
        &mut self,
        kind: District,
        rows: &[Row],
        municipalities: &[Municipality],
        names: &HashMap<String, usize>,
    ) -> Result<(), DataError> {
        for row in rows {
            if !names.contains_key(&row.court) {
                return Err(DataError::Unknown {
                    what: "districts.toml".to_owned(),
                    name: row.court.clone(),
                });
            }
            for name in &row.municipalities {
                self.by_place
                    .insert((kind, code_of(municipalities, name)?), row.court.clone());
            }
        }
        // A municipality that is named goes before its county.
        for row in rows {
            for one in municipalities.iter().filter(|one| row.counties.contains(&one.county)) {
                self.by_place
                    .entry((kind, one.code.clone()))
                    .or_insert_with(|| row.court.clone());
            }
        }
        Ok(())
    }

    /// The official name of the court or board for a municipality code.
    #[must_use]
    pub fn of(&self, kind: District, municipality: &str) -> Option<&str> {
        self.by_place.get(&(kind, municipality.to_owned())).map(String::as_str)
    }

    /// Whether the municipality forms properties itself.
    #[must_use]
    pub fn has_own_land_survey(&self, municipality: &str) -> bool {
        self.own_land_survey.contains(municipality)
    }
}

fn code_of(municipalities: &[Municipality], name: &str) -> Result<String, DataError> {
    municipalities
        .iter()
        .find(|one| one.name == name)
        .map(|one| one.code.clone())
        .ok_or_else(|| DataError::Unknown {
            what: "districts.toml".to_owned(),
            name: name.to_owned(),
        })
}
