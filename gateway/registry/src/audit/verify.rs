//! Walks the audit trail from its first entry to its last, and the objects beside it.

use super::Entry;
use crate::model::{
    AgreementRecord, ApiRecord, Application, Backend, Credential, Kind, LimitPlan, Member, Object, Organisation,
};
use crate::store::{Error, Store};
use database::query;
use std::fmt;

/// Entries and objects read at once.
const AT_ONCE: i64 = 1_000;
/// After so many faults the rest is not looked for.
const MOST_FAULTS: usize = 100;

/// What the trail says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Entries read.
    pub entries: i64,
    /// Objects compared with their last entry.
    pub objects: i64,
    /// Hash of the last entry.
    pub head: String,
    /// What is wrong.
    pub faults: Vec<Fault>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Entries with these numbers are missing: the first, and the one that stands in its place.
    Missing(i64, i64),
    /// The entry is not what was written.
    Changed(i64),
    /// The entry does not follow the one before it.
    Unlinked(i64),
    /// The trail does not end where the registry says.
    Head {
        /// The last entry's number.
        last: i64,
        /// The number that the registry has.
        expected: i64,
    },
    /// The object is not what its last entry says.
    Object {
        /// Kind of object.
        kind: String,
        /// Its id.
        id: String,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(first, found) if *found == first + 1 => write!(formatter, "entry {first} is missing"),
            Self::Missing(first, found) => write!(formatter, "entries {first} to {} are missing", found - 1),
            Self::Changed(sequence) => write!(formatter, "entry {sequence} has been changed"),
            Self::Unlinked(sequence) => write!(formatter, "entry {sequence} does not follow the one before it"),
            Self::Head { last, expected } => {
                write!(
                    formatter,
                    "the trail ends at entry {last}, the registry is at {expected}"
                )
            }
            Self::Object { kind, id } => {
                write!(formatter, "the {kind} {id} is not what its last entry says")
            }
        }
    }
}

/// Checks the whole trail.
///
/// # Errors
/// See [`Error`]; what is wrong with the trail is in the report.
pub async fn verify(store: &Store) -> Result<Report, Error> {
    // Entries that come after this are the next run's.
    let head = store.head().await?;
    let mut report = Report::default();
    let (mut last, mut previous) = (0, String::new());
    while report.faults.len() < MOST_FAULTS {
        let select =
            query("SELECT * FROM registry_audit WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?");
        let select = select.bind(last).bind(head.sequence).bind(AT_ONCE);
        let rows = store.database().await?.fetch_all(select).await?;
        for row in &rows {
            let (entry, hash) = (Entry::read(row)?, row.get::<String>("hash")?);
            if entry.sequence != last + 1 {
                report.faults.push(Fault::Missing(last + 1, entry.sequence));
            } else if entry.previous != previous {
                report.faults.push(Fault::Unlinked(entry.sequence));
            }
            if entry.hash() != hash {
                report.faults.push(Fault::Changed(entry.sequence));
            }
            report.entries += 1;
            (last, previous) = (entry.sequence, hash);
        }
        if i64::try_from(rows.len()).unwrap_or(i64::MAX) < AT_ONCE {
            break;
        }
    }
    if last != head.sequence || previous != head.hash {
        report.faults.push(Fault::Head {
            last,
            expected: head.sequence,
        });
    }
    objects(store, head.sequence, &mut report).await?;
    report.head = previous;
    Ok(report)
}

/// Each object against the entry that its version names.
async fn objects(store: &Store, until: i64, report: &mut Report) -> Result<(), Error> {
    let (mut kind, mut id) = (String::new(), String::new());
    while report.faults.len() < MOST_FAULTS {
        let select = query(
            "SELECT o.kind, o.id, o.body, o.removed, a.after_change, a.object AS named FROM registry_object o \
             LEFT JOIN registry_audit a ON a.sequence = o.version AND a.kind = o.kind \
             WHERE (o.kind > ? OR (o.kind = ? AND o.id > ?)) AND o.version <= ? ORDER BY o.kind, o.id LIMIT ?",
        );
        let select = select.bind(&kind).bind(&kind).bind(&id).bind(until).bind(AT_ONCE);
        let rows = store.database().await?.fetch_all(select).await?;
        for row in &rows {
            kind = row.get("kind")?;
            id = row.get("id")?;
            let (body, removed): (String, bool) = (row.get("body")?, row.flag("removed")?);
            let said: Option<String> = row.get("after_change")?;
            let named: Option<String> = row.get("named")?;
            // Both are read as the object that they are: a field that a newer version knows is no difference.
            let same = match said.as_deref() {
                Some("") => removed,
                Some(said) => !removed && shown(&kind, &body).is_some_and(|is| shown(&kind, said) == Some(is)),
                None => false,
            };
            if !same || named.as_deref() != Some(id.as_str()) {
                report.faults.push(Fault::Object {
                    kind: kind.clone(),
                    id: id.clone(),
                });
            }
            report.objects += 1;
        }
        if i64::try_from(rows.len()).unwrap_or(i64::MAX) < AT_ONCE {
            return Ok(());
        }
    }
    Ok(())
}

/// What an entry shows of an object with this content.
fn shown(kind: &str, body: &str) -> Option<String> {
    match Kind::parse(kind)? {
        Kind::Organisation => audited::<Organisation>(body),
        Kind::Member => audited::<Member>(body),
        Kind::Credential => audited::<Credential>(body),
        Kind::Application => audited::<Application>(body),
        Kind::Backend => audited::<Backend>(body),
        Kind::Api => audited::<ApiRecord>(body),
        Kind::Agreement => audited::<AgreementRecord>(body),
        Kind::LimitPlan => audited::<LimitPlan>(body),
    }
}

fn audited<T: Object>(body: &str) -> Option<String> {
    let object: T = serde_json::from_str(body).ok()?;
    Some(object.audited().to_string())
}
