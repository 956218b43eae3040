//! A change: objects, their audit entries and the answer for a repeated request, in one transaction.
//!
//! Changes are made one after another, on every node together: each begins by taking the head's row. So what a change has
//! read holds until it is committed, and versions are committed in their order.
//!
//! In a rehearsal ([`Store::rehearse`]) changes are made one on another in one transaction, and none of them ever takes
//! effect: what would be refused is known before anything is done.

use super::{CHANNEL, Error, REPEATS_ARE_KNOWN, Store, read_object};
use crate::audit::{self, Entry};
use crate::model::{Kind, Moment, Object, Stored};
use database::{Transaction, query};
use serde_json::Value;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};
use uuid::Uuid;

/// Who makes a change.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The member; the name of a command where no member is there yet.
    pub member: String,
    /// The member's organisation.
    pub organisation: String,
}

/// What is put into the registry for the first time.
#[derive(Debug)]
pub enum NewObject<T> {
    /// It is there now.
    Made(Stored<T>),
    /// An object of this kind has this id.
    Taken,
}

/// An open change. Dropped without [`Change::commit`], it never was.
#[derive(Debug)]
pub struct Change {
    open: Held,
    actor: Actor,
    now: Moment,
}

/// What a change is made in.
#[derive(Debug)]
pub(super) struct Open {
    transaction: Transaction,
    sequence: i64,
    hash: String,
    began_at: i64,
}

/// Whose the transaction is: the change's own, or lent by a rehearsal until the change is done.
#[derive(Debug)]
enum Held {
    Own(Box<Open>),
    Lent(OwnedMutexGuard<Open>),
}

impl Deref for Held {
    type Target = Open;

    fn deref(&self) -> &Open {
        match self {
            Self::Own(open) => open,
            Self::Lent(open) => open,
        }
    }
}

impl DerefMut for Held {
    fn deref_mut(&mut self) -> &mut Open {
        match self {
            Self::Own(open) => open,
            Self::Lent(open) => open,
        }
    }
}

impl Store {
    /// Begins a change; waits for others to end theirs.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn change(&self, actor: Actor) -> Result<Change, Error> {
        let open = match &self.rehearsal {
            Some(rehearsal) => Held::Lent(Arc::clone(rehearsal).lock_owned().await),
            None => Held::Own(Box::new(self.open_change().await?)),
        };
        Ok(Change {
            open,
            actor,
            now: Moment::now(),
        })
    }

    /// The same registry, in which each change sees those before it and none takes effect. Others' changes wait until the last
    /// copy of it is dropped.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn rehearse(&self) -> Result<Self, Error> {
        let open = self.open_change().await?;
        Ok(Self {
            rehearsal: Some(Arc::new(Mutex::new(open))),
            ..self.clone()
        })
    }

    /// Whether changes made here never take effect.
    pub fn is_rehearsed(&self) -> bool {
        self.rehearsal.is_some()
    }

    async fn open_change(&self) -> Result<Open, Error> {
        let mut transaction = self.database().await?.begin().await?;
        let make = query(
            "INSERT INTO registry_head (one, epoch, sequence, hash) VALUES (1, ?, 0, '') ON CONFLICT (one) DO NOTHING",
        );
        let take = || query("UPDATE registry_head SET sequence = sequence WHERE one = 1 RETURNING sequence, hash");
        let head = match transaction.fetch_optional(take()).await? {
            Some(head) => head,
            None => {
                transaction.execute(make.bind(Uuid::now_v7().to_string())).await?;
                transaction.fetch_one(take()).await?
            }
        };
        let sequence = head.get("sequence")?;
        Ok(Open {
            sequence,
            hash: head.get("hash")?,
            began_at: sequence,
            transaction,
        })
    }
}

impl Change {
    /// When it is made.
    pub fn now(&self) -> Moment {
        self.now
    }

    /// The version that the registry has once this is committed.
    pub fn version(&self) -> i64 {
        self.open.sequence
    }

    /// The object with this id.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn get<T: Object>(&mut self, id: &str) -> Result<Option<Stored<T>>, Error> {
        let select = query("SELECT * FROM registry_object WHERE kind = ? AND id = ? AND removed = 0");
        let row = self
            .open
            .transaction
            .fetch_optional(select.bind(T::KIND.name()).bind(id))
            .await?;
        row.as_ref().map(read_object).transpose()
    }

    /// Every object of the organisation.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn of_organisation<T: Object>(&mut self, organisation: &str) -> Result<Vec<Stored<T>>, Error> {
        let select =
            query("SELECT * FROM registry_object WHERE kind = ? AND organisation = ? AND removed = 0 ORDER BY id");
        let rows = self
            .open
            .transaction
            .fetch_all(select.bind(T::KIND.name()).bind(organisation))
            .await?;
        rows.iter().map(read_object).collect()
    }

    /// Every object that is part of another.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn parts_of<T: Object>(&mut self, parent: &str) -> Result<Vec<Stored<T>>, Error> {
        let select = query("SELECT * FROM registry_object WHERE kind = ? AND parent = ? AND removed = 0 ORDER BY id");
        let rows = self
            .open
            .transaction
            .fetch_all(select.bind(T::KIND.name()).bind(parent))
            .await?;
        rows.iter().map(read_object).collect()
    }

    /// Every object to which the organisation is a party.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn of_party<T: Object>(&mut self, organisation: &str) -> Result<Vec<Stored<T>>, Error> {
        let select = query(
            "SELECT o.* FROM registry_object o JOIN registry_party p ON p.kind = o.kind AND p.id = o.id \
             WHERE p.organisation = ? AND o.kind = ? AND o.removed = 0 ORDER BY o.id",
        );
        let rows = self
            .open
            .transaction
            .fetch_all(select.bind(organisation).bind(T::KIND.name()))
            .await?;
        rows.iter().map(read_object).collect()
    }

    /// Puts a new object in.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn add<T: Object>(&mut self, object: T) -> Result<NewObject<T>, Error> {
        let select = query("SELECT organisation, removed, revision FROM registry_object WHERE kind = ? AND id = ?");
        let known = self
            .open
            .transaction
            .fetch_optional(select.bind(T::KIND.name()).bind(object.id()))
            .await?;
        let mut revision = 1;
        if let Some(row) = known {
            // An id that was somebody else's stays theirs: logs and agreements speak of it.
            if !row.flag("removed")? || row.get::<String>("organisation")? != object.organisation() {
                return Ok(NewObject::Taken);
            }
            revision = row.get::<i64>("revision")? + 1;
        }
        let stored = Stored {
            object,
            revision,
            version: self.open.sequence + 1,
            created_at: self.now,
            changed_at: self.now,
        };
        self.write("create", None, &stored, false).await?;
        Ok(NewObject::Made(stored))
    }

    /// Puts `object` in the place of `before`, whose id and owner it has. `action` says what was done.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn replace<T: Object>(
        &mut self,
        action: &'static str,
        before: &Stored<T>,
        object: T,
    ) -> Result<Stored<T>, Error> {
        let stored = Stored {
            object,
            revision: before.revision + 1,
            version: self.open.sequence + 1,
            created_at: before.created_at,
            changed_at: self.now,
        };
        self.write(action, Some(before), &stored, false).await?;
        Ok(stored)
    }

    /// Takes an object out.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn remove<T: Object>(&mut self, before: &Stored<T>) -> Result<(), Error> {
        let gone = Stored {
            revision: before.revision + 1,
            version: self.open.sequence + 1,
            changed_at: self.now,
            ..before.clone()
        };
        self.write("remove", Some(before), &gone, true).await
    }

    /// The answer that this member was given to a request with this idempotency key, and the fingerprint of that request.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn earlier_answer(&mut self, key: &str) -> Result<Option<(String, Value)>, Error> {
        let old = self.now.microseconds() - i64::try_from(REPEATS_ARE_KNOWN.as_micros()).unwrap_or(i64::MAX);
        self.open
            .transaction
            .execute(query("DELETE FROM registry_repeat WHERE at < ?").bind(old))
            .await?;
        let select = query("SELECT fingerprint, answer FROM registry_repeat WHERE member = ? AND repeat_key = ?");
        let Some(row) = self
            .open
            .transaction
            .fetch_optional(select.bind(&self.actor.member).bind(key))
            .await?
        else {
            return Ok(None);
        };
        let answer: String = row.get("answer")?;
        let answer = serde_json::from_str(&answer).map_err(|source| Error::Content {
            kind: "answer".to_owned(),
            id: "of an idempotency key".to_owned(),
            source,
        })?;
        Ok(Some((row.get("fingerprint")?, answer)))
    }

    /// Keeps the answer for when the request is repeated.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn keep_answer(&mut self, key: &str, fingerprint: &str, answer: &Value) -> Result<(), Error> {
        let insert =
            query("INSERT INTO registry_repeat (member, repeat_key, fingerprint, answer, at) VALUES (?, ?, ?, ?, ?)");
        self.open
            .transaction
            .execute(
                insert
                    .bind(&self.actor.member)
                    .bind(key)
                    .bind(fingerprint)
                    .bind(answer.to_string())
                    .bind(self.now.microseconds()),
            )
            .await?;
        Ok(())
    }

    /// Keeps a document by its hash.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn keep_document(&mut self, hash: &str, body: &str) -> Result<(), Error> {
        let insert = query("INSERT INTO registry_document (hash, body) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING");
        self.open.transaction.execute(insert.bind(hash).bind(body)).await?;
        Ok(())
    }

    /// The document with this hash, one that was kept by this change included.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn document(&mut self, hash: &str) -> Result<Option<String>, Error> {
        let select = query("SELECT body FROM registry_document WHERE hash = ?");
        let row = self.open.transaction.fetch_optional(select.bind(hash)).await?;
        Ok(row.map(|row| row.get("body")).transpose()?)
    }

    /// Makes it all take effect, and tells the nodes. Gives the registry's version.
    ///
    /// # Errors
    /// See [`Error`]. After [`database::Error::Unavailable`] it is not known whether it took effect.
    pub async fn commit(self) -> Result<i64, Error> {
        let sequence = self.open.sequence;
        let Held::Own(mut open) = self.open else {
            return Ok(sequence);
        };
        if sequence > open.began_at {
            let update = query("UPDATE registry_head SET sequence = ?, hash = ? WHERE one = 1");
            let update = update.bind(sequence).bind(&open.hash);
            open.transaction.execute(update).await?;
            open.transaction.notify(CHANNEL, &sequence.to_string()).await?;
        }
        open.transaction.commit().await?;
        Ok(sequence)
    }

    async fn write<T: Object>(
        &mut self,
        action: &'static str,
        before: Option<&Stored<T>>,
        after: &Stored<T>,
        removed: bool,
    ) -> Result<(), Error> {
        let object = &after.object;
        let upsert = query(
            "INSERT INTO registry_object \
             (kind, id, organisation, parent, revision, version, removed, created_at, changed_at, body) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET \
             revision = excluded.revision, version = excluded.version, removed = excluded.removed, \
             created_at = excluded.created_at, changed_at = excluded.changed_at, body = excluded.body, \
             parent = excluded.parent",
        )
        .bind(T::KIND.name())
        .bind(object.id())
        .bind(object.organisation())
        .bind(object.parent().unwrap_or_default())
        .bind(after.revision)
        .bind(after.version)
        .bind(removed)
        .bind(after.created_at.microseconds())
        .bind(after.changed_at.microseconds())
        .bind(written(object)?);
        self.open.transaction.execute(upsert).await?;
        self.write_parties(T::KIND, object, removed).await?;
        let entry = Entry {
            sequence: after.version,
            at: self.now.microseconds(),
            member: self.actor.member.clone(),
            member_organisation: self.actor.organisation.clone(),
            organisation: object.organisation().to_owned(),
            action: action.to_owned(),
            kind: T::KIND.name().to_owned(),
            object: object.id().to_owned(),
            before: before.map_or_else(String::new, |before| audited(&before.object)),
            after: if removed { String::new() } else { audited(object) },
            previous: std::mem::take(&mut self.open.hash),
        };
        self.open.hash = audit::append(&mut self.open.transaction, &entry).await?;
        self.open.sequence = after.version;
        Ok(())
    }

    async fn write_parties<T: Object>(&mut self, kind: Kind, object: &T, removed: bool) -> Result<(), Error> {
        let mut parties = object.parties();
        if parties.is_empty() {
            return Ok(());
        }
        let delete = query("DELETE FROM registry_party WHERE kind = ? AND id = ?");
        self.open
            .transaction
            .execute(delete.bind(kind.name()).bind(object.id()))
            .await?;
        if removed {
            return Ok(());
        }
        parties.sort_unstable();
        parties.dedup();
        for party in parties {
            let insert = query("INSERT INTO registry_party (kind, id, organisation) VALUES (?, ?, ?)");
            self.open
                .transaction
                .execute(insert.bind(kind.name()).bind(object.id()).bind(party))
                .await?;
        }
        Ok(())
    }
}

fn written<T: Object>(object: &T) -> Result<String, Error> {
    serde_json::to_string(object).map_err(|source| Error::Content {
        kind: T::KIND.name().to_owned(),
        id: object.id().to_owned(),
        source,
    })
}

fn audited<T: Object>(object: &T) -> String {
    object.audited().to_string()
}
