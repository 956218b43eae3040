//! What a handover is and how far it has come.

use aws_lc_rs::digest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far a handover has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// Made by the sending agency; nobody has been shown it.
    Draft,
    /// Shown to the person.
    Previewed,
    /// The person has said yes, and it waits for the recipient.
    Sent,
    /// The recipient has fetched something of it.
    Retrieved,
    /// The recipient has it, byte for byte.
    Received,
    /// The recipient does not take it.
    Refused,
    /// The person or the sending agency has taken it back.
    Withdrawn,
    /// Nobody took it further in time.
    Expired,
}

impl State {
    /// Every state, in the order of a life.
    pub const ALL: [Self; 8] = [
        Self::Draft,
        Self::Previewed,
        Self::Sent,
        Self::Retrieved,
        Self::Received,
        Self::Refused,
        Self::Withdrawn,
        Self::Expired,
    ];

    /// The word in the store and on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Previewed => "previewed",
            Self::Sent => "sent",
            Self::Retrieved => "retrieved",
            Self::Received => "received",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
        }
    }

    /// The state of a word; one that nobody has written is an end.
    #[must_use]
    pub fn read(word: &str) -> Self {
        let known = Self::ALL.into_iter().find(|state| state.word() == word);
        known.unwrap_or(Self::Expired)
    }

    /// Whether the recipient may know of it.
    #[must_use]
    pub const fn has_left(self) -> bool {
        matches!(self, Self::Sent | Self::Retrieved | Self::Received | Self::Refused)
    }

    /// The states from which this one may follow.
    #[must_use]
    pub const fn follows(self) -> &'static [Self] {
        match self {
            Self::Draft => &[],
            Self::Previewed => &[Self::Draft, Self::Previewed],
            Self::Sent => &[Self::Previewed],
            Self::Retrieved => &[Self::Sent, Self::Retrieved],
            Self::Received => &[Self::Retrieved],
            Self::Refused => &[Self::Sent, Self::Retrieved],
            Self::Withdrawn | Self::Expired => &[Self::Draft, Self::Previewed, Self::Sent, Self::Retrieved],
        }
    }

    /// Whether what is shared is kept no longer.
    #[must_use]
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Received | Self::Refused | Self::Withdrawn | Self::Expired)
    }
}

/// One thing that is shared; its bytes are kept apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// Unique within the handover.
    pub item_id: String,
    /// What kind it is; the agreement names those that may be shared.
    pub kind: String,
    /// What it is called.
    pub label: String,
    /// Its media type.
    pub media_type: String,
    /// How many bytes.
    pub size: usize,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// Something that happened to a handover.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The state from then on.
    pub state: State,
    /// When.
    #[schema(value_type = String, format = DateTime, example = "2026-11-26T10:00:00Z")]
    pub at: Timestamp,
    /// Who: an organisation's id, `person`, or `time`.
    pub by: String,
    /// Why, when a recipient refuses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What is told about a handover; encrypted at rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Details {
    /// What it is about, in a line.
    pub title: String,
    /// What it is for.
    pub purpose: String,
    /// By which law.
    pub legal_basis: String,
    /// Under which agreement.
    pub agreement_id: String,
    /// The sender's case, when there is one.
    pub case_id: Option<String>,
    /// Whether it holds what is secret or sensitive, in the sender's judgement.
    pub confidentiality: bool,
    /// Which conversation it belongs to.
    pub conversation_id: String,
    /// The handover that it answers.
    pub ref_to_handover_id: Option<String>,
    /// What is shared.
    pub items: Vec<Item>,
}

/// A handover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    /// Its id.
    pub id: String,
    /// Who sends.
    pub from: String,
    /// Who receives.
    pub to: String,
    /// How far it has come.
    pub state: State,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends by itself.
    pub expires: Timestamp,
    /// What is told about it.
    pub details: Details,
    /// What has happened.
    pub receipts: Vec<Receipt>,
}

impl Handover {
    /// All that the person says yes to, in a form that has one spelling: a JSON array in this order.
    #[must_use]
    pub fn manifest(&self) -> String {
        let details = &self.details;
        let all = (
            &self.id,
            &self.from,
            &self.to,
            &details.title,
            &details.purpose,
            &details.legal_basis,
            &details.agreement_id,
            &details.case_id,
            details.confidentiality,
            &details.items,
        );
        serde_json::to_string(&all).unwrap_or_default()
    }

    /// When the recipient first fetched something.
    #[must_use]
    pub fn has_been_read(&self) -> bool {
        self.receipts.iter().any(|one| one.state == State::Retrieved)
    }
}

/// SHA-256 in hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    let hash = digest::digest(&digest::SHA256, bytes);
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_without_a_preview_and_nothing_follows_an_end() {
        assert_eq!(State::Sent.follows(), [State::Previewed]);
        for state in State::ALL {
            assert_eq!(State::read(state.word()), state);
            let after_end = state.follows().iter().any(|before| before.is_end());
            assert!(!after_end, "{state:?}");
        }
        assert_eq!(
            sha256(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
