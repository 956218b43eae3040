//! Brings tables up to date. Several components may share a database; each counts its own steps.

use crate::error::Error;
use crate::open::{Database, Kind};
use crate::query::query;
use crate::transaction::Transaction;

/// Held while tables are changed, so that two nodes that start together do not both do it.
const LOCK: i64 = 0x7661_6776_6973;

/// The tables of one component: scripts in the order in which they were written. A script that has been released is never
/// changed; a new one is added after it. `{blob}` stands for the type of binary columns.
#[derive(Debug, Clone, Copy)]
pub struct Migrations {
    /// Whose tables they are, for example `registry`.
    pub component: &'static str,
    /// The scripts; each runs once, in one transaction.
    pub steps: &'static [&'static str],
}

pub(crate) async fn run(database: &Database, migrations: &Migrations) -> Result<(), Error> {
    let mut transaction = database.begin().await?;
    transaction.lock(LOCK).await?;
    transaction
        .script("CREATE TABLE IF NOT EXISTS schema_step (component TEXT NOT NULL, step BIGINT NOT NULL, script TEXT NOT NULL, PRIMARY KEY (component, step))")
        .await?;
    let done = done(&mut transaction, migrations.component).await?;
    if done.len() > migrations.steps.len() {
        return Err(Error::Schema(format!(
            "the tables of {} were made by a newer version ({} steps, this one knows {}): use that version, or restore a backup from before it",
            migrations.component,
            done.len(),
            migrations.steps.len()
        )));
    }
    for (number, script) in (0_i64..).zip(migrations.steps) {
        match usize::try_from(number).ok().and_then(|number| done.get(number)) {
            Some(known) if known == script => {}
            Some(_) => {
                return Err(Error::Schema(format!(
                    "step {number} of the tables of {} is not the one this version knows",
                    migrations.component
                )));
            }
            None => {
                transaction.script(&in_dialect(script, database.kind())).await?;
                let note = query("INSERT INTO schema_step (component, step, script) VALUES (?, ?, ?)");
                transaction
                    .execute(note.bind(migrations.component).bind(number).bind(*script))
                    .await?;
            }
        }
    }
    transaction.commit().await
}

async fn done(transaction: &mut Transaction, component: &str) -> Result<Vec<String>, Error> {
    let steps = query("SELECT script FROM schema_step WHERE component = ? ORDER BY step").bind(component);
    let rows = transaction.fetch_all(steps).await?;
    rows.iter().map(|row| row.get("script")).collect()
}

fn in_dialect(script: &str, kind: Kind) -> String {
    let blob = match kind {
        Kind::Sqlite => "BLOB",
        Kind::Postgres => "BYTEA",
    };
    script.replace("{blob}", blob)
}
