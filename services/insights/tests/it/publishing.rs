//! Publication on SQLite and PostgreSQL: batches of at least the floor that never share an answer.

use insights::batch::{Answer, FLOOR, JourneyStep, Reason};
use insights::store::{Recorded, Store};
use jiff::Timestamp;
use jiff::civil::{Date, date};

const ANSWER: Answer = Answer {
    effort: 3,
    treatment: Some(4),
    clarity: None,
    got_answer: true,
    reason: Some(Reason::WantedStatus),
    step: None,
};

async fn give(store: &Store, organisation: &str, count: usize, day: Date) {
    let at: Timestamp = format!("{day}T09:30:00Z").parse().unwrap();
    for _ in 0..count {
        let impression = store
            .impression(organisation, "phone", Some(JourneyStep::Wait), day)
            .await
            .unwrap();
        assert_eq!(store.record(&impression, &ANSWER, at).await.unwrap(), Recorded::Counted);
    }
}

async fn each_answer_is_in_exactly_one_batch(store: Store) {
    let monday = date(2026, 11, 23);
    let (tuesday, wednesday, thursday) = (date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 26));
    give(&store, "skatteverket", FLOOR + 20, monday).await;
    give(&store, "polismyndigheten", FLOOR - 1, monday).await;
    // Answers of the day itself wait; a cell under the floor waits.
    assert_eq!(store.publish(monday).await.unwrap(), 0);
    assert_eq!(store.publish(tuesday).await.unwrap(), 1);
    assert_eq!(store.publish(tuesday).await.unwrap(), 0);
    // One more answer gives no new publication: the difference would be that person.
    give(&store, "skatteverket", 1, tuesday).await;
    give(&store, "polismyndigheten", 1, tuesday).await;
    assert_eq!(store.publish(wednesday).await.unwrap(), 1);
    give(&store, "skatteverket", FLOOR, wednesday).await;
    assert_eq!(store.publish(thursday).await.unwrap(), 1);
    let all = store.publications(None).await.unwrap();
    let counts: Vec<usize> = all.iter().map(|one| one.figures.answers).collect();
    assert_eq!(counts, [FLOOR + 1, FLOOR, FLOOR + 20]);
    // All were about one step, which their impressions knew; as many were asked as answered.
    for one in &all {
        let step = &one.figures.steps[0];
        assert_eq!((step.step, step.answers), (JourneyStep::Wait, one.figures.answers));
        assert_eq!(one.figures.response_rate_per_cent, Some(100));
    }
    assert_eq!(store.publications(Some("polismyndigheten")).await.unwrap().len(), 1);
}

async fn whoever_does_not_answer_lowers_the_response_rate(store: Store) {
    let monday = date(2026, 11, 23);
    for _ in 0..3 * FLOOR {
        store.impression("csn", "chat", None, monday).await.unwrap();
    }
    let at: Timestamp = format!("{monday}T09:30:00Z").parse().unwrap();
    for _ in 0..FLOOR {
        let impression = store.impression("csn", "chat", None, monday).await.unwrap();
        store.record(&impression, &ANSWER, at).await.unwrap();
    }
    assert_eq!(store.publish(date(2026, 11, 24)).await.unwrap(), 1);
    let figures = &store.publications(Some("csn")).await.unwrap()[0].figures;
    assert_eq!(figures.response_rate_per_cent, Some(25));
}

async fn an_impression_is_answered_once(store: Store) {
    let impression = store
        .impression("skatteverket", "phone", None, date(2026, 11, 23))
        .await
        .unwrap();
    let tries = (0..8).map(|_| {
        let (store, impression) = (store.clone(), impression.clone());
        tokio::spawn(async move { store.record(&impression, &ANSWER, Timestamp::now()).await.unwrap() })
    });
    let mut counted = 0;
    for one in tries.collect::<Vec<_>>() {
        counted += usize::from(one.await.unwrap() == Recorded::Counted);
    }
    assert_eq!(counted, 1);
    let unknown = store.record("none", &ANSWER, Timestamp::now()).await.unwrap();
    assert_eq!(unknown, Recorded::NoImpression);
}

async fn sqlite(directory: &tempfile::TempDir) -> Store {
    let file = directory.path().join("insights.sqlite");
    Store::open(&format!("sqlite:{}", file.display())).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_in_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    each_answer_is_in_exactly_one_batch(sqlite(&directory).await).await;
    let directory = tempfile::tempdir().unwrap();
    an_impression_is_answered_once(sqlite(&directory).await).await;
    let directory = tempfile::tempdir().unwrap();
    whoever_does_not_answer_lowers_the_response_rate(sqlite(&directory).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_in_postgresql() {
    let address = database::testing::postgres().await;
    each_answer_is_in_exactly_one_batch(Store::open(&address).await.unwrap()).await;
    let address = database::testing::postgres().await;
    an_impression_is_answered_once(Store::open(&address).await.unwrap()).await;
    let address = database::testing::postgres().await;
    whoever_does_not_answer_lowers_the_response_rate(Store::open(&address).await.unwrap()).await;
}
