//! Agreements: who may call what, for which purpose and how long, signed by both sides before it is in force.

use super::{Kind, Moment, Object};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The terms of an agreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Agreement {
    /// Stable id, shown in refusals; made by the registry unless given.
    #[serde(default)]
    pub agreement_id: String,
    /// The organisation that keeps it; the caller's own unless given. One of the parties.
    #[serde(default)]
    pub organisation_id: String,
    /// Which kind of agreement.
    pub kind: AgreementKind,
    /// Who is bound: at least one producer and one consumer.
    pub parties: Vec<Party>,
    /// APIs of the producers that may be called.
    pub api_ids: Vec<String>,
    /// Scopes it grants; all scopes of its APIs unless some are named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// The consumers' applications that may call, and those of suppliers that call on a consumer's behalf; every application
    /// of the consumers, and no supplier's, unless some are named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub application_ids: Vec<String>,
    /// Why the data is needed, in words that a person would understand.
    pub purpose: String,
    /// The law or other ground that it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_basis: Option<String>,
    /// Whether personal data is handed out under it.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub personal_data: bool,
    /// When it begins.
    pub valid_from: Moment,
    /// When it ends; when it is terminated unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Moment>,
    /// Calls that it admits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<AgreementLimits>,
    /// What the producer promises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sla: Option<AgreementSla>,
    /// SHA-256 of the signed paper, 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_sha256: Option<String>,
}

/// Kinds of agreement; the Swedish terms have no English ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum AgreementKind {
    /// A contract. Two state agencies cannot have one with each other: both are the state.
    Avtal,
    /// Between state agencies.
    Overenskommelse,
    /// Connection to a shared service.
    Anslutningsavtal,
    /// Terms of use: open data only, never personal data.
    Anvandarvillkor,
}

/// One side of an agreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Party {
    /// The organisation.
    pub organisation_id: String,
    /// Its part.
    pub role: PartyRole,
}

/// The part of a party.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum PartyRole {
    /// Owns the APIs.
    Producer,
    /// Calls them.
    Consumer,
    /// Runs applications on a consumer's behalf.
    Supplier,
    /// Carries the calls.
    Infrastructure,
}

/// Calls that an agreement admits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AgreementLimits {
    /// In a minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub per_minute: Option<u32>,
    /// In a day of the calendar (UTC): never more, over all nodes and restarts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub per_day: Option<u32>,
    /// In a month of the calendar (UTC): never more, over all nodes and restarts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub per_month: Option<u32>,
}

/// What the producer promises.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AgreementSla {
    /// Such as `99.5 %`.
    pub availability: String,
    /// Such as `p95 < 500 ms`.
    pub response_time: String,
    /// When somebody answers.
    pub support: String,
}

/// A party's yes to the terms as they stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Signature {
    /// The party.
    pub organisation_id: String,
    /// The member who signed.
    pub member_id: String,
    /// When.
    pub signed_at: Moment,
}

/// A suspension or termination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Standstill {
    /// The party that said so.
    pub organisation_id: String,
    /// The member who said so.
    pub member_id: String,
    /// From when on.
    pub at: Moment,
    /// Why.
    pub reason: String,
}

/// Where an agreement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum AgreementState {
    /// Not signed by every producer and consumer.
    Proposed,
    /// Signed; in force between its dates.
    Active,
    /// Out of force until taken up again.
    Suspended,
    /// Out of force for good.
    Terminated,
}

/// An agreement as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgreementRecord {
    /// What it says.
    pub terms: Agreement,
    /// Who has signed it.
    #[serde(default)]
    pub signatures: Vec<Signature>,
    /// Why it is out of force for the time being.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspension: Option<Standstill>,
    /// Why it is out of force for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub termination: Option<Standstill>,
}

fn yes() -> bool {
    true
}

impl Agreement {
    /// Ids of the parties with this part.
    pub fn with_role(&self, role: PartyRole) -> impl Iterator<Item = &str> {
        self.parties
            .iter()
            .filter(move |party| party.role == role)
            .map(|party| party.organisation_id.as_str())
    }

    /// Who has to sign.
    pub fn signatories(&self) -> impl Iterator<Item = &str> {
        self.with_role(PartyRole::Producer)
            .chain(self.with_role(PartyRole::Consumer))
    }
}

impl AgreementRecord {
    /// Where it is.
    pub fn state(&self) -> AgreementState {
        let has_signed = |id: &str| self.signatures.iter().any(|one| one.organisation_id == id);
        if self.termination.is_some() {
            AgreementState::Terminated
        } else if !self.terms.signatories().all(has_signed) {
            AgreementState::Proposed
        } else if self.suspension.is_some() {
            AgreementState::Suspended
        } else {
            AgreementState::Active
        }
    }
}

impl Object for AgreementRecord {
    const KIND: Kind = Kind::Agreement;

    fn id(&self) -> &str {
        &self.terms.agreement_id
    }

    fn organisation(&self) -> &str {
        &self.terms.organisation_id
    }

    fn parties(&self) -> Vec<&str> {
        self.terms
            .parties
            .iter()
            .map(|party| party.organisation_id.as_str())
            .collect()
    }
}
