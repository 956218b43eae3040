//! A database that goes away and comes back.

use database::testing::PostgresServer;
use database::{Database, Error, Heard, Migrations, query};
use std::time::{Duration, Instant};

const TABLES: Migrations = Migrations {
    component: "test",
    steps: &["CREATE TABLE thing (id TEXT PRIMARY KEY)"],
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_fail_as_unavailable_while_it_is_away_and_succeed_after() {
    let mut server = PostgresServer::start();
    let database = Database::open(&server.new_database().await, &[TABLES]).await.unwrap();
    let mut listener = database.listen("changes");
    assert_eq!(listener.heard().await, Heard::Gap);
    database
        .execute(query("INSERT INTO thing (id) VALUES ('a')"))
        .await
        .unwrap();

    server.kill();
    let away = database.execute(query("INSERT INTO thing (id) VALUES ('b')")).await;
    assert!(matches!(away, Err(Error::Unavailable(_))), "{away:?}");
    assert!(away.unwrap_err().is_transient());

    server.start_again();
    let begun = Instant::now();
    loop {
        match database.execute(query("INSERT INTO thing (id) VALUES ('c')")).await {
            Ok(_) => break,
            Err(error) => assert!(
                error.is_transient() && begun.elapsed() < Duration::from_secs(30),
                "{error:?}"
            ),
        }
    }
    assert_eq!(
        listener.heard().await,
        Heard::Gap,
        "it says that notes may have been missed"
    );
    let rows = database
        .fetch_all(query("SELECT id FROM thing ORDER BY id"))
        .await
        .unwrap();
    let ids: Vec<String> = rows.iter().map(|row| row.get("id").unwrap()).collect();
    assert_eq!(ids, ["a", "c"]);
}
