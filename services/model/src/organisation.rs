//! An organisation that handles cases or answers questions: agency, municipality, region, court.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::LocalizedText;

/// What kind of body an organisation is; decides among others which agreements it may enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum OrganisationKind {
    /// A state agency (statlig myndighet).
    StateAgency,
    /// A municipality (kommun).
    Municipality,
    /// A region.
    Region,
    /// A court (domstol).
    Court,
    /// An agency under the parliament.
    ParliamentAgency,
    /// A company owned by the state, a municipality or a region.
    PublicCompany,
    /// A company or an association outside the public sector.
    PrivateActor,
}

/// An organisation, with the words it uses for the people it serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "organisationId": "exempelby", "name": {"sv": "Exempelby kommun", "en": "Exempelby Municipality"}, "kind": "municipality"
}))]
pub struct Organisation {
    /// Stable id in this system.
    pub organisation_id: String,
    /// Swedish organisation number. Not unique: one legal person may be several organisations here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation_number: Option<String>,
    /// The full name.
    pub name: LocalizedText,
    /// The name's usual short form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short_name: Option<String>,
    /// What kind of body it is.
    pub kind: OrganisationKind,
    /// Four digits (kommunkod), for a municipality.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub municipality_code: Option<String>,
    /// Two digits (länskod), for a region or a municipality.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub county_code: Option<String>,
    /// The organisation this one is part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// The government department it answers to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// Where its own pages are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    /// The first day it existed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date, example = "2026-01-01")]
    pub valid_from: Option<jiff::civil::Date>,
    /// The last day it existed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date, example = "2026-12-31")]
    pub valid_to: Option<jiff::civil::Date>,
    /// The organisations that took over its tasks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub successor_ids: Vec<String>,
    /// What it calls the people it serves, by service id; `default` for all others.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub relation_terms: BTreeMap<String, LocalizedText>,
}

impl Organisation {
    /// An organisation with what every organisation has.
    #[must_use]
    pub fn new(organisation_id: impl Into<String>, name: LocalizedText, kind: OrganisationKind) -> Self {
        Self {
            organisation_id: organisation_id.into(),
            organisation_number: None,
            name,
            short_name: None,
            kind,
            municipality_code: None,
            county_code: None,
            parent_id: None,
            department: None,
            website: None,
            valid_from: None,
            valid_to: None,
            successor_ids: Vec::new(),
            relation_terms: BTreeMap::new(),
        }
    }
}
