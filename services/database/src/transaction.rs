//! Several statements that take effect together or not at all.

use crate::error::Error;
use crate::listen::Local;
use crate::query::{Query, query};
use crate::row::Row;
use crate::run;
use sqlx::postgres::Postgres;
use sqlx::sqlite::Sqlite;

/// A transaction that writes.
pub struct Transaction(Inner);

enum Inner {
    Sqlite {
        transaction: sqlx::Transaction<'static, Sqlite>,
        local: Local,
        /// Told once the transaction has taken effect, as PostgreSQL does.
        notes: Vec<(&'static str, String)>,
    },
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl std::fmt::Debug for Transaction {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Transaction")
    }
}

impl Transaction {
    pub(crate) fn sqlite(transaction: sqlx::Transaction<'static, Sqlite>, local: Local) -> Self {
        Self(Inner::Sqlite {
            transaction,
            local,
            notes: Vec::new(),
        })
    }

    pub(crate) fn postgres(transaction: sqlx::Transaction<'static, Postgres>) -> Self {
        Self(Inner::Postgres(transaction))
    }

    /// Every row.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn fetch_all(&mut self, query: Query) -> Result<Vec<Row>, Error> {
        match &mut self.0 {
            Inner::Sqlite { transaction, .. } => run::sqlite::all(&mut **transaction, query).await,
            Inner::Postgres(transaction) => run::postgres::all(&mut **transaction, query).await,
        }
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn fetch_optional(&mut self, query: Query) -> Result<Option<Row>, Error> {
        match &mut self.0 {
            Inner::Sqlite { transaction, .. } => run::sqlite::optional(&mut **transaction, query).await,
            Inner::Postgres(transaction) => run::postgres::optional(&mut **transaction, query).await,
        }
    }

    /// The first row.
    ///
    /// # Errors
    /// [`Error::NoRow`], and see [`Error`].
    pub async fn fetch_one(&mut self, query: Query) -> Result<Row, Error> {
        self.fetch_optional(query).await?.ok_or(Error::NoRow)
    }

    /// One statement; gives the number of rows it touched. After an error on PostgreSQL the transaction is of no more use.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn execute(&mut self, query: Query) -> Result<u64, Error> {
        match &mut self.0 {
            Inner::Sqlite { transaction, .. } => run::sqlite::execute(&mut **transaction, query).await,
            Inner::Postgres(transaction) => run::postgres::execute(&mut **transaction, query).await,
        }
    }

    /// Waits until no other transaction holds the lock of this number, and holds it to the end. SQLite's one writer holds
    /// every lock already.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn lock(&mut self, number: i64) -> Result<(), Error> {
        match &mut self.0 {
            Inner::Sqlite { .. } => Ok(()),
            Inner::Postgres(transaction) => {
                // Its answer has no value: a row of nothing.
                let lock = query("SELECT pg_advisory_xact_lock(?)").bind(number);
                run::postgres::all(&mut **transaction, lock).await.map(|_| ())
            }
        }
    }

    /// Tells `payload` (ids, at most some kilobytes) to the [listeners](crate::Database::listen) of `channel` once this has
    /// been committed.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn notify(&mut self, channel: &'static str, payload: &str) -> Result<(), Error> {
        match &mut self.0 {
            Inner::Sqlite { notes, .. } => {
                notes.push((channel, payload.to_owned()));
                Ok(())
            }
            Inner::Postgres(transaction) => {
                let notify = query("SELECT pg_notify(?, ?)").bind(channel).bind(payload);
                run::postgres::all(&mut **transaction, notify).await.map(|_| ())
            }
        }
    }

    /// Makes it all take effect.
    ///
    /// # Errors
    /// See [`Error`]. After [`Error::Unavailable`] it is not known whether it took effect.
    pub async fn commit(self) -> Result<(), Error> {
        match self.0 {
            Inner::Sqlite {
                transaction,
                local,
                notes,
            } => {
                transaction.commit().await?;
                for (channel, payload) in notes {
                    local.tell(channel, payload);
                }
                Ok(())
            }
            Inner::Postgres(transaction) => Ok(transaction.commit().await?),
        }
    }

    /// Takes it all back. Dropping it does the same, a little later.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn rollback(self) -> Result<(), Error> {
        match self.0 {
            Inner::Sqlite { transaction, .. } => Ok(transaction.rollback().await?),
            Inner::Postgres(transaction) => Ok(transaction.rollback().await?),
        }
    }

    /// Runs a script of several statements without values.
    pub(crate) async fn script(&mut self, sql: &str) -> Result<(), Error> {
        let script = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()));
        match &mut self.0 {
            Inner::Sqlite { transaction, .. } => script.execute(&mut **transaction).await.map(|_| ())?,
            Inner::Postgres(transaction) => script.execute(&mut **transaction).await.map(|_| ())?,
        }
        Ok(())
    }
}
