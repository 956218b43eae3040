//! The generator against this crate's origin, in both paces.

use std::time::Duration;

use load_tests::generator::{self, Pace, Plan, Run};
use load_tests::origin::{BODY_LENGTH, Origin};
use load_tests::target::Target;

async fn run(pace: Pace) -> Run {
    let origin = Origin::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let target = Target::new(origin.address(), "/anything?at=all").unwrap();
    let serving = tokio::spawn(origin.serve());
    let run = generator::run(Plan {
        pace,
        duration: Duration::from_secs(1),
        connections: 8,
        least_body: BODY_LENGTH as u64,
        ..Plan::of(target)
    })
    .await
    .unwrap();
    serving.abort();
    run
}

#[tokio::test]
async fn an_open_loop_sends_exactly_what_the_schedule_says() {
    let run = run(Pace::Open { per_second: 400 }).await;
    assert_eq!(
        (run.measured.succeeded(), run.measured.failed()),
        (400, 0),
        "{:?}",
        run.measured.failures
    );
    assert_eq!(run.measured.statuses[&200], 400);
    assert_eq!(run.measured.body_bytes, 400 * BODY_LENGTH as u64);
    // The last request is due at 997.5 ms: the schedule was kept and not run through at once.
    assert!(run.elapsed >= Duration::from_millis(997), "{:?}", run.elapsed);
    assert_eq!(run.measured.lags.count(), 400);
}

#[tokio::test]
async fn bodies_are_as_long_as_asked_for_both_ways() {
    let origin = Origin::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = origin.address();
    let serving = tokio::spawn(origin.serve());
    for length in [0, 1, 65_536, 1_000_000] {
        let run = generator::run(Plan {
            pace: Pace::Counted { requests: 3 },
            duration: Duration::from_secs(60),
            payload: Some(vec![b'a'; length].into()),
            ..Plan::of(Target::new(address, &format!("/?bytes={length}")).unwrap())
        })
        .await
        .unwrap();
        assert_eq!(run.measured.succeeded(), 3, "{:?}", run.measured.failures);
        assert_eq!(run.measured.body_bytes, 3 * length as u64);
    }
    serving.abort();
}

#[tokio::test]
async fn a_closed_loop_runs_for_its_time_without_errors() {
    let run = run(Pace::Closed).await;
    assert_eq!(run.measured.failed(), 0, "{:?}", run.measured.failures);
    assert!(run.measured.succeeded() > 8, "{}", run.measured.succeeded());
    assert!(run.elapsed >= Duration::from_secs(1), "{:?}", run.elapsed);
    assert!(run.measured.latencies.percentile(50.0) > 0.0);
}
