//! Which agencies may hand what over to whom, on which legal basis, and until when.

use jiff::civil::Date;
use serde::Deserialize;

/// An agreement between two agencies to hand matters over; it has the id that the registry knows it by.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// Its id.
    pub id: String,
    /// Who sends.
    pub from: String,
    /// Who receives.
    pub to: String,
    /// The legal bases that it names.
    pub legal_bases: Vec<String>,
    /// The kinds of item that may be shared.
    pub item_kinds: Vec<String>,
    /// The first day.
    pub valid_from: Date,
    /// The last day; without one it holds until it is taken away.
    #[serde(default)]
    pub valid_to: Option<Date>,
    /// Where the two are in the national network for secure messages, when they are.
    #[serde(default)]
    pub secure_message: Option<Addresses>,
}

/// Addresses of the network for secure messages (SDK), as its address book has them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Addresses {
    /// The sending organisation, such as `0203:exempelby.se`.
    pub sender: String,
    /// The function that sends, such as `sdk:utkorg:0203:exempelby.se`.
    pub sender_function: String,
    /// The receiving organisation.
    pub recipient: String,
    /// The function that receives.
    pub recipient_function: String,
}

/// Every agreement.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreements {
    #[serde(default, rename = "agreement")]
    all: Vec<Agreement>,
}

/// Why an agreement does not cover a handover, in words for the agency.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCovered {
    /// No such agreement between these two.
    #[error("there is no agreement '{0}' by which your organisation hands matters over to that recipient")]
    NoAgreement(String),
    /// Not yet, or no longer.
    #[error("the agreement '{0}' is not in force today")]
    NotInForce(String),
    /// Another legal basis.
    #[error("the agreement '{0}' does not name that legal basis; it names: {1}")]
    LegalBasis(String, String),
    /// Something that may not be shared.
    #[error("the agreement '{0}' does not cover items of the kind '{1}'; it covers: {2}")]
    ItemKind(String, String, String),
}

/// What is to be covered.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'w> {
    /// Under which agreement.
    pub agreement: &'w str,
    /// Who sends.
    pub from: &'w str,
    /// Who receives.
    pub to: &'w str,
    /// By which law.
    pub legal_basis: &'w str,
}

impl Agreements {
    /// Reads a file of `[[agreement]]` tables.
    ///
    /// # Errors
    /// A file that is not in its form, or an id that is there twice.
    pub fn read(text: &str) -> anyhow::Result<Self> {
        let read: Self = toml::from_str(text)?;
        for (at, one) in read.all.iter().enumerate() {
            let twice = read.all.iter().skip(at + 1).any(|other| other.id == one.id);
            anyhow::ensure!(!twice, "the agreement '{}' is there twice", one.id);
            anyhow::ensure!(one.from != one.to, "the agreement '{}' is with oneself", one.id);
        }
        Ok(read)
    }

    /// Where the parties of an agreement are in the network for secure messages.
    #[must_use]
    pub fn addresses(&self, id: &str) -> Option<&Addresses> {
        let found = self.all.iter().find(|one| one.id == id)?;
        found.secure_message.as_ref()
    }

    /// The agreement, when it covers a handover of these kinds of items on a day.
    ///
    /// # Errors
    /// What it does not cover.
    pub fn covering<'k>(
        &self,
        wanted: &Wanted<'_>,
        kinds: impl Iterator<Item = &'k str>,
        today: Date,
    ) -> Result<&Agreement, NotCovered> {
        let id = wanted.agreement.to_owned();
        let between = |one: &&Agreement| one.id == id && one.from == wanted.from && one.to == wanted.to;
        let Some(found) = self.all.iter().find(between) else {
            return Err(NotCovered::NoAgreement(id));
        };
        if today < found.valid_from || found.valid_to.is_some_and(|last| last < today) {
            return Err(NotCovered::NotInForce(id));
        }
        if !found.legal_bases.iter().any(|one| one == wanted.legal_basis) {
            return Err(NotCovered::LegalBasis(id, found.legal_bases.join(", ")));
        }
        for kind in kinds {
            if !found.item_kinds.iter().any(|one| one == kind) {
                return Err(NotCovered::ItemKind(id, kind.to_owned(), found.item_kinds.join(", ")));
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const FILE: &str = "[[agreement]]
id = 'a-1'
from = 'exempelby'
to = 'provkommun'
legal_bases = ['socialtjänstlagen 1 kap. 1 §']
item_kinds = ['decision']
valid_from = '2026-01-01'
valid_to = '2026-12-31'
";

    #[test]
    fn what_is_not_covered_is_said() {
        let agreements = Agreements::read(FILE).unwrap();
        let law = "socialtjänstlagen 1 kap. 1 §";
        let ask = |to, law, kind, day| {
            let wanted = Wanted {
                agreement: "a-1",
                from: "exempelby",
                to,
                legal_basis: law,
            };
            agreements
                .covering(&wanted, [kind].into_iter(), day)
                .map(|found| found.id.clone())
        };
        let day = date(2026, 11, 26);
        assert_eq!(ask("provkommun", law, "decision", day), Ok("a-1".to_owned()));
        assert!(matches!(
            ask("annan", law, "decision", day),
            Err(NotCovered::NoAgreement(_))
        ));
        let late = date(2027, 1, 1);
        assert!(matches!(
            ask("provkommun", law, "decision", late),
            Err(NotCovered::NotInForce(_))
        ));
        assert!(matches!(
            ask("provkommun", "annan lag", "decision", day),
            Err(NotCovered::LegalBasis(..))
        ));
        assert!(matches!(
            ask("provkommun", law, "journal", day),
            Err(NotCovered::ItemKind(..))
        ));
        assert!(Agreements::read(&FILE.repeat(2)).is_err());
    }
}
