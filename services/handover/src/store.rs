//! Handovers on SQLite or PostgreSQL. What is told and what is shared is encrypted; bytes are removed at the end.

use database::{Database, Error, Migrations, Row, Transaction, query};
use jiff::Timestamp;
use service_host::{Broken, Seal};

use crate::handover::{Handover, Receipt, State, sha256};

const MIGRATIONS: Migrations = Migrations {
    component: "handover",
    steps: &["CREATE TABLE handover_handover (
    id TEXT PRIMARY KEY,
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    person TEXT NOT NULL,
    state TEXT NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    details {blob} NOT NULL
);
CREATE INDEX handover_sender ON handover_handover (sender, created);
CREATE INDEX handover_recipient ON handover_handover (recipient, created);
CREATE INDEX handover_person ON handover_handover (person, created);
CREATE INDEX handover_due ON handover_handover (expires);
CREATE TABLE handover_content (
    handover TEXT NOT NULL,
    item TEXT NOT NULL,
    content {blob} NOT NULL,
    PRIMARY KEY (handover, item)
);
CREATE TABLE handover_receipt (
    handover TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (handover, sequence)
)"],
};

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is none that the asker may know of.
    #[error("there is no such handover")]
    NotFound,
    /// It has come too far, or not far enough.
    #[error("the handover is {}", .0.word())]
    State(State),
    /// It could not be encrypted or decrypted.
    #[error(transparent)]
    Content(#[from] Broken),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] Error),
}

/// A person, by a digest of their opaque id that says nothing elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person(String);

impl Person {
    /// The digest of an opaque id.
    #[must_use]
    pub fn new(party: &str) -> Self {
        Self(sha256(format!("handover\0{party}").as_bytes()))
    }
}

/// On whose side somebody asks.
#[derive(Clone, Copy, Debug)]
pub enum Asker<'a> {
    /// The person whom it is about.
    Person(&'a Person),
    /// The agency that sends.
    Sender(&'a str),
    /// The agency that receives: knows only of what has left.
    Recipient(&'a str),
}

impl Asker<'_> {
    const fn column(&self) -> &'static str {
        match self {
            Self::Person(_) => "person",
            Self::Sender(_) => "sender",
            Self::Recipient(_) => "recipient",
        }
    }

    fn value(&self) -> &str {
        match self {
            Self::Person(person) => &person.0,
            Self::Sender(organisation) | Self::Recipient(organisation) => organisation,
        }
    }

    /// A recipient is told of a withdrawal when it knew of the handover before.
    fn may_know(&self, handover: &Handover) -> bool {
        let was_sent = || handover.receipts.iter().any(|one| one.state == State::Sent);
        !matches!(self, Self::Recipient(_)) || handover.state.has_left() || was_sent()
    }
}

/// The store.
pub struct Store {
    database: Database,
    seal: Seal,
}

fn time(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn place(handover: &str, item: &str) -> String {
    format!("{handover}/{item}")
}

impl Store {
    /// Opens the store and brings its schema up to date.
    ///
    /// # Errors
    /// A database that cannot be opened.
    pub async fn open(address: &str, seal: Seal) -> Result<Self, Error> {
        let database = Database::open(address, &[MIGRATIONS]).await?;
        Ok(Self { database, seal })
    }

    /// Keeps a new handover with the bytes of its items, in their order.
    ///
    /// # Errors
    /// The database or the cipher fails.
    pub async fn create(&self, new: &Handover, person: &Person, contents: &[Vec<u8>]) -> Result<(), StoreError> {
        let details = serde_json::to_vec(&new.details).unwrap_or_default();
        let mut transaction = self.database.begin().await?;
        let insert = query(
            "INSERT INTO handover_handover (id, sender, recipient, person, state, created, expires, details) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&new.id)
        .bind(&new.from)
        .bind(&new.to)
        .bind(&person.0)
        .bind(new.state.word())
        .bind(new.created.as_microsecond())
        .bind(new.expires.as_microsecond())
        .bind(self.seal.close(&details, &new.id)?);
        transaction.execute(insert).await?;
        for (item, bytes) in new.details.items.iter().zip(contents) {
            let insert = query("INSERT INTO handover_content (handover, item, content) VALUES (?, ?, ?)")
                .bind(&new.id)
                .bind(&item.item_id)
                .bind(self.seal.close(bytes, &place(&new.id, &item.item_id))?);
            transaction.execute(insert).await?;
        }
        note(&mut transaction, &new.id, &new.receipts).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// One handover, for somebody who may know of it.
    ///
    /// # Errors
    /// There is none.
    pub async fn get(&self, asker: &Asker<'_>, id: &str) -> Result<Handover, StoreError> {
        let find = query(format!(
            "SELECT id, sender, recipient, state, created, expires, details FROM handover_handover \
             WHERE id = ? AND {} = ?",
            asker.column()
        ));
        let row = self.database.fetch_optional(find.bind(id).bind(asker.value())).await?;
        let found = self.handover(&row.ok_or(StoreError::NotFound)?).await?;
        if asker.may_know(&found) {
            Ok(found)
        } else {
            Err(StoreError::NotFound)
        }
    }

    /// Those that somebody may know of, newest first; at most 500.
    ///
    /// # Errors
    /// The database or the cipher fails.
    pub async fn list(&self, asker: &Asker<'_>) -> Result<Vec<Handover>, StoreError> {
        let find = query(format!(
            "SELECT id, sender, recipient, state, created, expires, details FROM handover_handover \
             WHERE {} = ? ORDER BY created DESC, id DESC LIMIT 500",
            asker.column()
        ));
        let mut all = Vec::new();
        for row in self.database.fetch_all(find.bind(asker.value())).await? {
            let one = self.handover(&row).await?;
            if asker.may_know(&one) {
                all.push(one);
            }
        }
        Ok(all)
    }

    async fn handover(&self, row: &Row) -> Result<Handover, StoreError> {
        let id: String = row.get("id")?;
        let details = self.seal.open(&row.get::<Vec<u8>>("details")?, &id)?;
        let receipts = query("SELECT document FROM handover_receipt WHERE handover = ? ORDER BY sequence").bind(&id);
        let mut known: Vec<Receipt> = Vec::new();
        for row in self.database.fetch_all(receipts).await? {
            known.extend(serde_json::from_str::<Receipt>(&row.get::<String>("document")?).ok());
        }
        Ok(Handover {
            from: row.get("sender")?,
            to: row.get("recipient")?,
            state: State::read(&row.get::<String>("state")?),
            created: time(row.get("created")?),
            expires: time(row.get("expires")?),
            details: serde_json::from_slice(&details).map_err(|_| Broken)?,
            receipts: known,
            id,
        })
    }

    /// The bytes of the items, in their order.
    ///
    /// # Errors
    /// They have been removed.
    pub async fn contents(&self, handover: &Handover) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut all = Vec::new();
        for item in &handover.details.items {
            let find = query("SELECT content FROM handover_content WHERE handover = ? AND item = ?");
            let row = self
                .database
                .fetch_optional(find.bind(&handover.id).bind(&item.item_id))
                .await?;
            let sealed: Vec<u8> = row.ok_or(StoreError::State(handover.state))?.get("content")?;
            all.push(self.seal.open(&sealed, &place(&handover.id, &item.item_id))?);
        }
        Ok(all)
    }

    /// Takes a handover a step further, with a receipt of it; what is shared is removed at an end. Of two that try at the
    /// same time one succeeds.
    ///
    /// # Errors
    /// It has not come that far, or has ended.
    pub async fn advance(&self, id: &str, receipt: Receipt) -> Result<(), StoreError> {
        let before = receipt.state.follows();
        let marks = vec!["?"; before.len()].join(", ");
        let mut transaction = self.database.begin().await?;
        let update = query(format!(
            "UPDATE handover_handover SET state = ? WHERE id = ? AND expires > ? AND state IN ({marks})"
        ))
        .bind(receipt.state.word())
        .bind(id)
        .bind(receipt.at.as_microsecond())
        .bind_all(before.iter().map(|state| state.word()));
        if transaction.execute(update).await? == 0 {
            transaction.rollback().await?;
            let find = query("SELECT state FROM handover_handover WHERE id = ?").bind(id);
            let row = self.database.fetch_optional(find).await?.ok_or(StoreError::NotFound)?;
            return Err(StoreError::State(State::read(&row.get::<String>("state")?)));
        }
        if receipt.state.is_end() {
            let remove = query("DELETE FROM handover_content WHERE handover = ?").bind(id);
            transaction.execute(remove).await?;
        }
        note(&mut transaction, id, &[receipt]).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Ends what nobody took further in time, and removes what it shared. Gives how many there were.
    ///
    /// # Errors
    /// The database fails.
    pub async fn expire(&self, now: Timestamp) -> Result<usize, Error> {
        let open: Vec<&str> = State::Expired.follows().iter().map(|state| state.word()).collect();
        let marks = vec!["?"; open.len()].join(", ");
        let due = query(format!(
            "SELECT id FROM handover_handover WHERE expires <= ? AND state IN ({marks}) LIMIT 500"
        ));
        let due = due.bind(now.as_microsecond()).bind_all(open.iter().copied());
        let mut ended = 0;
        for row in self.database.fetch_all(due).await? {
            let id: String = row.get("id")?;
            let mut transaction = self.database.begin().await?;
            let end = query(format!(
                "UPDATE handover_handover SET state = ? WHERE id = ? AND state IN ({marks})"
            ));
            let end = end.bind(State::Expired.word()).bind(&id).bind_all(open.iter().copied());
            if transaction.execute(end).await? > 0 {
                let remove = query("DELETE FROM handover_content WHERE handover = ?").bind(&id);
                transaction.execute(remove).await?;
                let receipt = Receipt {
                    state: State::Expired,
                    at: now,
                    by: "time".to_owned(),
                    reason: None,
                };
                note(&mut transaction, &id, &[receipt]).await?;
                ended += 1;
            }
            transaction.commit().await?;
        }
        Ok(ended)
    }
}

/// Adds receipts after those that are there.
async fn note(transaction: &mut Transaction, id: &str, receipts: &[Receipt]) -> Result<(), Error> {
    for receipt in receipts {
        let count = query("SELECT COUNT(*) AS many FROM handover_receipt WHERE handover = ?").bind(id);
        let many: i64 = transaction.fetch_one(count).await?.get("many")?;
        let insert = query("INSERT INTO handover_receipt (handover, sequence, document) VALUES (?, ?, ?)")
            .bind(id)
            .bind(many)
            .bind(serde_json::to_string(receipt).unwrap_or_default());
        transaction.execute(insert).await?;
    }
    Ok(())
}
