//! The service's tables.

use super::settings::Algorithm;
use crate::revocation::{Kind, Revocations, Set};
use database::{Database, Error, Migrations, query};

/// The tables of the token service.
pub const MIGRATIONS: Migrations = Migrations {
    component: "identity",
    steps: &[
        "CREATE TABLE identity_signing_key (
            algorithm TEXT NOT NULL, generation BIGINT NOT NULL, id TEXT NOT NULL UNIQUE, sealed {blob} NOT NULL,
            active_from BIGINT NOT NULL, gone_at BIGINT NOT NULL, PRIMARY KEY (algorithm, generation));
        CREATE TABLE identity_used_id (id TEXT PRIMARY KEY, expires_at BIGINT NOT NULL);
        CREATE INDEX identity_used_id_expires ON identity_used_id (expires_at);
        CREATE TABLE identity_revocation (
            kind TEXT NOT NULL, subject TEXT NOT NULL, revoked_at BIGINT NOT NULL, expires_at BIGINT NOT NULL,
            PRIMARY KEY (kind, subject));
        CREATE TABLE identity_last_used (
            client TEXT NOT NULL, credential TEXT NOT NULL, used_at BIGINT NOT NULL, PRIMARY KEY (client, credential))",
        // The registry keeps it, of every kind of credential.
        "DROP TABLE identity_last_used",
    ],
};

/// Where nodes tell each other of revocations.
pub(super) const CHANNEL: &str = "vagvisare_identity";

/// How long a revocation of a token is kept: longer than any token lives.
const TOKEN_KEPT: i64 = 2 * 3_600;
/// How long other revocations are kept. By then the registry has long lost what they refuse.
const KEPT: i64 = 365 * 86_400;

/// A signing key as it is stored.
pub(super) struct KeyRow {
    pub(super) id: String,
    pub(super) algorithm: Algorithm,
    pub(super) generation: i64,
    pub(super) sealed: Vec<u8>,
    pub(super) active_from: i64,
    pub(super) gone_at: i64,
}

/// The keys that are not gone.
pub(super) async fn signing_keys(database: &Database, now: i64) -> Result<Vec<KeyRow>, Error> {
    let sql = "SELECT algorithm, generation, id, sealed, active_from, gone_at FROM identity_signing_key \
               WHERE gone_at > ? ORDER BY algorithm, generation";
    let rows = database.fetch_all(query(sql).bind(now)).await?;
    let mut keys = Vec::with_capacity(rows.len());
    for row in rows {
        let name: String = row.get("algorithm")?;
        let Some(algorithm) = Algorithm::ALL.into_iter().find(|known| known.name() == name) else {
            continue;
        };
        keys.push(KeyRow {
            id: row.get("id")?,
            algorithm,
            generation: row.get("generation")?,
            sealed: row.get("sealed")?,
            active_from: row.get("active_from")?,
            gone_at: row.get("gone_at")?,
        });
    }
    Ok(keys)
}

pub(super) async fn add_signing_key(database: &Database, key: KeyRow) -> Result<(), Error> {
    let sql = "INSERT INTO identity_signing_key (algorithm, generation, id, sealed, active_from, gone_at) \
               VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
    let insert = query(sql)
        .bind(key.algorithm.name())
        .bind(key.generation)
        .bind(key.id)
        .bind(key.sealed)
        .bind(key.active_from)
        .bind(key.gone_at);
    database.execute(insert).await?;
    Ok(())
}

/// Notes that an id has been used; `false`: it had been before, on this node or another.
pub(super) async fn use_once(database: &Database, id: &str, expires_at: i64) -> Result<bool, Error> {
    let sql = "INSERT INTO identity_used_id (id, expires_at) VALUES (?, ?) ON CONFLICT DO NOTHING";
    let inserted = database.execute(query(sql).bind(id).bind(expires_at)).await?;
    Ok(inserted == 1)
}

/// Adds a revocation and tells the other nodes.
pub(super) async fn revoke(database: &Database, kind: Kind, subject: &str, now: i64) -> Result<(), Error> {
    let kept = if kind == Kind::Token { TOKEN_KEPT } else { KEPT };
    let sql = "INSERT INTO identity_revocation (kind, subject, revoked_at, expires_at) VALUES (?, ?, ?, ?) \
               ON CONFLICT (kind, subject) DO UPDATE SET revoked_at = excluded.revoked_at, expires_at = excluded.expires_at";
    let insert = query(sql).bind(kind.name()).bind(subject).bind(now).bind(now + kept);
    let mut transaction = database.begin().await?;
    transaction.execute(insert).await?;
    transaction.notify(CHANNEL, "revoked").await?;
    transaction.commit().await
}

/// Puts every revocation in force, if there are others than before.
pub(super) async fn read_revocations(database: &Database, revocations: &Revocations) -> Result<(), Error> {
    let sql = "SELECT kind, subject, revoked_at FROM identity_revocation";
    let rows = database.fetch_all(query(sql)).await?;
    if rows.is_empty() && revocations.is_empty() {
        return Ok(());
    }
    let mut set = Set::default();
    for row in rows {
        if let Some(kind) = Kind::from_name(&row.get::<String>("kind")?) {
            set.add(kind, &row.get::<String>("subject")?, row.get("revoked_at")?);
        }
    }
    revocations.replace(set);
    Ok(())
}

/// Drops what can refuse nothing any more.
pub(super) async fn sweep(database: &Database, now: i64) -> Result<(), Error> {
    for sql in [
        "DELETE FROM identity_used_id WHERE expires_at < ?",
        "DELETE FROM identity_revocation WHERE expires_at < ?",
        "DELETE FROM identity_signing_key WHERE gone_at < ?",
    ] {
        database.execute(query(sql).bind(now)).await?;
    }
    Ok(())
}
