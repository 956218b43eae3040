//! Something that happened in a case. Events never change once they are there.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::LocalizedText;

/// Something that happened in a case (the national *kundhändelse* one to one).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "eventId": "0196f0a0-0000-7000-8000-000000000001", "caseId": "0b7d2b8c-7a8c-5d0e-9a46-0a2c6f6f3b51",
    "type": "STUDIE.STUDIEMEDEL.ANSOKAN.MOTTAGEN", "occurredAt": "2026-01-15T10:00:00Z",
    "title": {"sv": "Vi har tagit emot din ansökan"}, "requiresAction": false, "closesCase": false
}))]
pub struct CaseEvent {
    /// The event's id, unique at its source.
    pub event_id: String,
    /// The case it happened in.
    #[schema(value_type = String, format = "uuid")]
    pub case_id: uuid::Uuid,
    /// What kind of event: prefix, area and kind, as in `STUDIE.STUDIEMEDEL.BESLUT`.
    #[serde(rename = "type")]
    #[schema(pattern = "^[A-Z]+(\\.[A-Z0-9_]+){2,}$")]
    pub type_: String,
    /// When it happened.
    #[schema(value_type = String, format = DateTime, example = "2026-01-15T10:00:00Z")]
    pub occurred_at: jiff::Timestamp,
    /// What happened, in a line.
    pub title: LocalizedText,
    /// What happened, in the organisation's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<LocalizedText>,
    /// The same in plain words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plain_text: Option<LocalizedText>,
    /// Whether the person has something to do because of it.
    pub requires_action: bool,
    /// Whether it ended the case.
    pub closes_case: bool,
    /// Who made it happen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// What belongs to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<Document>,
    /// The organisation's own labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Which version of the national standard it came in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standard_version: Option<String>,
    /// The scope that a caller needs to see this event; whoever lacks it sees the others and cannot tell that this one
    /// exists. Never written in an answer.
    #[serde(skip)]
    pub required_scope: Option<String>,
}

/// Who made something happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"kind": "agency", "name": "Bygglovsenheten"}))]
pub struct Actor {
    /// What they are to the case.
    pub kind: ActorKind,
    /// Name of a unit or an organisation; never of a private person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// What somebody who acts is to the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ActorKind {
    /// The person.
    Person,
    /// The organisation.
    Agency,
    /// Somebody else.
    ThirdParty,
    /// A machine decided by itself.
    Automated,
}

/// A document that belongs to an event; never the content itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"documentId": "beslut-1", "title": {"sv": "Beslut"}, "mediaType": "application/pdf"}))]
pub struct Document {
    /// Unique within the case.
    pub document_id: String,
    /// What it is.
    pub title: LocalizedText,
    /// Its media type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Where the person can read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}
