//! Organisations: who offers APIs, uses them, or both.

use super::{Kind, Object, OrganisationKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An organisation. Its id is chosen when it is registered and never changes: it is in agreements, headers and logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Organisation {
    /// Stable id: 2 to 64 of a-z, 0-9 and `-`, beginning with a letter.
    #[serde(default)]
    pub organisation_id: String,
    /// The full name.
    pub name: String,
    /// The full name in English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_en: Option<String>,
    /// What kind of body it is; decides which agreements it may enter.
    pub kind: OrganisationKind,
    /// Swedish organisation number. Not unique: one legal person may be several organisations here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation_number: Option<String>,
    /// Four digits (kommunkod), for a municipality.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub municipality_code: Option<String>,
    /// Two digits (länskod), for a region or a municipality.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub county_code: Option<String>,
    /// The organisation that this one is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// Where its own pages are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "uri")]
    pub website: Option<String>,
    /// The first day it exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date, example = "2026-01-01")]
    pub valid_from: Option<jiff::civil::Date>,
    /// The first day it no longer exists; its agreements end then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date, example = "2030-01-01")]
    pub valid_to: Option<jiff::civil::Date>,
    /// Who took over when it ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub successor_ids: Vec<String>,
    /// What it calls the people it serves; never one word for all (kund, medborgare, patient, brukare).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation_terms: Option<RelationTerms>,
}

/// The words for the people that an organisation serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RelationTerms {
    /// Where no service says otherwise.
    pub default: RelationTerm,
    /// For one service each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub per_service: Vec<ServiceRelationTerm>,
}

/// One word, in Swedish and perhaps in English.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RelationTerm {
    /// In Swedish.
    pub sv: String,
    /// In English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub en: Option<String>,
}

/// The word for one service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceRelationTerm {
    /// The service's id.
    pub service_id: String,
    /// The word.
    pub term: RelationTerm,
}

impl Object for Organisation {
    const KIND: Kind = Kind::Organisation;

    fn id(&self) -> &str {
        &self.organisation_id
    }

    fn organisation(&self) -> &str {
        &self.organisation_id
    }
}
