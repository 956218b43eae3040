//! How many readings about people one node writes in a second, each answered when it is durable.
//! Run: `cargo run --release -p identity --example readings -- [sqlite:PATH|postgres://..]`.

#![expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use anyhow::{Context, Result, ensure};
use database::Database;
use identity::api_key::Pepper;
use identity::people::{
    Item, MIGRATIONS, NewConsent, NewReading, Noted, People, PersonKeys, PersonNumber, ReadingLog, Readings,
};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Calls that wait at the same time, each for its own reading.
const CALLERS: usize = 1_000;
/// Tokens that they come with.
const TOKENS: usize = 200;
/// For how long.
const TIME: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let own = format!("sqlite:{}", folder.path().join("people.sqlite").display());
    let address = std::env::args().nth(1).unwrap_or(own);
    let database = Database::open(&address, &[MIGRATIONS]).await?;
    let people = People::new(database, PersonKeys::from_secrets(&Pepper::random()?, &[])?);
    for number in 0..TOKENS {
        token(&people, number).await?;
    }
    let (readings, log): (Readings, ReadingLog) = Readings::new(people);
    tokio::spawn(log.run());
    let began = Instant::now();
    let callers = (0..CALLERS).map(|number| tokio::spawn(call(readings.clone(), number % TOKENS, began)));
    let mut waits = Vec::new();
    for caller in callers.collect::<Vec<_>>() {
        waits.extend(caller.await??);
    }
    let took = began.elapsed().as_secs_f64();
    waits.sort_unstable();
    let at = |share: f64| {
        waits
            .get((waits.len() as f64 * share) as usize)
            .copied()
            .unwrap_or_default()
    };
    println!(
        "{:.0} readings a second by one writer, {CALLERS} callers: half of them waited {:?} or less, 99 of 100 {:?}",
        waits.len() as f64 / took,
        at(0.5),
        at(0.99)
    );
    Ok(())
}

/// A person, and a token that the person has consented to.
async fn token(people: &People, number: usize) -> Result<()> {
    let digits = format!("1890{number:08}");
    let person = PersonNumber::read(&digits).context("twelve digits")?;
    let person = people.person(&person).await?;
    let items = [Item {
        api: "https://api.example/cases".to_owned(),
        agency: "agency".to_owned(),
        scope: "cases.read".to_owned(),
    }];
    let consent = NewConsent {
        person: &person,
        acts_for: None,
        relation: None,
        application: "app",
        organisation: "bank",
        agreement: "a-1",
        purpose: "to measure",
        assurance: "loa3",
        items: &items,
        ends_at: i64::MAX / 2,
    };
    let consent = people.consent(&consent).await?;
    people
        .note_token(&consent, "family", &format!("token-{number}"), i64::MAX / 2)
        .await?;
    Ok(())
}

/// Calls one after the other; how long each waited.
async fn call(readings: Readings, token: usize, began: Instant) -> Result<Vec<Duration>> {
    let token_id: Arc<str> = format!("token-{token}").into();
    let mut waits = Vec::new();
    while began.elapsed() < TIME {
        let asked = Instant::now();
        let noted = readings.note(NewReading {
            token_id: Arc::clone(&token_id),
            api: "https://api.example/cases".into(),
            operation: "GET /cases".to_owned(),
            trace: format!("{:032x}", waits.len()),
        });
        let noted = match noted {
            Noted::Now(noted) => noted,
            Noted::Later(written) => written.await,
        };
        ensure!(noted, "a reading was not written in time");
        waits.push(asked.elapsed());
    }
    Ok(waits)
}
