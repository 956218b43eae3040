//! What is offered and what is booked.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How people meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum EncounterKind {
    /// The agency calls the person.
    Callback,
    /// On site.
    MeetingOnSite,
    /// By video.
    Video,
}

impl EncounterKind {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Callback => "callback",
            Self::MeetingOnSite => "meetingOnSite",
            Self::Video => "video",
        }
    }

    pub(crate) fn read(word: &str) -> Self {
        match word {
            "callback" => Self::Callback,
            "video" => Self::Video,
            _ => Self::MeetingOnSite,
        }
    }
}

/// How far a booking has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum BookingState {
    /// Promised.
    Booked,
    /// The promise was kept.
    Kept,
    /// The promise was not kept.
    Missed,
    /// The person changed their mind.
    Cancelled,
}

impl BookingState {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Kept => "kept",
            Self::Missed => "missed",
            Self::Cancelled => "cancelled",
        }
    }

    pub(crate) fn read(word: &str) -> Self {
        match word {
            "booked" => Self::Booked,
            "kept" => Self::Kept,
            "cancelled" => Self::Cancelled,
            _ => Self::Missed,
        }
    }
}

/// A time that an agency offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its id.
    pub id: String,
    /// Who offers it.
    pub organisation: String,
    /// How people meet.
    pub kind: EncounterKind,
    /// From.
    pub starts: Timestamp,
    /// To.
    pub ends: Timestamp,
    /// Where, on site or by video.
    pub place: Option<String>,
    /// How many it was offered to.
    pub capacity: u32,
    /// How many places are left.
    pub free: u32,
}

/// A booked time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booking {
    /// Its id.
    pub id: String,
    /// Which time.
    pub slot: Slot,
    /// How far it has come.
    pub state: BookingState,
    /// The language to speak.
    pub language: String,
    /// The matter it is about, by an id that the caller chose.
    pub matter: Option<String>,
    /// Whether a number is kept.
    pub has_number: bool,
    pub(crate) owner: String,
}
