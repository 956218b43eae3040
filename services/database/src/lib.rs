//! One query layer over SQLite and PostgreSQL: a store is written once and runs on both.
//!
//! SQLite is embedded and needs nothing; PostgreSQL serves several nodes. What a store may rely on:
//!
//! - Placeholders are `?`; on PostgreSQL they become `$1`, `$2`, ... A `?` inside a quoted text stays.
//! - Columns are `TEXT`, `BIGINT`, `DOUBLE PRECISION` and `{blob}` (`BLOB` or `BYTEA`). Times are `BIGINT` microseconds
//!   since 1970 or RFC 3339 text, yes and no are `BIGINT` 1 and 0. Sums are cast: `CAST(SUM(x) AS BIGINT)`.
//! - `INSERT .. ON CONFLICT`, `RETURNING`, `WITH`, window functions and `LIMIT ? OFFSET ?` work on both.
//! - [`Database::begin`] opens a transaction that writes. SQLite has one writer: others wait. On PostgreSQL, take
//!   [`Transaction::lock`] where two writers must not interleave.
//!
//! ```no_run
//! # async fn example() -> Result<(), database::Error> {
//! use database::{Database, Migrations, query};
//!
//! const MIGRATIONS: Migrations = Migrations {
//!     component: "example",
//!     steps: &["CREATE TABLE thing (id TEXT PRIMARY KEY, size BIGINT NOT NULL, content {blob} NOT NULL)"],
//! };
//! let database = Database::open("sqlite:data/example.sqlite", &[MIGRATIONS]).await?;
//! let mut transaction = database.begin().await?;
//! let insert = query("INSERT INTO thing (id, size, content) VALUES (?, ?, ?)");
//! transaction.execute(insert.bind("a").bind(3).bind(vec![1_u8, 2, 3])).await?;
//! transaction.commit().await?;
//! let row = database.fetch_one(query("SELECT size FROM thing WHERE id = ?").bind("a")).await?;
//! assert_eq!(row.get::<i64>("size")?, 3);
//! # Ok(())
//! # }
//! ```

mod error;
mod listen;
mod migrate;
mod open;
mod query;
mod row;
mod run;
#[cfg(feature = "testing")]
pub mod testing;
mod transaction;

pub use error::Error;
pub use listen::{Heard, Listener};
pub use migrate::Migrations;
pub use open::{Database, Kind};
pub use query::{Query, Value, query};
pub use row::{Column, Row};
pub use transaction::Transaction;
