//! What a store may rely on, on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use database::{Database, Error, Heard, Migrations, query};

const FIRST: &str = "CREATE TABLE thing (id TEXT PRIMARY KEY, size BIGINT, weight DOUBLE PRECISION, content {blob});
CREATE TABLE part (thing TEXT NOT NULL REFERENCES thing (id), name TEXT NOT NULL)";
const SECOND: &str = "ALTER TABLE thing ADD COLUMN note TEXT";

const OLD: Migrations = Migrations {
    component: "test",
    steps: &[FIRST],
};
const NEW: Migrations = Migrations {
    component: "test",
    steps: &[FIRST, SECOND],
};
const OTHER: Migrations = Migrations {
    component: "test",
    steps: &["CREATE TABLE other (id TEXT)"],
};

/// Runs `check` on a new database of each kind.
async fn on_both<F: Future<Output = ()>>(check: impl Fn(String) -> F) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("deep/er/test.sqlite");
    check(format!("sqlite:{}", file.display())).await;
    check(database::testing::postgres().await).await;
}

#[tokio::test]
async fn values_come_back_as_they_went_in() {
    on_both(|address| async move {
        let database = Database::open(&address, &[NEW]).await.unwrap();
        let insert = "INSERT INTO thing (id, size, weight, content, note) VALUES (?, ?, ?, ?, ?)";
        let full = query(insert)
            .bind("å'?")
            .bind(i64::MIN)
            .bind(0.25)
            .bind(vec![0_u8, 255]);
        assert_eq!(database.execute(full.bind("why?")).await.unwrap(), 1);
        let empty = query(insert).bind("empty").bind(None::<i64>).bind(None::<f64>);
        database
            .execute(empty.bind(None::<Vec<u8>>).bind(None::<String>))
            .await
            .unwrap();

        let rows = database
            .fetch_all(query("SELECT * FROM thing ORDER BY size DESC"))
            .await
            .unwrap();
        assert_eq!(rows.len(), 2);
        let row = database
            .fetch_one(query("SELECT * FROM thing WHERE id = ? AND note = 'why?'").bind("å'?"))
            .await
            .unwrap();
        assert_eq!(row.get::<i64>("size").unwrap(), i64::MIN);
        assert_eq!(row.get::<f64>("weight").unwrap(), 0.25);
        assert_eq!(row.get::<Vec<u8>>("content").unwrap(), [0, 255]);
        let empty = query("SELECT * FROM thing WHERE id = ?").bind("empty");
        let row = database.fetch_optional(empty).await.unwrap().unwrap();
        assert_eq!(row.get::<Option<i64>>("size").unwrap(), None);
        assert_eq!(row.get::<Option<String>>("note").unwrap(), None);
        assert!(row.get::<i64>("size").is_err());
        assert!(row.get::<i64>("unknown").is_err());
        let missing = database
            .fetch_one(query("SELECT * FROM thing WHERE id = ?").bind("x"))
            .await;
        assert!(matches!(missing, Err(Error::NoRow)));
    })
    .await;
}

#[tokio::test]
async fn a_key_that_is_taken_is_a_conflict_and_a_bad_statement_is_not() {
    on_both(|address| async move {
        let database = Database::open(&address, &[OLD]).await.unwrap();
        let insert = || query("INSERT INTO thing (id) VALUES (?)").bind("a");
        database.execute(insert()).await.unwrap();
        assert!(matches!(database.execute(insert()).await, Err(Error::Conflict { .. })));
        let orphan = query("INSERT INTO part (thing, name) VALUES (?, ?)")
            .bind("nobody")
            .bind("x");
        assert!(matches!(database.execute(orphan).await, Err(Error::Statement(_))));
        let wrong = database.execute(query("INSERT INTO nowhere VALUES (1)")).await;
        assert!(matches!(wrong, Err(Error::Statement(_))));
    })
    .await;
}

#[tokio::test]
async fn a_transaction_takes_effect_whole_or_not_at_all() {
    on_both(|address| async move {
        let database = Database::open(&address, &[OLD]).await.unwrap();
        let count = || async {
            let row = database
                .fetch_one(query("SELECT COUNT(*) AS n FROM thing"))
                .await
                .unwrap();
            row.get::<i64>("n").unwrap()
        };
        let mut dropped = database.begin().await.unwrap();
        dropped
            .execute(query("INSERT INTO thing (id) VALUES ('a')"))
            .await
            .unwrap();
        dropped.rollback().await.unwrap();
        assert_eq!(count().await, 0);
        let mut kept = database.begin().await.unwrap();
        kept.lock(7).await.unwrap();
        kept.execute(query("INSERT INTO thing (id) VALUES ('a')"))
            .await
            .unwrap();
        let within = kept.fetch_one(query("SELECT COUNT(*) AS n FROM thing")).await.unwrap();
        assert_eq!(within.get::<i64>("n").unwrap(), 1);
        assert_eq!(count().await, 0, "nobody else sees it yet");
        kept.commit().await.unwrap();
        assert_eq!(count().await, 1);
    })
    .await;
}

#[tokio::test]
async fn concurrent_writers_with_a_lock_lose_no_update() {
    on_both(|address| async move {
        let database = Database::open(&address, &[OLD]).await.unwrap();
        database
            .execute(query("INSERT INTO thing (id, size) VALUES ('n', 0)"))
            .await
            .unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let database = database.clone();
            tasks.spawn(async move {
                let mut transaction = database.begin().await.unwrap();
                transaction.lock(1).await.unwrap();
                let row = transaction
                    .fetch_one(query("SELECT size FROM thing WHERE id = 'n'"))
                    .await
                    .unwrap();
                let next = row.get::<i64>("size").unwrap() + 1;
                transaction
                    .execute(query("UPDATE thing SET size = ? WHERE id = 'n'").bind(next))
                    .await
                    .unwrap();
                transaction.commit().await.unwrap();
            });
        }
        while let Some(ended) = tasks.join_next().await {
            ended.unwrap();
        }
        let row = database.fetch_one(query("SELECT size FROM thing")).await.unwrap();
        assert_eq!(row.get::<i64>("size").unwrap(), 20);
    })
    .await;
}

#[tokio::test]
async fn listeners_hear_what_was_committed_on_their_channel() {
    on_both(|address| async move {
        let database = Database::open(&address, &[]).await.unwrap();
        let mut listener = database.listen("changes");
        if database.kind() == database::Kind::Postgres {
            assert_eq!(listener.heard().await, Heard::Gap, "it listens now");
        }
        let mut lost = database.begin().await.unwrap();
        lost.notify("changes", "0").await.unwrap();
        lost.rollback().await.unwrap();
        let mut told = database.begin().await.unwrap();
        told.notify("elsewhere", "1").await.unwrap();
        told.notify("changes", "2").await.unwrap();
        told.commit().await.unwrap();
        assert_eq!(listener.heard().await, Heard::Note("2".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn tables_are_brought_up_to_date_and_never_taken_back() {
    on_both(|address| async move {
        Database::open(&address, &[OLD]).await.unwrap().close().await;
        let (one, two) = tokio::join!(Database::open(&address, &[NEW]), Database::open(&address, &[NEW]));
        one.unwrap().close().await;
        let database = two.unwrap();
        database
            .execute(query("INSERT INTO thing (id, note) VALUES ('a', 'b')"))
            .await
            .unwrap();
        database.close().await;
        let older = Database::open(&address, &[OLD]).await.unwrap_err().to_string();
        assert!(older.contains("made by a newer version"), "{older}");
        let foreign = Database::open(&address, &[OTHER]).await.unwrap_err().to_string();
        assert!(foreign.contains("newer version"), "{foreign}");
    })
    .await;
}

#[tokio::test]
async fn an_sqlite_database_is_copied_while_it_serves() {
    let directory = tempfile::tempdir().unwrap();
    let database = Database::open(&format!("sqlite:{}", directory.path().join("a").display()), &[OLD])
        .await
        .unwrap();
    database
        .execute(query("INSERT INTO thing (id) VALUES ('a')"))
        .await
        .unwrap();
    let copy = directory.path().join("b");
    database.copy_to(&copy).await.unwrap();
    assert!(
        database.copy_to(&copy).await.is_err(),
        "an existing file is not overwritten"
    );
    let copied = Database::open(&format!("sqlite:{}", copy.display()), &[OLD])
        .await
        .unwrap();
    let row = copied
        .fetch_one(query("SELECT COUNT(*) AS n FROM thing"))
        .await
        .unwrap();
    assert_eq!(row.get::<i64>("n").unwrap(), 1);
}

#[tokio::test]
async fn an_address_of_another_form_says_what_is_wanted_and_shows_no_password() {
    for address in [
        "mysql://me:secret@host/x",
        "/just/a/path",
        "",
        "postgres://me:secret@host:port/x",
    ] {
        let error = Database::open(address, &[]).await.unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(error.to_string().contains("postgres://USER"), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
}
