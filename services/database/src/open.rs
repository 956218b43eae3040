//! Opens a database by its address, and runs statements on it.

use crate::error::Error;
use crate::listen::{Listener, Local};
use crate::migrate::{self, Migrations};
use crate::query::Query;
use crate::row::Row;
use crate::run;
use crate::transaction::Transaction;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// How long a call waits for a connection, or for SQLite's one writer, before it says that the database is away.
const PATIENCE: Duration = Duration::from_secs(3);
/// A statement that takes longer than this is stopped by PostgreSQL.
const STATEMENT_LIMIT: &str = "15s";
const POSTGRES_CONNECTIONS: u32 = 10;
const SQLITE_READERS: u32 = 4;

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names say it")]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// A database with its connections. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Database(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) enum Inner {
    Sqlite {
        file: PathBuf,
        read: SqlitePool,
        /// SQLite has one writer; a pool of one makes them wait here and not in errors.
        write: SqlitePool,
        local: Local,
    },
    Postgres {
        pool: PgPool,
    },
}

impl Database {
    /// Opens the database at `address` and brings its tables up to date.
    ///
    /// `sqlite:PATH` makes the file and its directory where they are missing; what is committed is on the disk.
    /// `postgres://USER:PASSWORD@HOST:PORT/NAME` takes the parameters of libpq (`sslmode`, `sslrootcert`, ...).
    ///
    /// # Errors
    /// An address of another form, a database that cannot be reached, or one whose tables a newer version made.
    pub async fn open(address: &str, migrations: &[Migrations]) -> Result<Self, Error> {
        let inner = if let Some(file) = address.strip_prefix("sqlite:") {
            sqlite(Path::new(file.strip_prefix("//").unwrap_or(file))).await?
        } else if address.starts_with("postgres:") || address.starts_with("postgresql:") {
            postgres(address).await?
        } else {
            return Err(Error::Address(
                "a database's address is sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME".to_owned(),
            ));
        };
        let database = Self(Arc::new(inner));
        for one in migrations {
            migrate::run(&database, one).await?;
        }
        Ok(database)
    }

    /// Which database it is.
    pub fn kind(&self) -> Kind {
        match &*self.0 {
            Inner::Sqlite { .. } => Kind::Sqlite,
            Inner::Postgres { .. } => Kind::Postgres,
        }
    }

    /// The file of an SQLite database.
    pub fn file(&self) -> Option<&Path> {
        match &*self.0 {
            Inner::Sqlite { file, .. } => Some(file),
            Inner::Postgres { .. } => None,
        }
    }

    /// Every row.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn fetch_all(&self, query: Query) -> Result<Vec<Row>, Error> {
        match &*self.0 {
            Inner::Sqlite { read, .. } => run::sqlite::all(read, query).await,
            Inner::Postgres { pool } => run::postgres::all(pool, query).await,
        }
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn fetch_optional(&self, query: Query) -> Result<Option<Row>, Error> {
        match &*self.0 {
            Inner::Sqlite { read, .. } => run::sqlite::optional(read, query).await,
            Inner::Postgres { pool } => run::postgres::optional(pool, query).await,
        }
    }

    /// The first row.
    ///
    /// # Errors
    /// [`Error::NoRow`], and see [`Error`].
    pub async fn fetch_one(&self, query: Query) -> Result<Row, Error> {
        self.fetch_optional(query).await?.ok_or(Error::NoRow)
    }

    /// One statement that changes something, in a transaction of its own; gives the number of rows it touched.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn execute(&self, query: Query) -> Result<u64, Error> {
        match &*self.0 {
            Inner::Sqlite { write, .. } => run::sqlite::execute(write, query).await,
            Inner::Postgres { pool } => run::postgres::execute(pool, query).await,
        }
    }

    /// Begins a transaction that writes. One that is dropped without [`Transaction::commit`] never was.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn begin(&self) -> Result<Transaction, Error> {
        match &*self.0 {
            Inner::Sqlite { write, local, .. } => {
                let begun = write.begin_with("BEGIN IMMEDIATE").await?;
                Ok(Transaction::sqlite(begun, local.clone()))
            }
            Inner::Postgres { pool } => Ok(Transaction::postgres(pool.begin().await?)),
        }
    }

    /// Hears what transactions [`notify`](Transaction::notify) on `channel` from now on: from every node on PostgreSQL, from
    /// this process on SQLite. A hint, not the truth: whoever must not miss a change polls as well.
    pub fn listen(&self, channel: &'static str) -> Listener {
        match &*self.0 {
            Inner::Sqlite { local, .. } => Listener::local(local.subscribe(), channel),
            Inner::Postgres { pool } => Listener::postgres(pool.clone(), channel),
        }
    }

    /// Writes a consistent copy of an SQLite database to `file`, which must not exist, while it goes on serving.
    ///
    /// # Errors
    /// PostgreSQL, which has its own tools (`pg_dump`); a file that is there already; see [`Error`].
    pub async fn copy_to(&self, file: &Path) -> Result<(), Error> {
        let Inner::Sqlite { read, .. } = &*self.0 else {
            return Err(Error::Address(
                "a PostgreSQL database is copied with pg_dump".to_owned(),
            ));
        };
        if file.exists() {
            return Err(Error::Address(format!("{} is there already", file.display())));
        }
        let copy = crate::query("VACUUM INTO ?").bind(file.display().to_string());
        run::sqlite::execute(read, copy).await.map(|_| ())
    }

    /// Closes every connection; calls after it say that the database is away.
    pub async fn close(&self) {
        match &*self.0 {
            Inner::Sqlite { read, write, .. } => {
                read.close().await;
                write.close().await;
            }
            Inner::Postgres { pool } => pool.close().await,
        }
    }
}

async fn sqlite(file: &Path) -> Result<Inner, Error> {
    if let Some(directory) = file.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        std::fs::create_dir_all(directory).map_err(|error| Error::Unavailable(sqlx::Error::Io(error)))?;
    }
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        // What a caller was told is committed survives a power cut.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(PATIENCE);
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(PATIENCE)
        .connect_with(options.clone())
        .await?;
    let read = SqlitePoolOptions::new()
        .max_connections(SQLITE_READERS)
        .acquire_timeout(PATIENCE)
        .connect_with(options)
        .await?;
    Ok(Inner::Sqlite {
        file: file.to_owned(),
        read,
        write,
        local: Local::default(),
    })
}

async fn postgres(address: &str) -> Result<Inner, Error> {
    // The parser's words may hold the password: they are not passed on.
    let options = PgConnectOptions::from_str(address).map_err(|_| {
        Error::Address(
            "the database's address cannot be read; its form is postgres://USER:PASSWORD@HOST:PORT/NAME".to_owned(),
        )
    })?;
    let options = options.options([("statement_timeout", STATEMENT_LIMIT)]);
    let pool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .connect_with(options)
        .await?;
    Ok(Inner::Postgres { pool })
}
