//! Whatever mix of producers there is: the answer comes within the deadline, says what became of each, is called
//! complete only when it is, and never mixes people.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::support::{Answer, Running, Task};
use crate::worse::{Manner, producer, register};

const DEADLINE: Duration = Duration::from_millis(400);

/// What the machine may need on top when it is busy with other tests.
const SLACK: Duration = Duration::from_secs(3);

fn check(answer: &Answer, party: &str, other: &str, manners: &[Manner]) {
    let text = answer.body.to_string();
    assert!(
        !text.contains(other) && !text.contains("somebody-else"),
        "people are mixed: {text}"
    );
    assert!(
        !text.contains("known-as-"),
        "the producer's name for the person is handed on: {text}"
    );
    let answered = manners.iter().any(|manner| manner.expected_status() == "ok");
    if !answered && !manners.is_empty() {
        assert_eq!(
            (answer.status, answer.body["code"].as_str()),
            (503, Some("sources-unavailable"))
        );
        assert!(answer.retry_after.is_some());
        return;
    }
    assert_eq!(answer.status, 200);
    for (at, manner) in manners.iter().enumerate() {
        let source = answer.source(&format!("p{at}"));
        assert_eq!(source["status"], manner.expected_status(), "{manner:?}");
        let cases = answer.of(&format!("p{at}"));
        assert_eq!(source["itemCount"], cases.len());
        assert!(cases.iter().all(|case| case["title"]["sv"] == format!("of {party}")));
        assert!(
            cases.iter().all(|case| case["lastChangedAt"] == "2026-01-02T10:00:00Z"),
            "the newer of two stays"
        );
    }
    let whole = manners
        .iter()
        .all(|manner| matches!(manner, Manner::Right | Manner::Twice));
    assert_eq!(answer.body["complete"], whole);
}

async fn try_mix(manners: Vec<Manner>) {
    let (register, _register) = register().await;
    let started = manners
        .iter()
        .enumerate()
        .map(|(at, manner)| producer(format!("p{at}"), *manner));
    let (producers, _tasks): (Vec<_>, Vec<Task>) = join_all(started).await.into_iter().unzip();
    let service = Running::over(producers, &register, DEADLINE).await;
    let begun = Instant::now();
    let (alva, bo) = tokio::join!(
        service.get("alva", "/cases?limit=100"),
        service.get("bo", "/cases?limit=100")
    );
    assert!(begun.elapsed() < DEADLINE + SLACK, "too late: {:?}", begun.elapsed());
    check(&alva, "alva", "bo", &manners);
    check(&bo, "bo", "alva", &manners);
}

proptest! {
    #![proptest_config(Config { cases: 24, failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_mix_of_producers_is_told_as_it_is(
        manners in proptest::collection::vec(proptest::sample::select(Manner::ALL.to_vec()), 0..6)
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(try_mix(manners));
    }
}
