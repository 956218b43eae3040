//! A case: a matter that a person has with an organisation, and who has the ball.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Links, LocalizedText};

/// How far a case has come; coarse on purpose, the same for every organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum CaseStatus {
    /// The organisation has it, nobody has begun.
    Received,
    /// Somebody at the organisation works on it.
    InProgress,
    /// Nothing happens until the person does something.
    WaitingForPerson,
    /// Nothing happens until a third party does something.
    WaitingForOther,
    /// There is a decision; it may still be appealed.
    Decided,
    /// Nothing more happens.
    Closed,
    /// The person took it back.
    Withdrawn,
}

/// Who has to do something for the case to move on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum BallHolder {
    /// The person the list is for.
    Person,
    /// The organisation that handles the case.
    Agency,
    /// Somebody else: another organisation, a neighbour, a doctor.
    ThirdParty,
    /// Nobody: it is finished.
    Nobody,
}

/// A case of a person with an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Case {
    /// This system's own, stable id. Says nothing about the person.
    #[schema(value_type = String, format = "uuid", example = "0b7d2b8c-7a8c-5d0e-9a46-0a2c6f6f3b51")]
    pub case_id: uuid::Uuid,
    /// What others call the case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// Who handles it.
    pub organisation_id: String,
    /// Which of the organisation's services it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_id: Option<String>,
    /// Who has a part in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parties: Vec<Party>,
    /// What it is about, in a line.
    pub title: LocalizedText,
    /// How it stands, in a sentence or two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<LocalizedText>,
    /// How far it has come.
    pub status: CaseStatus,
    /// How far it has come in the organisation's own terms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_detail: Option<StatusDetail>,
    /// Whether the person has something to do.
    pub requires_action: bool,
    /// Whether nothing more happens.
    pub closed: bool,
    /// Who has the ball.
    pub ball_holder: BallHolder,
    /// Who in particular, when it is an organisation that may be named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder_id: Option<String>,
    /// What happens next, and what the person can do; first things first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next_steps: Vec<NextStep>,
    /// How much is done, 0 to 100, when the organisation says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 100)]
    pub progress: Option<u8>,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-01-01T10:00:00Z")]
    pub started_at: Option<jiff::Timestamp>,
    /// When the organisation expects to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-03-01T10:00:00Z")]
    pub expected_at: Option<jiff::Timestamp>,
    /// When the law says it must be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-04-01T10:00:00Z")]
    pub legal_deadline_at: Option<jiff::Timestamp>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-02-01T10:00:00Z")]
    pub closed_at: Option<jiff::Timestamp>,
    /// When something last happened in it.
    #[schema(value_type = String, format = DateTime, example = "2026-01-15T10:00:00Z")]
    pub last_changed_at: jiff::Timestamp,
    /// Whether it rests, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspended: Option<Suspension>,
    /// Whether it was given more time, and by whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended: Option<Extension>,
    /// How it ended, and how to appeal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Cases that belong with this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related_cases: Vec<RelatedCase>,
    /// How to reach those who handle it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contact_point_ids: Vec<String>,
    /// Where this knowledge comes from and how fresh it is.
    pub source: CaseSource,
    /// Changes whenever the case does.
    pub revision: String,
    /// The case itself and what belongs to it.
    #[serde(rename = "_links", default)]
    pub links: Links,
}

/// What somebody calls a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"kind": "diaryNumber", "value": "BYGG 2026-0042"}))]
pub struct Reference {
    /// Whose reference it is.
    pub kind: ReferenceKind,
    /// The reference.
    pub value: String,
}

/// Whose reference a [`Reference`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ReferenceKind {
    /// The number in the organisation's public register (diarienummer).
    DiaryNumber,
    /// What the person got as a receipt (kvittensnummer).
    ReceiptNumber,
    /// The organisation's own reference.
    ProducerReference,
    /// The reference of whoever asked on the person's behalf.
    ConsumerReference,
}

/// Somebody who has a part in a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"partyId": "6a0e1c7e-5b1d-5c53-8a5e-1f2b3c4d5e6f", "role": "applicant", "relationTerm": {"sv": "sökande", "en": "applicant"}}))]
pub struct Party {
    /// Opaque id; never a person number.
    pub party_id: String,
    /// What part they have.
    pub role: PartyRole,
    /// The organisation's own word for them: patient, kund, sökande.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation_term: Option<LocalizedText>,
}

/// What part somebody has in a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum PartyRole {
    /// Whose case it is.
    Applicant,
    /// Who acts for somebody else.
    Representative,
    /// Who is touched by it.
    Affected,
    /// Who has custody of the person it is about.
    Guardian,
}

/// A status in the organisation's own terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"code": "KOMPLETTERING", "text": {"sv": "Väntar på komplettering", "en": "Waiting for more documents"}}))]
pub struct StatusDetail {
    /// The organisation's code.
    pub code: String,
    /// What it means in plain words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<LocalizedText>,
}

/// Something that is to happen next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "stepId": "situationsplan", "who": "person",
    "what": {"sv": "Skicka in en situationsplan", "en": "Send in a site plan"}, "dueAt": "2026-02-01T22:59:59Z"
}))]
pub struct NextStep {
    /// Unique within the case.
    pub step_id: String,
    /// Who is to do it.
    pub who: BallHolder,
    /// What is to be done.
    pub what: LocalizedText,
    /// Through which contact points it can be done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contact_point_ids: Vec<String>,
    /// The last moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-02-01T22:59:59Z")]
    pub due_at: Option<jiff::Timestamp>,
    /// Where it can be checked before it is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prevalidation_url: Option<String>,
}

/// That a case rests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"reason": {"sv": "Väntar på dom i annat mål"}, "until": "2026-06-01T00:00:00Z"}))]
pub struct Suspension {
    /// Why.
    pub reason: LocalizedText,
    /// Until when, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-06-01T00:00:00Z")]
    pub until: Option<jiff::Timestamp>,
}

/// That a case was given more time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"reason": {"sv": "Grannar ska höras"}, "days": 70}))]
pub struct Extension {
    /// Why.
    pub reason: LocalizedText,
    /// By how many days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
}

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"kind": "granted", "explanation": {"sv": "Ansökan beviljades"}, "appealBy": "2026-03-01T22:59:59Z"}))]
pub struct Outcome {
    /// What was decided.
    pub kind: OutcomeKind,
    /// Why, in plain words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<LocalizedText>,
    /// The last moment to appeal.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-03-01T22:59:59Z")]
    pub appeal_by: Option<jiff::Timestamp>,
    /// Whom to appeal to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appeal_to: Option<LocalizedText>,
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum OutcomeKind {
    /// The person got what they asked for.
    Granted,
    /// The person got some of it.
    PartlyGranted,
    /// The person did not get it.
    Rejected,
    /// It was not tried: too late, not complete, wrong place.
    Dismissed,
    /// It ended without a decision for or against.
    Other,
}

/// A case that belongs with another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"caseId": "0b7d2b8c-7a8c-5d0e-9a46-0a2c6f6f3b51", "relation": "precededBy"}))]
pub struct RelatedCase {
    /// The other case.
    #[schema(value_type = String, format = "uuid")]
    pub case_id: uuid::Uuid,
    /// What it is to this one.
    pub relation: String,
}

/// Where the knowledge about a case comes from and how fresh it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"sourceId": "exempelby", "organisationId": "exempelby", "asOf": "2026-01-15T10:00:00Z", "freshness": "live"}))]
pub struct CaseSource {
    /// Which of the list's sources it came from.
    pub source_id: String,
    /// Who answered.
    pub organisation_id: String,
    /// When they answered.
    #[schema(value_type = String, format = DateTime, example = "2026-01-15T10:00:00Z")]
    pub as_of: jiff::Timestamp,
    /// Whether they answered just now.
    pub freshness: Freshness,
}

/// Whether knowledge is from just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Freshness {
    /// Asked for in this very request.
    Live,
    /// The last known state; the source did not answer this time.
    Stale,
    /// Nothing is known.
    Missing,
}
