//! Who a person is, and by what id each organisation knows them.

use super::{People, PeopleError};
use database::{Row, Transaction, query};
use std::fmt;

/// Rows that are encrypted anew in one transaction.
const ROTATED_AT_ONCE: i64 = 200;
/// Held while somebody is looked up or added, so that nobody is added twice.
const LOCK: i64 = 0x7065_6f70_6c65;

/// A person number, twelve digits. Shows itself to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonNumber(String);

impl PersonNumber {
    /// From digits as an e-identification gives them, with or without a hyphen.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|sign| *sign != '-').collect();
        let well_formed = digits.len() == 12 && digits.bytes().all(|digit| digit.is_ascii_digit());
        well_formed.then_some(Self(digits))
    }

    /// The digits, for a call to the producer that needs them and for nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PersonNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PersonNumber(..)")
    }
}

/// A person inside of this installation: a random id that means nothing elsewhere and never leaves it.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonId(pub(super) String);

impl fmt::Debug for PersonId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PersonId(..)")
    }
}

impl People {
    /// The person with this number; somebody new is remembered.
    ///
    /// # Errors
    /// The database, or random bytes.
    pub async fn person(&self, number: &PersonNumber) -> Result<PersonId, PeopleError> {
        let id = self.find_or_add("person", &[number.expose()], number.expose()).await?;
        Ok(PersonId(id))
    }

    /// By what `organisation` knows the person.
    ///
    /// # Errors
    /// The database, or random bytes.
    pub async fn party_id(&self, person: &PersonId, organisation: &str) -> Result<String, PeopleError> {
        let content = format!("{}\n{organisation}", person.0);
        self.find_or_add("party", &[&person.0, organisation], &content).await
    }

    /// Whom `organisation` knows by this id. Another organisation's id leads to nobody.
    ///
    /// # Errors
    /// The database, or a row that does not open.
    pub async fn person_of(&self, party_id: &str, organisation: &str) -> Result<Option<PersonId>, PeopleError> {
        let Some(content) = self.content("party", party_id).await? else {
            return Ok(None);
        };
        let whose = content
            .split_once('\n')
            .filter(|(_, known_by)| *known_by == organisation);
        Ok(whose.map(|(person, _)| PersonId(person.to_owned())))
    }

    /// By what `to` knows the person whom `of` knows by this id.
    ///
    /// # Errors
    /// The database, or random bytes.
    pub async fn known_to(&self, party_id: &str, of: &str, to: &str) -> Result<Option<String>, PeopleError> {
        match self.person_of(party_id, of).await? {
            Some(person) => self.party_id(&person, to).await.map(Some),
            None => Ok(None),
        }
    }

    /// The person's number, for the producer that needs it.
    ///
    /// # Errors
    /// The database, or a row that does not open.
    pub async fn number(&self, person: &PersonId) -> Result<Option<PersonNumber>, PeopleError> {
        Ok(self.content("person", &person.0).await?.map(PersonNumber))
    }

    /// Encrypts every row that an older key holds with the first key; gives how many. May run on several nodes at once
    /// and be broken off: what is done is done.
    ///
    /// # Errors
    /// The database, or a row that does not open.
    pub async fn rotate(&self) -> Result<u64, PeopleError> {
        let mut done = 0;
        loop {
            let mut transaction = self.database.begin().await?;
            transaction.lock(LOCK).await?;
            let older = query("SELECT kind, id, key_id, sealed FROM people_sealed WHERE key_id <> ? LIMIT ?")
                .bind(self.keys.current())
                .bind(ROTATED_AT_ONCE);
            let rows = transaction.fetch_all(older).await?;
            if rows.is_empty() {
                return Ok(done);
            }
            for row in rows {
                self.seal_anew(&mut transaction, &row).await?;
                done += 1;
            }
            transaction.commit().await?;
        }
    }

    async fn seal_anew(&self, transaction: &mut Transaction, row: &Row) -> Result<(), PeopleError> {
        let (kind, id): (String, String) = (row.get("kind")?, row.get("id")?);
        let content = self.opened(&kind, &id, row)?;
        let parts: Vec<&str> = content.split('\n').collect();
        let lookup = self.keys.lookups(&kind, &parts).into_iter().next().unwrap_or_default();
        let update = query("UPDATE people_sealed SET lookup = ?, key_id = ?, sealed = ? WHERE kind = ? AND id = ?")
            .bind(lookup)
            .bind(self.keys.current())
            .bind(self.keys.seal(&place(&kind, &id), content.as_bytes())?)
            .bind(kind)
            .bind(id);
        transaction.execute(update).await?;
        Ok(())
    }

    async fn find_or_add(&self, kind: &str, parts: &[&str], content: &str) -> Result<String, PeopleError> {
        let lookups = self.keys.lookups(kind, parts);
        let marks = vec!["?"; lookups.len()].join(", ");
        let find = || {
            let sql = format!("SELECT id FROM people_sealed WHERE kind = ? AND lookup IN ({marks})");
            query(sql).bind(kind).bind_all(lookups.iter())
        };
        if let Some(row) = self.database.fetch_optional(find()).await? {
            return Ok(row.get("id")?);
        }
        let mut transaction = self.database.begin().await?;
        transaction.lock(LOCK).await?;
        if let Some(row) = transaction.fetch_optional(find()).await? {
            return Ok(row.get("id")?);
        }
        let id = uuid::Uuid::new_v4().to_string();
        let insert = query("INSERT INTO people_sealed (kind, id, lookup, key_id, sealed) VALUES (?, ?, ?, ?, ?)")
            .bind(kind)
            .bind(&id)
            .bind(lookups.into_iter().next().unwrap_or_default())
            .bind(self.keys.current())
            .bind(self.keys.seal(&place(kind, &id), content.as_bytes())?);
        transaction.execute(insert).await?;
        transaction.commit().await?;
        Ok(id)
    }

    async fn content(&self, kind: &str, id: &str) -> Result<Option<String>, PeopleError> {
        let find = query("SELECT key_id, sealed FROM people_sealed WHERE kind = ? AND id = ?");
        let row = self.database.fetch_optional(find.bind(kind).bind(id)).await?;
        row.map(|row| self.opened(kind, id, &row)).transpose()
    }

    fn opened(&self, kind: &str, id: &str, row: &Row) -> Result<String, PeopleError> {
        let (key_id, sealed): (String, Vec<u8>) = (row.get("key_id")?, row.get("sealed")?);
        let plain = self.keys.open(&key_id, &place(kind, id), &sealed)?;
        String::from_utf8(plain).map_err(|_| PeopleError::Sealed)
    }
}

fn place(kind: &str, id: &str) -> String {
    format!("{kind}/{id}")
}
