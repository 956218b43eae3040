//! The directory in SQLite: loaded from the data files when they are newer, read into memory at start.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::data::directory::{self, Directory, Organisation};
use crate::data::files;
use crate::data::needs::{self, Need};
use crate::engine::Engine;

/// Opens the store, loads the data files into it when they are newer, and builds the engine over what it holds.
///
/// # Errors
/// A directory that cannot be made, a file that is not a database of ours, or data that are not in their form.
pub async fn open(file: &Path) -> anyhow::Result<Engine> {
    let pool = connect(file).await?;
    let version = files::version();
    let loaded: Option<String> = sqlx::query_scalar("SELECT version FROM loaded")
        .fetch_optional(&pool)
        .await?;
    if loaded.as_deref() != Some(version.as_str()) {
        load(&pool, &version).await?;
        tracing::info!(version, "the directory was loaded from the data files");
    }
    let organisations: Vec<Organisation> = read(&pool, "SELECT document FROM organisation ORDER BY position").await?;
    let needs: Vec<Need> = read(&pool, "SELECT document FROM need ORDER BY position").await?;
    pool.close().await;
    // Analysing twenty thousand phrasings is work for a worker, not for the thread that answers.
    let engine = tokio::task::spawn_blocking(move || Engine::new(Directory::new(organisations)?, needs)).await??;
    Ok(engine)
}

async fn connect(file: &Path) -> anyhow::Result<SqlitePool> {
    if let Some(directory) = file.parent() {
        std::fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
    }
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // What is lost with a power cut is loaded again from the data files.
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(Duration::from_secs(2));
    let shown = || format!("cannot open {}", file.display());
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options)
        .await
        .with_context(shown)?;
    sqlx::migrate!().run(&pool).await.with_context(shown)?;
    Ok(pool)
}

async fn load(pool: &SqlitePool, version: &str) -> anyhow::Result<()> {
    let mut transaction = pool.begin().await?;
    sqlx::query("DELETE FROM organisation")
        .execute(&mut *transaction)
        .await?;
    sqlx::query("DELETE FROM need").execute(&mut *transaction).await?;
    for (position, one) in (0_i64..).zip(directory::organisations()?) {
        sqlx::query("INSERT INTO organisation (id, position, document) VALUES (?, ?, ?)")
            .bind(&one.id)
            .bind(position)
            .bind(document(&one)?)
            .execute(&mut *transaction)
            .await?;
    }
    for (position, one) in (0_i64..).zip(needs::needs()?) {
        sqlx::query("INSERT INTO need (id, position, document) VALUES (?, ?, ?)")
            .bind(&one.id)
            .bind(position)
            .bind(document(&one)?)
            .execute(&mut *transaction)
            .await?;
    }
    sqlx::query("INSERT INTO loaded (only_row, version) VALUES (1, ?) ON CONFLICT (only_row) DO UPDATE SET version = excluded.version")
        .bind(version)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(())
}

fn document(one: &impl Serialize) -> anyhow::Result<String> {
    Ok(serde_json::to_string(one)?)
}

async fn read<T: DeserializeOwned>(pool: &SqlitePool, query: &'static str) -> anyhow::Result<Vec<T>> {
    let documents: Vec<String> = sqlx::query_scalar(query).fetch_all(pool).await?;
    documents
        .iter()
        .map(|text| serde_json::from_str(text).context("a stored document cannot be read"))
        .collect()
}
