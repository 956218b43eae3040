//! Applying a need's rule in an area: exactly one organisation, or the place is missing.

use crate::data::directory::{Directory, Organisation};
use crate::data::districts::District;
use crate::data::needs::{Exception, Level, Need, Responsible};
use crate::engine::place::Area;

/// Who is responsible.
#[derive(Clone, Debug)]
pub enum Found<'d> {
    /// This organisation, on this level, and an exception that made it so.
    Organisation(&'d Organisation, Level, Option<&'d Exception>),
    /// Nobody public.
    NotPublic,
    /// The place must be known first.
    PlaceMissing,
}

/// Applies the rule.
#[must_use]
pub fn responsible<'d>(directory: &'d Directory, need: &'d Need, area: &Area) -> Found<'d> {
    for exception in &need.exceptions {
        if applies(directory, exception, area) {
            let (found, level) = match exception.to.as_str() {
                "region" => (region(directory, area), Level::Region),
                _ => (municipality(directory, area), Level::Municipality),
            };
            return found.map_or(Found::PlaceMissing, |one| {
                Found::Organisation(one, level, Some(exception))
            });
        }
    }
    let found = match &need.responsible {
        Responsible::NotPublic(_) => return Found::NotPublic,
        Responsible::Agency(name) => directory.named(name),
        Responsible::Municipality => municipality(directory, area),
        Responsible::Region => region(directory, area),
        Responsible::CountyBoard => county_board(directory, area),
        Responsible::ConcentratedCountyBoard => district(directory, area, District::ConcentratedCountyBoard),
        Responsible::DistrictCourt => district(directory, area, District::DistrictCourt),
        Responsible::AdministrativeCourt => district(directory, area, District::AdministrativeCourt),
        Responsible::RentTribunal => district(directory, area, District::RentTribunal),
        Responsible::EnvironmentCourt => district(directory, area, District::EnvironmentCourt),
    };
    found.map_or(Found::PlaceMissing, |one| Found::Organisation(one, need.level(), None))
}

fn applies(directory: &Directory, exception: &Exception, area: &Area) -> bool {
    let county = area
        .county
        .as_ref()
        .is_some_and(|county| exception.counties.contains(county));
    let Some(code) = &area.municipality else { return county };
    let name = directory
        .municipality(code)
        .map(|one| one.name.as_str())
        .unwrap_or_default();
    let listed = match exception.list.as_deref() {
        Some("own_land_survey") => directory.districts.has_own_land_survey(code),
        _ => false,
    };
    county || listed || exception.municipalities.iter().any(|one| one == name)
}

fn municipality<'d>(directory: &'d Directory, area: &Area) -> Option<&'d Organisation> {
    directory.organisation(&format!("kommun-{}", area.municipality.as_ref()?))
}

fn region<'d>(directory: &'d Directory, area: &Area) -> Option<&'d Organisation> {
    directory.organisation(&format!("region-{}", area.county.as_ref()?))
}

fn county_board<'d>(directory: &'d Directory, area: &Area) -> Option<&'d Organisation> {
    let county = area.county.as_ref()?;
    let name = directory
        .municipalities
        .iter()
        .find(|one| one.county == *county)
        .map(|one| &one.county_name)?;
    directory.named(&format!("Länsstyrelsen i {name}"))
}

fn district<'d>(directory: &'d Directory, area: &Area, kind: District) -> Option<&'d Organisation> {
    let by_county = || {
        let county = area.county.as_ref()?;
        let mut names = directory
            .municipalities
            .iter()
            .filter(|one| one.county == *county)
            .filter_map(|one| directory.districts.of(kind, &one.code));
        let first = names.next()?;
        // Only when the whole county has the same one is the county enough.
        names.all(|name| name == first).then_some(first)
    };
    let name = match &area.municipality {
        Some(code) => directory.districts.of(kind, code)?,
        None => by_county()?,
    };
    directory.named(name)
}
