//! Organisations, municipalities and counties, with the names and codes that people and registers use.

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::data::contact;
use crate::data::districts::Districts;
use crate::data::files::{self, DataError};
use crate::text::fold;

/// What an organisation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// A state agency, county administrative boards included.
    StateAgency,
    /// A municipality.
    Municipality,
    /// A region.
    Region,
    /// A court or tribunal.
    Court,
    /// An agency of Parliament.
    ParliamentAgency,
    /// A state pension fund.
    PensionFund,
    /// A state public utility.
    PublicUtility,
}

/// One public organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Organisation {
    /// Our own stable id, a slug.
    pub id: String,
    /// The name exactly as the register has it.
    pub name: String,
    /// The English name, when the register has one.
    pub name_en: Option<String>,
    /// The usual short form, such as `CSN`.
    pub short_name: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// Organisation number; not unique.
    pub number: Option<String>,
    /// Municipality code, for a municipality.
    pub municipality: Option<String>,
    /// County code, for municipalities and regions.
    pub county: Option<String>,
    /// Web address without scheme.
    pub web: Option<String>,
    /// Ways to reach it.
    pub contacts: Vec<contact::Contact>,
}

/// One municipality.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Municipality {
    /// Four digits.
    pub code: String,
    /// Official name, without "kommun".
    pub name: String,
    /// County code, two digits.
    pub county: String,
    /// County name.
    pub county_name: String,
}

/// Everything about who exists and where.
#[derive(Debug)]
pub struct Directory {
    /// All organisations.
    pub organisations: Vec<Organisation>,
    /// All municipalities, by code.
    pub municipalities: Vec<Municipality>,
    /// Places inside municipalities: lower-case name and municipality code.
    pub places: Vec<(String, String)>,
    /// Courts and boards by place.
    pub districts: Districts,
    by_id: HashMap<String, usize>,
    by_name: HashMap<String, usize>,
    municipality_by_code: HashMap<String, usize>,
}

fn filled(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| value.to_owned())
}

/// The organisations of the data files.
///
/// # Errors
/// A data file that is not in its form.
pub fn organisations() -> Result<Vec<Organisation>, DataError> {
    let mut all = Vec::new();
    for row in files::rows("agencies.csv", files::AGENCIES, 12)? {
        let [id, name, name_en, short, kind, number, web, ..] = row[..] else {
            continue;
        };
        all.push(Organisation {
            id: id.to_owned(),
            name: name.to_owned(),
            name_en: filled(name_en),
            short_name: filled(short),
            kind: match kind {
                "court" => Kind::Court,
                "parliamentAgency" => Kind::ParliamentAgency,
                "pensionFund" => Kind::PensionFund,
                "publicUtility" => Kind::PublicUtility,
                _ => Kind::StateAgency,
            },
            number: filled(number),
            municipality: None,
            county: None,
            web: filled(web),
            contacts: contact::of_agency(&row)?,
        });
    }
    for row in files::rows("regions.csv", files::REGIONS, 4)? {
        let [county, _, name, web] = row[..] else { continue };
        all.push(Organisation {
            id: format!("region-{county}"),
            name: name.to_owned(),
            name_en: None,
            short_name: None,
            kind: Kind::Region,
            number: None,
            municipality: None,
            county: Some(county.to_owned()),
            web: filled(web),
            contacts: contact::of_region(county, name, web),
        });
    }
    for municipality in municipalities()? {
        all.push(Organisation {
            id: format!("kommun-{}", municipality.code),
            name: municipality.name.clone(),
            name_en: None,
            short_name: None,
            kind: Kind::Municipality,
            number: None,
            municipality: Some(municipality.code.clone()),
            county: Some(municipality.county.clone()),
            web: None,
            contacts: contact::of_municipality(&municipality.code, &municipality.name),
        });
    }
    Ok(all)
}

/// The municipalities of the data files.
///
/// # Errors
/// A data file that is not in its form.
pub fn municipalities() -> Result<Vec<Municipality>, DataError> {
    Ok(files::rows("municipalities.csv", files::MUNICIPALITIES, 4)?
        .into_iter()
        .filter_map(|row| match row[..] {
            [code, name, county, county_name] => Some(Municipality {
                code: code.to_owned(),
                name: name.to_owned(),
                county: county.to_owned(),
                county_name: county_name.to_owned(),
            }),
            _ => None,
        })
        .collect())
}

impl Directory {
    /// A directory over these organisations and the areas of the data files.
    ///
    /// # Errors
    /// A data file that is not in its form, or that names something unknown.
    pub fn new(organisations: Vec<Organisation>) -> Result<Self, DataError> {
        let municipalities = municipalities()?;
        let by_id = organisations
            .iter()
            .enumerate()
            .map(|(at, one)| (one.id.clone(), at))
            .collect();
        let by_name: HashMap<String, usize> = organisations
            .iter()
            .enumerate()
            .map(|(at, one)| (one.name.clone(), at))
            .collect();
        let municipality_by_code = municipalities
            .iter()
            .enumerate()
            .map(|(at, one)| (one.code.clone(), at))
            .collect();
        let mut places = Vec::new();
        for row in files::rows("places.csv", files::PLACES, 2)? {
            let [name, municipality] = row[..] else { continue };
            let code = municipalities
                .iter()
                .find(|one| one.name == municipality)
                .map(|one| one.code.clone());
            let code = code.ok_or_else(|| DataError::Unknown {
                what: "places.csv".to_owned(),
                name: municipality.to_owned(),
            })?;
            places.push((fold::lower(name), code));
        }
        let districts = Districts::read(&municipalities, &by_name)?;
        Ok(Self {
            organisations,
            municipalities,
            places,
            districts,
            by_id,
            by_name,
            municipality_by_code,
        })
    }

    /// The organisation with an id.
    #[must_use]
    pub fn organisation(&self, id: &str) -> Option<&Organisation> {
        self.organisations.get(*self.by_id.get(id)?)
    }

    /// The organisation with an official name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Organisation> {
        self.organisations.get(*self.by_name.get(name)?)
    }

    /// The municipality with a code.
    #[must_use]
    pub fn municipality(&self, code: &str) -> Option<&Municipality> {
        self.municipalities.get(*self.municipality_by_code.get(code)?)
    }

    /// The municipality that a caller means by a code or a name (any case, with or without "kommun" or "stad").
    #[must_use]
    pub fn find_municipality(&self, code_or_name: &str) -> Option<&Municipality> {
        let wanted = fold::lower(code_or_name.trim());
        if let Some(found) = self.municipality(&wanted) {
            return Some(found);
        }
        let bare = wanted.trim_end_matches(" kommun").trim_end_matches(" stad");
        let same = |name: &str, given: &str| fold::lower(name) == given || format!("{}s", fold::lower(name)) == given;
        self.municipalities
            .iter()
            .find(|one| fold::lower(&one.name) == bare)
            .or_else(|| {
                self.municipalities
                    .iter()
                    .find(|one| bare != wanted && same(&one.name, bare))
            })
            .or_else(|| (bare == "region gotland").then(|| self.municipality("0980")).flatten())
    }

    /// Municipalities whose names are near a wrong one, nearest first, at most three.
    #[must_use]
    pub fn near_municipalities(&self, wrong: &str) -> Vec<&Municipality> {
        let wrong = fold::lower(wrong);
        let mut near: Vec<_> = self
            .municipalities
            .iter()
            .map(|one| (crate::text::spell::distance(&wrong, &fold::lower(&one.name)), one))
            .filter(|(distance, _)| *distance <= 3)
            .collect();
        near.sort_by_key(|(distance, one)| (*distance, one.name.clone()));
        near.into_iter().take(3).map(|(_, one)| one).collect()
    }
}
