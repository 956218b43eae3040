//! Whatever mix of producers there is: the answer comes within the deadline, says what became of each, is called
//! complete only when it is, and never mixes people; the same when they change their manners.

use std::time::{Duration, Instant};

use case_status::Form;
use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::support::{Answer, Running};
use crate::worse::{Expected, Manner, register, switchable};

const DEADLINE: Duration = Duration::from_millis(1500);

/// What the machine may need on top when it is busy with other tests; that the deadline itself is exact is shown in
/// virtual time beside `gather`.
const SLACK: Duration = Duration::from_secs(15);

/// A producer's form, its manner when it is asked first, and when it is asked again.
type Habit = (Form, Manner, Manner);

/// What must be said when it is asked again.
fn expected_again((form, first, then): Habit) -> Expected {
    let (before, now) = (first.expected(form), then.expected(form));
    if now.status != "ok" && before.status == "ok" {
        let stale = Expected {
            status: "stale",
            whole: false,
            ..before
        };
        return stale;
    }
    now
}

fn check(answer: &Answer, party: &str, other: &str, expected: &[Expected]) {
    let text = answer.body.to_string();
    assert!(
        !text.contains(other) && !text.contains("somebody-else"),
        "people are mixed: {text}"
    );
    assert!(
        !text.contains("known-as-"),
        "the producer's name for the person is handed on: {text}"
    );
    let answered = expected.iter().any(|one| matches!(one.status, "ok" | "stale"));
    if !answered && !expected.is_empty() {
        assert_eq!(
            (answer.status, answer.body["code"].as_str()),
            (503, Some("sources-unavailable"))
        );
        assert!(answer.retry_after.is_some());
        return;
    }
    assert_eq!(answer.status, 200);
    for (at, expected) in expected.iter().enumerate() {
        let source = answer.source(&format!("p{at}"));
        let cases = answer.of(&format!("p{at}"));
        assert_eq!(
            (&source["status"], &source["itemCount"], cases.len() as u64),
            (&expected.status.into(), &expected.cases.into(), expected.cases),
            "p{at}: {source}"
        );
        for case in cases {
            assert_eq!(case["title"]["sv"], format!("of {party}"));
            assert_ne!(case["lastChangedAt"], "2026-01-01T10:00:00Z", "the newer of two stays");
            let freshness = if expected.status == "stale" { "stale" } else { "live" };
            assert_eq!(case["source"]["freshness"], freshness);
        }
    }
    assert_eq!(answer.body["complete"], expected.iter().all(|one| one.whole));
}

async fn try_mix(habits: Vec<Habit>) {
    let (register, _register) = register().await;
    let started = habits
        .iter()
        .enumerate()
        .map(|(at, (form, first, _))| switchable(format!("p{at}"), *form, *first));
    let started = join_all(started).await;
    let producers = started.iter().map(|(producer, ..)| producer.clone()).collect();
    let service = Running::over(producers, &register, DEADLINE).await;
    let first: Vec<_> = habits.iter().map(|(form, first, _)| first.expected(*form)).collect();
    let again: Vec<_> = habits.iter().map(|habit| expected_again(*habit)).collect();
    for expected in [&first, &again] {
        let begun = Instant::now();
        let (alva, bo) = tokio::join!(
            service.get("alva", "/cases?limit=100"),
            service.get("bo", "/cases?limit=100")
        );
        assert!(begun.elapsed() < DEADLINE + SLACK, "too late: {:?}", begun.elapsed());
        check(&alva, "alva", "bo", expected);
        check(&bo, "bo", "alva", expected);
        // One case by itself is nobody else's either.
        if alva.status == 200
            && let Some(case) = alva.cases().first()
        {
            let path = format!("/cases/{}", case["caseId"].as_str().unwrap());
            assert_eq!(service.get("bo", &path).await.status, 404);
        }
        for ((_, switch, _), (.., then)) in started.iter().zip(&habits) {
            switch.to(*then);
        }
    }
}

fn manner() -> impl Strategy<Value = Manner> {
    proptest::sample::select(Manner::ALL.to_vec())
}

fn run(habits: Vec<Habit>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(try_mix(habits));
}

const FORMS: [Form; 3] = [Form::Cases, Form::Errands, Form::MinaArenden61];

proptest! {
    #![proptest_config(Config { cases: 16, failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_mix_of_producers_is_told_as_it_is(
        habits in proptest::collection::vec((proptest::sample::select(FORMS.to_vec()), manner(), manner()), 0..6)
    ) {
        run(habits);
    }
}

/// A mix is drawn by chance; here each manner has its turn in each form, and all of them at once.
#[test]
fn every_manner_in_every_form_is_told_as_it_is() {
    let all = FORMS
        .into_iter()
        .flat_map(|form| Manner::ALL.map(|manner| (form, manner, Manner::Silent)));
    // Thirteen sources at a time, so that a page holds every case.
    for habits in all.collect::<Vec<_>>().chunks(13) {
        run(habits.to_vec());
    }
}
