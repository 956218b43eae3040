//! Many threads at once: the same promises.

use crate::support::{demand, limiter, policy};
use limits::{Decision, Limiter};
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const THREADS: usize = 8;

#[test]
fn exactly_the_burst_is_admitted() {
    let (limiter, clock) = limiter();
    let wide = policy("wide", 1000, Duration::from_secs(1000), 1000);
    let narrow = policy("narrow", 300, Duration::from_secs(300), 300);
    for round in 0..20 {
        let admitted = AtomicU32::new(0);
        let start = Barrier::new(THREADS);
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let (limiter, wide, narrow, admitted, start) = (&limiter, &wide, &narrow, &admitted, &start);
                scope.spawn(move || {
                    // Half of them ask in the other order: locking must not depend on it.
                    let mut demands = [demand(wide, "a"), demand(narrow, "a")];
                    if thread % 2 == 1 {
                        demands.reverse();
                    }
                    start.wait();
                    for _ in 0..100 {
                        if matches!(limiter.check(&demands), Decision::Admitted(_)) {
                            admitted.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(admitted.into_inner(), 300, "round {round}");
        // 800 asked, 300 passed: the wide window was charged 300 times, not 800.
        let Decision::Admitted(standing) = limiter.check(&[demand(&wide, "a")]) else {
            panic!("wide is used up")
        };
        assert_eq!(standing.remaining, 699);
        clock.advance(Duration::from_secs(1000));
    }
}

#[test]
fn the_bound_holds_on_the_real_clock() {
    let limiter = Limiter::new();
    let policy = policy("fast", 20_000, Duration::from_secs(1), 50);
    let admitted = AtomicU32::new(0);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while begun.elapsed() < Duration::from_millis(200) {
                    if matches!(limiter.check(&[demand(&policy, "a")]), Decision::Admitted(_)) {
                        admitted.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let bound = 50.0 + 20_000.0 * begun.elapsed().as_secs_f64();
    let admitted = admitted.into_inner();
    assert!(f64::from(admitted) <= bound, "{admitted} > {bound}");
    assert!(admitted > 50, "{admitted}: it refills");
}
