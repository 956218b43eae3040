//! Reading one object or a page of them.

use super::{Error, Store, read_object};
use crate::audit::Entry;
use crate::model::{Moment, Object, Stored};
use database::{Query, Value, query};
use model::Page;
use std::collections::HashMap;

/// Whose objects are seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Everyone's.
    All,
    /// One organisation's own, and those that it is a party to.
    Organisation(String),
}

/// Which objects of a kind are wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Of this organisation.
    pub organisation: Option<String>,
    /// Parts of this object.
    pub parent: Option<String>,
    /// Whose id or content holds this text.
    pub text: Option<String>,
}

/// A page of objects, and how many there are in all.
#[derive(Debug, Clone)]
pub struct Found<T> {
    /// The page.
    pub items: Vec<T>,
    /// All of them.
    pub total: u64,
}

/// Conditions and their values.
struct Conditions {
    sql: String,
    values: Vec<Value>,
}

impl Conditions {
    fn new(first: &str, value: impl Into<Value>) -> Self {
        Self {
            sql: first.to_owned(),
            values: vec![value.into()],
        }
    }

    fn and(&mut self, condition: &str, values: impl IntoIterator<Item = Value>) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
        self.values.extend(values);
    }

    fn select(&self, what: &str, table: &str, rest: &str) -> Query {
        query(format!("SELECT {what} FROM {table} o WHERE {}{rest}", self.sql)).bind_all(self.values.clone())
    }
}

impl Store {
    /// The object with this id, where `scope` sees it.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn get<T: Object>(&self, scope: &Scope, id: &str) -> Result<Option<Stored<T>>, Error> {
        let mut conditions = Conditions::new("o.kind = ?", T::KIND.name());
        conditions.and("o.id = ? AND o.removed = 0", [id.into()]);
        see(&mut conditions, scope);
        let row = self
            .database()
            .await?
            .fetch_optional(conditions.select("o.*", "registry_object", ""))
            .await?;
        row.as_ref().map(read_object).transpose()
    }

    /// A page of the objects that `scope` sees, in the order of their ids.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn list<T: Object>(&self, scope: &Scope, wanted: &Wanted, page: Page) -> Result<Found<Stored<T>>, Error> {
        let mut conditions = Conditions::new("o.kind = ? AND o.removed = 0", T::KIND.name());
        see(&mut conditions, scope);
        if let Some(organisation) = &wanted.organisation {
            let party = "(o.organisation = ? OR EXISTS (SELECT 1 FROM registry_party p WHERE p.organisation = ? \
                         AND p.kind = o.kind AND p.id = o.id))";
            conditions.and(party, [organisation.into(), organisation.into()]);
        }
        if let Some(parent) = &wanted.parent {
            conditions.and("o.parent = ?", [parent.into()]);
        }
        if let Some(text) = &wanted.text {
            let pattern = format!("%{}%", escaped(&text.to_lowercase()));
            let like = "(LOWER(o.id) LIKE ? ESCAPE '!' OR LOWER(o.body) LIKE ? ESCAPE '!')";
            conditions.and(like, [pattern.clone().into(), pattern.into()]);
        }
        let (rows, total) = self.page(&conditions, "registry_object", "o.id", page).await?;
        let items = rows.iter().map(read_object).collect::<Result<_, _>>()?;
        Ok(Found { items, total })
    }

    /// A page of the audit trail, the newest first.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn list_audit(
        &self,
        scope: &Scope,
        kind: Option<&str>,
        object: Option<&str>,
        page: Page,
    ) -> Result<Found<(Entry, String)>, Error> {
        let mut conditions = Conditions::new("o.sequence > ?", 0_i64);
        if let Scope::Organisation(organisation) = scope {
            let own = "(o.organisation = ? OR EXISTS (SELECT 1 FROM registry_party p WHERE p.organisation = ? \
                       AND p.kind = o.kind AND p.id = o.object))";
            conditions.and(own, [organisation.into(), organisation.into()]);
        }
        if let Some(kind) = kind {
            conditions.and("o.kind = ?", [kind.into()]);
        }
        if let Some(object) = object {
            conditions.and("o.object = ?", [object.into()]);
        }
        let (rows, total) = self
            .page(&conditions, "registry_audit", "o.sequence DESC", page)
            .await?;
        let items = rows
            .iter()
            .map(|row| Ok((Entry::read(row)?, row.get("hash")?)))
            .collect::<Result<_, database::Error>>()?;
        Ok(Found { items, total })
    }

    /// When each of these was last used ([`crate::model::Credential::used_as`]), as far as the nodes have said.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn last_uses(&self, credentials: &[String]) -> Result<HashMap<String, Moment>, Error> {
        if credentials.is_empty() {
            return Ok(HashMap::new());
        }
        let marks = vec!["?"; credentials.len()].join(", ");
        let select = query(format!(
            "SELECT credential, last_used_at FROM registry_credential_use WHERE credential IN ({marks})"
        ));
        let rows = self.database().await?.fetch_all(select.bind_all(credentials)).await?;
        rows.iter()
            .map(|row| {
                Ok((
                    row.get("credential")?,
                    Moment::from_microseconds(row.get("last_used_at")?),
                ))
            })
            .collect()
    }

    async fn page(
        &self,
        conditions: &Conditions,
        table: &str,
        order: &str,
        page: Page,
    ) -> Result<(Vec<database::Row>, u64), Error> {
        let count = self
            .database()
            .await?
            .fetch_one(conditions.select("COUNT(*) AS n", table, ""))
            .await?;
        let total = u64::try_from(count.get::<i64>("n")?).unwrap_or(0);
        let (limit, offset) = (
            i64::try_from(page.limit).unwrap_or(i64::MAX),
            i64::try_from(page.offset()).unwrap_or(i64::MAX),
        );
        if page.offset() >= total {
            return Ok((Vec::new(), total));
        }
        let rest = format!(" ORDER BY {order} LIMIT ? OFFSET ?");
        let select = conditions.select("o.*", table, &rest).bind(limit).bind(offset);
        Ok((self.database().await?.fetch_all(select).await?, total))
    }
}

fn see(conditions: &mut Conditions, scope: &Scope) {
    if let Scope::Organisation(organisation) = scope {
        let own = "(o.organisation = ? OR EXISTS (SELECT 1 FROM registry_party p WHERE p.organisation = ? \
                   AND p.kind = o.kind AND p.id = o.id))";
        conditions.and(own, [organisation.into(), organisation.into()]);
    }
}

/// A text that `LIKE` takes as it stands.
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, character| {
        if matches!(character, '%' | '_' | '!') {
            out.push('!');
        }
        out.push(character);
        out
    })
}
