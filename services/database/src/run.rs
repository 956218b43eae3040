//! Runs a statement on a connection, a pool or a transaction of either database.

use crate::error::Error;
use crate::query::{Query, Value, numbered};
use crate::row::{Inner, Row};
use sqlx::postgres::{PgArguments, Postgres};
use sqlx::sqlite::{Sqlite, SqliteArguments};
use sqlx::{AssertSqlSafe, Executor};

/// The text is safe by the rule of [`query`](fn@crate::query): values are bound, never part of it.
macro_rules! prepare {
    ($database:ty, $arguments:ty, $sql:expr, $values:expr) => {{
        let mut prepared = sqlx::query::<$database>(AssertSqlSafe($sql));
        for value in $values {
            prepared = match value {
                Value::Text(value) => prepared.bind(value),
                Value::Integer(value) => prepared.bind(value),
                Value::Real(value) => prepared.bind(value),
                Value::Blob(value) => prepared.bind(value),
            };
        }
        prepared as sqlx::query::Query<'static, $database, $arguments>
    }};
}

pub(crate) mod sqlite {
    //! Statements on SQLite.
    use super::*;

    fn prepare(query: Query) -> sqlx::query::Query<'static, Sqlite, SqliteArguments> {
        prepare!(Sqlite, SqliteArguments, query.sql.into_owned(), query.values)
    }

    pub(crate) async fn all<'run>(on: impl Executor<'run, Database = Sqlite>, query: Query) -> Result<Vec<Row>, Error> {
        let rows = prepare(query).fetch_all(on).await?;
        Ok(rows.into_iter().map(|row| Row(Inner::Sqlite(row))).collect())
    }

    pub(crate) async fn optional<'run>(
        on: impl Executor<'run, Database = Sqlite>,
        query: Query,
    ) -> Result<Option<Row>, Error> {
        let row = prepare(query).fetch_optional(on).await?;
        Ok(row.map(|row| Row(Inner::Sqlite(row))))
    }

    pub(crate) async fn execute<'run>(on: impl Executor<'run, Database = Sqlite>, query: Query) -> Result<u64, Error> {
        Ok(prepare(query).execute(on).await?.rows_affected())
    }
}

pub(crate) mod postgres {
    //! Statements on PostgreSQL.
    use super::*;

    fn prepare(query: Query) -> sqlx::query::Query<'static, Postgres, PgArguments> {
        prepare!(Postgres, PgArguments, numbered(&query.sql), query.values)
    }

    pub(crate) async fn all<'run>(
        on: impl Executor<'run, Database = Postgres>,
        query: Query,
    ) -> Result<Vec<Row>, Error> {
        let rows = prepare(query).fetch_all(on).await?;
        Ok(rows.into_iter().map(|row| Row(Inner::Postgres(row))).collect())
    }

    pub(crate) async fn optional<'run>(
        on: impl Executor<'run, Database = Postgres>,
        query: Query,
    ) -> Result<Option<Row>, Error> {
        let row = prepare(query).fetch_optional(on).await?;
        Ok(row.map(|row| Row(Inner::Postgres(row))))
    }

    pub(crate) async fn execute<'run>(
        on: impl Executor<'run, Database = Postgres>,
        query: Query,
    ) -> Result<u64, Error> {
        Ok(prepare(query).execute(on).await?.rows_affected())
    }
}
