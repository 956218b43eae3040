//! A way to reach an organisation: by phone, on site, by letter, in a form.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::LocalizedText;

/// What kind of channel a contact point is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ContactKind {
    /// A number to call.
    Phone,
    /// The organisation calls the person.
    Callback,
    /// Written conversation at once.
    Chat,
    /// E-mail.
    Email,
    /// A web form or e-service.
    Form,
    /// A place to visit.
    Visit,
    /// A video meeting.
    Video,
    /// A postal letter.
    Letter,
    /// A digital mailbox.
    DigitalPost,
}

/// A way to reach an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "contactPointId": "exempelby-vaxel", "organisationId": "exempelby", "kind": "phone", "value": "+46-10-555-00-00",
    "needsEId": false, "sensitiveAllowed": true
}))]
pub struct ContactPoint {
    /// Stable id.
    pub contact_point_id: String,
    /// Whose it is.
    pub organisation_id: String,
    /// Which services it is for; empty means all of the organisation's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub service_ids: Vec<String>,
    /// What kind of channel it is.
    pub kind: ContactKind,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<LocalizedText>,
    /// Phone number, e-mail address or postal address, as a person writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Where it is on the web.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Where it is for: kommunkod, länskod or `SE`; empty means everywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<String>,
    /// Which languages it speaks, as BCP 47 tags; empty means not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<String>,
    /// When it is open, as RFC 5545 recurrence; empty means not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schedules: Vec<String>,
    /// Days that differ from the schedules, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<LocalizedText>,
    /// What it offers those who need something else: sign language, text telephone, step-free entrance.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accessibility: Vec<String>,
    /// Whether one must log in with an e-identification.
    #[serde(rename = "needsEId")]
    pub needs_e_id: bool,
    /// How long people wait just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_wait: Option<ExpectedWait>,
    /// Whether sensitive matters may be taken up here.
    pub sensitive_allowed: bool,
    /// Something everyone should know just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert: Option<LocalizedText>,
    /// When somebody last made sure that this is right.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-01-01T10:00:00Z")]
    pub assured_at: Option<jiff::Timestamp>,
    /// Who made sure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assured_by: Option<String>,
    /// Where the facts come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_ref: Option<String>,
}

impl ContactPoint {
    /// A contact point with what every contact point has; open to all, no e-identification needed.
    #[must_use]
    pub fn new(contact_point_id: impl Into<String>, organisation_id: impl Into<String>, kind: ContactKind) -> Self {
        Self {
            contact_point_id: contact_point_id.into(),
            organisation_id: organisation_id.into(),
            service_ids: Vec::new(),
            kind,
            name: None,
            value: None,
            url: None,
            areas: Vec::new(),
            languages: Vec::new(),
            schedules: Vec::new(),
            exceptions: Vec::new(),
            accessibility: Vec::new(),
            needs_e_id: false,
            expected_wait: None,
            sensitive_allowed: false,
            alert: None,
            assured_at: None,
            assured_by: None,
            source_ref: None,
        }
    }
}

/// How long people wait, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"p50Seconds": 240, "p90Seconds": 900, "asOf": "2026-01-01T10:00:00Z"}))]
pub struct ExpectedWait {
    /// Half of those waiting wait at most this long.
    pub p50_seconds: u32,
    /// Nine of ten wait at most this long.
    pub p90_seconds: u32,
    /// When it was measured.
    #[schema(value_type = String, format = DateTime, example = "2026-01-01T10:00:00Z")]
    pub as_of: jiff::Timestamp,
}
