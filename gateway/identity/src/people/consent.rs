//! What people have consented to.

use super::{People, PeopleError, PersonId, moment, now_micros};
use database::{Row, query};
use serde::Serialize;
use utoipa::ToSchema;

/// One thing that a consent lets be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConsentItem)]
pub struct Item {
    /// Audience of the API.
    pub api: String,
    /// The agency whose data it gives.
    pub agency: String,
    /// What may be done.
    pub scope: String,
}

/// What a person is about to consent to.
#[derive(Debug, Clone)]
pub struct NewConsent<'a> {
    /// The person who consents.
    pub person: &'a PersonId,
    /// Whom it is about, if the person acts for somebody.
    pub acts_for: Option<&'a PersonId>,
    /// The relation that lets the person act, such as `guardian`.
    pub relation: Option<&'a str>,
    /// The application that will read.
    pub application: &'a str,
    /// Whose application it is.
    pub organisation: &'a str,
    /// The agreement it reads under.
    pub agreement: &'a str,
    /// What for, in words.
    pub purpose: &'a str,
    /// Level of assurance of the person's login.
    pub assurance: &'a str,
    /// Item by item.
    pub items: &'a [Item],
    /// When it ends by itself, Unix microseconds.
    pub ends_at: i64,
}

/// What somebody is to a consent or a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// It is theirs and about them.
    Own,
    /// They act for whom it is about.
    Actor,
    /// It is about them, and somebody acts for them.
    Subject,
}

impl Role {
    pub(super) fn of(seen_by: &PersonId, acts_for: Option<&PersonId>) -> Self {
        match acts_for {
            None => Self::Own,
            Some(subject) if subject == seen_by => Self::Subject,
            Some(_) => Self::Actor,
        }
    }
}

/// A consent that was given.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Consent {
    /// Its id.
    pub id: String,
    /// Who gave it.
    #[serde(skip)]
    pub person: PersonId,
    /// Whom it is about, if not who gave it.
    #[serde(skip)]
    pub acts_for: Option<PersonId>,
    /// What whoever looks at it is to it.
    pub role: Role,
    /// The relation that lets who gave it act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation: Option<String>,
    /// The application that reads.
    pub application: String,
    /// Whose application it is.
    pub organisation: String,
    /// The agreement it reads under.
    pub agreement: String,
    /// What for.
    pub purpose: String,
    /// Level of assurance of the login that it was given in.
    pub assurance: String,
    /// When it was given.
    pub given_at: String,
    /// When it ends by itself.
    pub ends_at: String,
    /// When it was withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn_at: Option<String>,
    /// Whether it lets anything be read now.
    pub in_force: bool,
    /// Item by item.
    pub items: Vec<Item>,
}

/// How long a token's consent is known after its end, in microseconds.
const KEPT: i64 = 3_600 * 1_000_000;

/// How a consent stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Standing {
    /// It holds.
    InForce,
    /// It was withdrawn, has ended, or was never given.
    Ended,
    /// Nobody is known by the id.
    Unknown,
}

const COLUMNS: &str = "SELECT id, person, acts_for, relation, application, organisation, agreement, purpose, assurance, given_at, \
                       ends_at, withdrawn_at FROM people_consent";

impl People {
    /// Remembers a consent; gives its id.
    ///
    /// # Errors
    /// The database.
    pub async fn consent(&self, new: &NewConsent<'_>) -> Result<String, PeopleError> {
        let id = uuid::Uuid::now_v7().to_string();
        let mut transaction = self.database.begin().await?;
        let sql = "INSERT INTO people_consent (id, person, acts_for, relation, application, organisation, agreement, \
                   purpose, assurance, given_at, ends_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let insert = query(sql)
            .bind(&id)
            .bind(&new.person.0)
            .bind(new.acts_for.map_or("", |other| &other.0))
            .bind(new.relation.unwrap_or_default())
            .bind(new.application)
            .bind(new.organisation)
            .bind(new.agreement)
            .bind(new.purpose)
            .bind(new.assurance)
            .bind(now_micros())
            .bind(new.ends_at);
        transaction.execute(insert).await?;
        for (place, item) in (0_i64..).zip(new.items) {
            let sql = "INSERT INTO people_consent_item (consent, place, api, agency, scope) VALUES (?, ?, ?, ?, ?)";
            let insert = query(sql).bind(&id).bind(place);
            let insert = insert.bind(&item.api).bind(&item.agency).bind(&item.scope);
            transaction.execute(insert).await?;
        }
        transaction.commit().await?;
        Ok(id)
    }

    /// Every consent that the person has given or that is about them, the newest first; those that have ended too.
    ///
    /// # Errors
    /// The database.
    pub async fn consents(&self, person: &PersonId) -> Result<Vec<Consent>, PeopleError> {
        let sql = format!("{COLUMNS} WHERE person = ? OR acts_for = ? ORDER BY given_at DESC, id DESC");
        let find = query(sql).bind(&person.0).bind(&person.0);
        let rows = self.database.fetch_all(find).await?;
        let mut consents = Vec::with_capacity(rows.len());
        for row in rows {
            let mut consent = self.whole(&row).await?;
            consent.role = Role::of(person, consent.acts_for.as_ref());
            consents.push(consent);
        }
        Ok(consents)
    }

    /// The consent, while it is in force.
    ///
    /// # Errors
    /// The database; [`PeopleError::NoConsent`].
    pub async fn consent_in_force(&self, id: &str) -> Result<Consent, PeopleError> {
        let find = query(format!("{COLUMNS} WHERE id = ?")).bind(id);
        let row = self
            .database
            .fetch_optional(find)
            .await?
            .ok_or(PeopleError::NoConsent)?;
        let consent = self.whole(&row).await?;
        if consent.in_force {
            Ok(consent)
        } else {
            Err(PeopleError::NoConsent)
        }
    }

    /// The consent that an access token was made under, while it is in force, and the token's family.
    ///
    /// # Errors
    /// The database.
    pub async fn consent_of_token(&self, token_id: &str) -> Result<Option<(Consent, String)>, PeopleError> {
        let find = query("SELECT consent, family FROM people_token WHERE id = ?").bind(token_id);
        let Some(row) = self.database.fetch_optional(find).await? else {
            return Ok(None);
        };
        match self.consent_in_force(&row.get::<String>("consent")?).await {
            Ok(consent) => Ok(Some((consent, row.get("family")?))),
            Err(PeopleError::NoConsent) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether an application may still do this about a person, for services that act later than the token they were
    /// asked with. `known_by`: whose id `party_id` is, which is the organisation of the services.
    ///
    /// # Errors
    /// The database, or a row that does not open.
    pub async fn standing(
        &self,
        party_id: &str,
        known_by: &str,
        application: &str,
        scope: &str,
    ) -> Result<Standing, PeopleError> {
        let Some(person) = self.person_of(party_id, known_by).await? else {
            return Ok(Standing::Unknown);
        };
        let sql = "SELECT c.id FROM people_consent c JOIN people_consent_item i ON i.consent = c.id \
                   WHERE ((c.person = ? AND c.acts_for = '') OR c.acts_for = ?) AND c.application = ? AND i.scope = ? \
                   AND c.withdrawn_at IS NULL AND c.ends_at > ? LIMIT 1";
        let find = query(sql)
            .bind(&person.0)
            .bind(&person.0)
            .bind(application)
            .bind(scope)
            .bind(now_micros());
        let found = self.database.fetch_optional(find).await?;
        Ok(found.map_or(Standing::Ended, |_| Standing::InForce))
    }

    /// Notes that an access token was made under a consent, so that a withdrawal finds it. `family`: the code that it came of.
    ///
    /// # Errors
    /// The database; [`PeopleError::NoConsent`] when it has been withdrawn meanwhile: then the token must not be given out.
    pub async fn note_token(
        &self,
        consent: &str,
        family: &str,
        token_id: &str,
        ends_at: i64,
    ) -> Result<(), PeopleError> {
        // One statement: a withdrawal is before it or after it, and in both cases the token ends with it.
        let sql = "INSERT INTO people_token (id, consent, family, ends_at) SELECT ?, id, ?, ? FROM people_consent \
                   WHERE id = ? AND withdrawn_at IS NULL";
        let mut transaction = self.database.begin().await?;
        self.lock(&mut transaction, consent).await?;
        let noted = transaction
            .execute(query(sql).bind(token_id).bind(family).bind(ends_at).bind(consent))
            .await?;
        transaction.commit().await?;
        if noted == 1 {
            Ok(())
        } else {
            Err(PeopleError::NoConsent)
        }
    }

    /// Withdraws a consent that the person has given or that is about them; gives the ids of the tokens made under it that may still hold: to be revoked
    /// at once. Withdrawing it again gives them again.
    ///
    /// # Errors
    /// The database; [`PeopleError::NoConsent`] when it is not this person's.
    pub async fn withdraw(&self, person: &PersonId, consent: &str) -> Result<Vec<String>, PeopleError> {
        let now = now_micros();
        let mut transaction = self.database.begin().await?;
        self.lock(&mut transaction, consent).await?;
        let sql = "UPDATE people_consent SET withdrawn_at = COALESCE(withdrawn_at, ?) WHERE id = ? AND (person = ? OR acts_for = ?)";
        let update = query(sql).bind(now).bind(consent).bind(&person.0).bind(&person.0);
        let touched = transaction.execute(update).await?;
        if touched == 0 {
            return Err(PeopleError::NoConsent);
        }
        let sql = "SELECT id FROM people_token WHERE consent = ? AND ends_at > ?";
        let rows = transaction.fetch_all(query(sql).bind(consent).bind(now)).await?;
        // Readings of the last moments may still be on their way to their consent.
        let gone = query("DELETE FROM people_token WHERE ends_at <= ?").bind(now - KEPT);
        transaction.execute(gone).await?;
        transaction.commit().await?;
        rows.iter().map(|row| Ok(row.get("id")?)).collect()
    }

    /// Keeps withdrawals and new tokens of one consent apart.
    async fn lock(&self, transaction: &mut database::Transaction, consent: &str) -> Result<(), PeopleError> {
        let hash = blake3::hash(consent.as_bytes());
        let (first, _) = hash.as_bytes().split_at(8);
        let number = i64::from_le_bytes(first.try_into().unwrap_or_default());
        Ok(transaction.lock(number).await?)
    }

    async fn whole(&self, row: &Row) -> Result<Consent, PeopleError> {
        let id: String = row.get("id")?;
        let sql = "SELECT api, agency, scope FROM people_consent_item WHERE consent = ? ORDER BY place";
        let items = self.database.fetch_all(query(sql).bind(&id)).await?;
        let item = |row: &Row| {
            Ok::<_, PeopleError>(Item {
                api: row.get("api")?,
                agency: row.get("agency")?,
                scope: row.get("scope")?,
            })
        };
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        let ends_at: i64 = row.get("ends_at")?;
        let withdrawn_at: Option<i64> = row.get("withdrawn_at")?;
        let person = PersonId(row.get("person")?);
        let acts_for = some(row.get("acts_for")?).map(PersonId);
        Ok(Consent {
            // Of who gave it, until somebody else looks.
            role: Role::of(&person, acts_for.as_ref()),
            person,
            acts_for,
            relation: some(row.get("relation")?),
            application: row.get("application")?,
            organisation: row.get("organisation")?,
            agreement: row.get("agreement")?,
            purpose: row.get("purpose")?,
            assurance: row.get("assurance")?,
            given_at: moment(row.get("given_at")?),
            ends_at: moment(ends_at),
            withdrawn_at: withdrawn_at.map(moment),
            in_force: withdrawn_at.is_none() && ends_at > now_micros(),
            items: items.iter().map(item).collect::<Result<_, _>>()?,
            id,
        })
    }
}
