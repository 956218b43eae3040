//! What a producer told: cases with their events, and how many things could not be understood.

use std::fmt;

use jiff::Timestamp;
use model::{Case, CaseEvent, CaseSource, Freshness, LocalizedText, Party, PartyRole};
use uuid::Uuid;

use crate::config::Producer;

/// Names the cases. Never to be changed: ids that people have kept are made from it.
const CASE_NAMESPACE: Uuid = Uuid::from_u128(0x0b7d_2b8c_7a8c_4d0e_9a46_0a2c_6f6f_0001);

/// Names the revisions.
const REVISION_NAMESPACE: Uuid = Uuid::from_u128(0x0b7d_2b8c_7a8c_4d0e_9a46_0a2c_6f6f_0002);

/// At most this many cases of one person are taken from one producer.
pub(crate) const MOST_CASES: usize = 1000;

/// A question to one producer: who asks about whom, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) producer: &'a Producer,
    /// The person as everyone but the producer knows them.
    pub(crate) party: &'a str,
    /// What the producer knows the person by.
    pub(crate) identifier: &'a str,
    pub(crate) now: Timestamp,
}

/// A case and what happened in it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Known {
    /// The producer's own reference.
    pub(crate) reference: String,
    pub(crate) case: Case,
    /// Oldest first.
    pub(crate) events: Vec<CaseEvent>,
    /// Others who have a part in it, by what the producer knows them by: to be named by their opaque ids.
    pub(crate) others: Vec<Other>,
}

/// Another one who has a part in a case.
#[derive(Clone, PartialEq)]
pub(crate) struct Other {
    /// What the producer knows them by.
    pub(crate) identifier: String,
    pub(crate) role: PartyRole,
    pub(crate) relation_term: Option<LocalizedText>,
}

impl fmt::Debug for Other {
    /// Without who it is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Other")
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// Everything a producer told about one person.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Told {
    pub(crate) known: Vec<Known>,
    /// How many items were left out because they were wrong.
    pub(crate) rejected: usize,
}

/// An answer that is not in the producer's form at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer is not in the producer's form: {0}")]
pub(crate) struct NotInForm(pub(crate) &'static str);

impl Told {
    /// Takes a case in, unless it is wrong: over the limit, or with the person's number in its text. Of two with
    /// one reference the one that changed last stays.
    pub(crate) fn take(&mut self, asked: &Asked<'_>, mut known: Known) {
        if known.case.closed {
            // Nobody can be asked to act in something that is over.
            known.case.requires_action = false;
        }
        known.events.sort_by_key(|event| event.occurred_at);
        let Some(revision) = revision(asked, &known) else {
            self.rejected += 1;
            return;
        };
        known.case.revision = revision;
        let full = self.known.len() >= MOST_CASES;
        match self.known.iter_mut().find(|other| other.reference == known.reference) {
            Some(other) if other.case.last_changed_at >= known.case.last_changed_at => {}
            Some(other) => *other = known,
            None if full => self.rejected += 1,
            None => self.known.push(known),
        }
    }
}

impl Asked<'_> {
    /// The stable id of a case by its producer and the producer's reference.
    pub(crate) fn case_id(&self, reference: &str) -> Uuid {
        Uuid::new_v5(&CASE_NAMESPACE, format!("{}\n{reference}", self.producer.id).as_bytes())
    }

    /// A source that answered just now.
    pub(crate) fn source(&self) -> CaseSource {
        CaseSource {
            source_id: self.producer.id.clone(),
            organisation_id: self.producer.organisation_id.clone(),
            as_of: self.now,
            freshness: Freshness::Live,
        }
    }

    /// The person's own part in the case, in the producer's word for it unless another is given.
    pub(crate) fn own_part(&self, role: PartyRole, term: Option<LocalizedText>) -> Party {
        let relation_term = term.or_else(|| self.producer.relation_term.clone());
        Party {
            party_id: self.party.to_owned(),
            role,
            relation_term,
        }
    }
}

/// A short name for the content, or none when it holds the number that the producer knows the person by. A producer
/// that writes that in its text must not make this service hand it on.
fn revision(asked: &Asked<'_>, known: &Known) -> Option<String> {
    let mut case = known.case.clone();
    case.source.as_of = Timestamp::UNIX_EPOCH;
    let text = serde_json::to_string(&(&case, &known.events, &known.reference)).ok()?;
    let others = known.others.iter().map(|other| other.identifier.as_str());
    if std::iter::once(asked.identifier)
        .chain(others)
        .any(|one| holds(&text, one))
    {
        return None;
    }
    let id = Uuid::new_v5(&REVISION_NAMESPACE, text.as_bytes()).simple().to_string();
    id.get(..16).map(str::to_owned)
}

/// Whether `text` has the identifier in it; a person number also without its century or with a sign in it.
fn holds(text: &str, identifier: &str) -> bool {
    if text.contains(identifier) {
        return true;
    }
    let digits = identifier.len() == 12 && identifier.bytes().all(|b| b.is_ascii_digit());
    match identifier.get(2..) {
        Some(ten) if digits => {
            let (birth, last) = ten.split_at(6);
            ["", "-", "+", " "]
                .iter()
                .any(|sign| text.contains(&format!("{birth}{sign}{last}")))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::holds;

    #[test]
    fn a_person_number_is_found_however_it_is_written() {
        for text in [
            "x 189001019802 y",
            "9001019802",
            "900101-9802",
            "18900101-9802",
            "900101+9802",
            "900101 9802",
        ] {
            assert!(holds(text, "189001019802"), "{text}");
        }
        assert!(!holds("900101-9803", "189001019802"));
        assert!(holds("ref p12ab", "p12ab"));
    }
}
