//! Rows of either database.

use crate::error::Error;
use sqlx::error::UnexpectedNullError;
use sqlx::postgres::{PgRow, Postgres};
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{Decode, Row as _, Type};

/// One row of an answer.
pub struct Row(pub(crate) Inner);

pub(crate) enum Inner {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl std::fmt::Debug for Row {
    /// Without the values: they may be a person's.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Row")
    }
}

/// What a column can be read as: `String`, `i64`, `f64`, `Vec<u8>`, and an `Option` of each.
pub trait Column: Sized {
    /// Reads it from `row`.
    ///
    /// # Errors
    /// As [`Row::get`].
    fn read(row: &Row, column: &str) -> Result<Self, Error>;
}

impl<T: Known> Column for Option<T> {
    fn read(row: &Row, column: &str) -> Result<Self, Error> {
        row.optional(column)
    }
}

/// A type that both databases know.
trait Known: for<'row> Decode<'row, Sqlite> + Type<Sqlite> + for<'row> Decode<'row, Postgres> + Type<Postgres> {}

macro_rules! known {
    ($($column:ty),*) => {$(
        impl Known for $column {}
        impl Column for $column {
            fn read(row: &Row, column: &str) -> Result<Self, Error> {
                // SQLite would read nothing as 0.
                row.optional(column)?.ok_or_else(|| {
                    Error::Statement(sqlx::Error::ColumnDecode {
                        index: column.to_owned(),
                        source: Box::new(UnexpectedNullError),
                    })
                })
            }
        }
    )*};
}

known!(String, i64, f64, Vec<u8>);

impl Row {
    /// The column with this name.
    ///
    /// # Errors
    /// No such column, another type, or nothing in it where `T` is not an `Option`.
    pub fn get<T: Column>(&self, column: &str) -> Result<T, Error> {
        T::read(self, column)
    }

    /// A column that holds yes (anything but 0) or no (0).
    ///
    /// # Errors
    /// As [`Row::get`].
    pub fn flag(&self, column: &str) -> Result<bool, Error> {
        Ok(self.get::<i64>(column)? != 0)
    }

    fn optional<T: Known>(&self, column: &str) -> Result<Option<T>, Error> {
        match &self.0 {
            Inner::Sqlite(row) => row.try_get(column),
            Inner::Postgres(row) => row.try_get(column),
        }
        .map_err(Error::from)
    }
}
