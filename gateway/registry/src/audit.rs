//! The audit trail: who changed what, before and after, each entry sealed by a hash over itself and the one before it.
//!
//! An entry is written in the same transaction as the change. [`verify()`] walks the whole trail: a changed entry, a missing
//! one, and an object that is not what its last entry says are found. Whoever can write to the tables could also write a
//! whole new chain; so note the last hash somewhere else now and then, and give it to `vagvisare audit verify --expect`.

mod verify;

pub use verify::{Fault, Report, verify};

use database::{Row, Transaction, query};

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number; the registry's version.
    pub sequence: i64,
    /// When, in microseconds since 1970.
    pub at: i64,
    /// Who.
    pub member: String,
    /// Whose member.
    pub member_organisation: String,
    /// Whose object.
    pub organisation: String,
    /// What was done.
    pub action: String,
    /// To what kind of object.
    pub kind: String,
    /// Its id.
    pub object: String,
    /// Its content before, without secrets; empty when it is new.
    pub before: String,
    /// Its content after, without secrets; empty when it is gone.
    pub after: String,
    /// Hash of the entry before this one; empty for the first.
    pub previous: String,
}

impl Entry {
    /// Reads a row of the table.
    pub(crate) fn read(row: &Row) -> Result<Self, database::Error> {
        Ok(Self {
            sequence: row.get("sequence")?,
            at: row.get("at")?,
            member: row.get("member")?,
            member_organisation: row.get("member_organisation")?,
            organisation: row.get("organisation")?,
            action: row.get("action")?,
            kind: row.get("kind")?,
            object: row.get("object")?,
            before: row.get("before_change")?,
            after: row.get("after_change")?,
            previous: row.get("previous")?,
        })
    }

    /// Its seal.
    pub fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("vagvisare 2026 registry audit entry");
        hasher.update(&self.sequence.to_le_bytes());
        hasher.update(&self.at.to_le_bytes());
        for part in [
            &self.member,
            &self.member_organisation,
            &self.organisation,
            &self.action,
            &self.kind,
            &self.object,
            &self.before,
            &self.after,
            &self.previous,
        ] {
            // Each part with its length, so that no two entries feed the same bytes.
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }
}

/// Writes an entry; gives its hash.
pub(crate) async fn append(transaction: &mut Transaction, entry: &Entry) -> Result<String, database::Error> {
    let hash = entry.hash();
    let insert = query(
        "INSERT INTO registry_audit (sequence, at, member, member_organisation, organisation, action, kind, object, \
         before_change, after_change, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(entry.sequence)
    .bind(entry.at)
    .bind(&entry.member)
    .bind(&entry.member_organisation)
    .bind(&entry.organisation)
    .bind(&entry.action)
    .bind(&entry.kind)
    .bind(&entry.object)
    .bind(&entry.before)
    .bind(&entry.after)
    .bind(&entry.previous)
    .bind(&hash);
    transaction.execute(insert).await?;
    Ok(hash)
}

/// Whether the trail holds an entry with this hash.
///
/// # Errors
/// See [`crate::store::Error`].
pub async fn holds(store: &crate::store::Store, hash: &str) -> Result<bool, crate::store::Error> {
    let select = query("SELECT sequence FROM registry_audit WHERE hash = ?").bind(hash);
    Ok(store.database().await?.fetch_optional(select).await?.is_some())
}
