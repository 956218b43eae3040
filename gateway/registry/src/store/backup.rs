//! Copies of a whole registry, taken and put back while nodes serve it.
//!
//! A backup is an SQLite file, whichever database it came from: one file to keep, and the way from one kind of database to
//! the other. It is taken while changes wait, so that it holds one version of everything.

use super::schema::{BACKED_UP, Column};
use super::{CHANNEL, Error, Head, Store};
use crate::audit;
use database::{Row, Value, query};
use std::path::Path;
use uuid::Uuid;

/// Rows carried at once.
const AT_ONCE: i64 = 1_000;

/// What was put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The version of the backup.
    pub version: i64,
    /// The version that was there before.
    pub replaced: i64,
}

/// Writes a copy of `store` to `file`, which must not exist. Changes wait for it, calls do not.
///
/// # Errors
/// See [`Error`].
pub async fn backup(store: &Store, file: &Path) -> Result<Head, Error> {
    if file.exists() {
        return Err(Error::Backup(format!(
            "{} is there already; name a file that is not",
            file.display()
        )));
    }
    let copy = Store::open(&format!("sqlite:{}", file.display())).await?;
    let mut source = store.database().await?.begin().await?;
    // The head's row is what every change takes first.
    source
        .execute(query("UPDATE registry_head SET sequence = sequence WHERE one = 1"))
        .await?;
    let mut target = copy.database().await?.begin().await?;
    for (table, columns) in BACKED_UP {
        let mut offset = 0;
        loop {
            let rows = source.fetch_all(page(table, columns, offset)).await?;
            for row in &rows {
                target.execute(insert(table, columns, row)?).await?;
            }
            offset += AT_ONCE;
            if i64::try_from(rows.len()).unwrap_or(i64::MAX) < AT_ONCE {
                break;
            }
        }
    }
    target.commit().await?;
    source.rollback().await?;
    let head = copy.head().await?;
    copy.close().await;
    Ok(head)
}

/// Puts the registry of the backup `file` in the place of what `store` holds, in one transaction. The audit chain of the
/// backup is checked first.
///
/// # Errors
/// See [`Error`]; a file that is not a whole backup.
pub async fn restore(store: &Store, file: &Path) -> Result<Restored, Error> {
    if !file.is_file() {
        return Err(Error::Backup(format!("{} is not there", file.display())));
    }
    let copy = Store::open(&format!("sqlite:{}", file.display())).await?;
    let head = copy.head().await?;
    let report = audit::verify(&copy).await?;
    if let Some(fault) = report.faults.first() {
        return Err(Error::Backup(format!(
            "{} is not restored: its audit chain is broken: {fault}",
            file.display()
        )));
    }
    if head.sequence == 0 {
        return Err(Error::Backup(format!("{} holds no registry", file.display())));
    }
    let replaced = store.head().await?.sequence;
    let mut target = store.database().await?.begin().await?;
    target
        .execute(query("UPDATE registry_head SET sequence = sequence WHERE one = 1"))
        .await?;
    for (table, columns) in BACKED_UP {
        target.execute(query(format!("DELETE FROM {table}"))).await?;
        let mut offset = 0;
        loop {
            let rows = copy.database().await?.fetch_all(page(table, columns, offset)).await?;
            for row in &rows {
                target.execute(insert(table, columns, row)?).await?;
            }
            offset += AT_ONCE;
            if i64::try_from(rows.len()).unwrap_or(i64::MAX) < AT_ONCE {
                break;
            }
        }
    }
    // Nodes see by the epoch that what they know is of another past, whichever version that was.
    let update = query("UPDATE registry_head SET epoch = ? WHERE one = 1");
    target.execute(update.bind(Uuid::now_v7().to_string())).await?;
    target.notify(CHANNEL, &head.sequence.to_string()).await?;
    target.commit().await?;
    copy.close().await;
    Ok(Restored {
        version: head.sequence,
        replaced,
    })
}

fn page(table: &str, columns: &[(&str, Column)], offset: i64) -> database::Query {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let names = names.join(", ");
    // All columns give an order in which no row comes twice.
    query(format!("SELECT {names} FROM {table} ORDER BY {names} LIMIT ? OFFSET ?"))
        .bind(AT_ONCE)
        .bind(offset)
}

fn insert(table: &str, columns: &[(&str, Column)], row: &Row) -> Result<database::Query, Error> {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let marks = vec!["?"; columns.len()].join(", ");
    let values = columns
        .iter()
        .map(|(name, column)| {
            Ok(match column {
                Column::Text => Value::from(row.get::<String>(name)?),
                Column::Integer => Value::from(row.get::<i64>(name)?),
            })
        })
        .collect::<Result<Vec<_>, database::Error>>()?;
    let sql = format!("INSERT INTO {table} ({}) VALUES ({marks})", names.join(", "));
    Ok(query(sql).bind_all(values))
}
