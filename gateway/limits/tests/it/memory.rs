//! However many callers come: bounded memory, and nobody gets an unlimited ride.

use crate::support::{admitted, demand, limiter, policy};
use limits::{DEFAULT_CAPACITY, Decision, Demand, FakeRelativeClock, Limiter, Subject};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

fn caller(number: u32) -> Subject<'static> {
    Subject::Address(IpAddr::V4(Ipv4Addr::from_bits(number)))
}

#[test]
fn more_than_a_million_callers_fit() {
    let (limiter, clock) = limiter();
    let policy = policy("hour", 2, Duration::from_secs(3600), 2);
    let mut refused = 0;
    for number in 0..1_100_000 {
        let decision = limiter.check(&[Demand {
            policy: &policy,
            subject: caller(number),
        }]);
        refused += u32::from(matches!(decision, Decision::Refused(_)));
    }
    // Those without a counter of their own share one per shard.
    let shards = 1024;
    assert!(
        limiter.tracked() <= DEFAULT_CAPACITY + 2 * shards,
        "{}",
        limiter.tracked()
    );
    assert!(
        limiter.allocated_bytes() < 64 << 20,
        "{} bytes",
        limiter.allocated_bytes()
    );
    assert!(
        refused > 50_000,
        "{refused}: those beyond the cap must share, not go free"
    );
    // Callers who came in time are not touched by the flood.
    admitted(limiter.check(&[Demand {
        policy: &policy,
        subject: caller(1),
    }]));

    clock.advance(Duration::from_secs(3600));
    limiter.sweep();
    assert_eq!(limiter.tracked(), 0);
    assert!(
        limiter.allocated_bytes() < 1 << 20,
        "{} bytes",
        limiter.allocated_bytes()
    );
}

#[test]
fn room_is_made_without_a_timer() {
    let clock = FakeRelativeClock::default();
    let limiter = Limiter::with_capacity(100, clock.clone());
    let policy = policy("second", 1, Duration::from_secs(1), 1);
    for round in 0..50 {
        for number in 0..100 {
            admitted(limiter.check(&[Demand {
                policy: &policy,
                subject: caller(round * 100 + number),
            }]));
        }
        assert_eq!(limiter.tracked(), 100);
        clock.advance(Duration::from_secs(1));
    }
}

#[test]
fn who_shared_a_counter_gets_no_fresh_burst_afterwards() {
    let clock = FakeRelativeClock::default();
    let limiter = Limiter::with_capacity(1, clock.clone());
    let short = policy("short", 1, Duration::from_secs(1), 1);
    let long = policy("long", 4, Duration::from_secs(400), 4);
    admitted(limiter.check(&[demand(&short, "holds the only place")]));
    for _ in 0..4 {
        admitted(limiter.check(&[demand(&long, "b")]));
    }
    assert!(matches!(limiter.check(&[demand(&long, "b")]), Decision::Refused(_)));
    // The place is free now, but what was used is still used.
    clock.advance(Duration::from_secs(2));
    assert!(matches!(limiter.check(&[demand(&long, "b")]), Decision::Refused(_)));
    clock.advance(Duration::from_secs(98));
    admitted(limiter.check(&[demand(&long, "b")]));
    assert!(matches!(limiter.check(&[demand(&long, "b")]), Decision::Refused(_)));
}

#[test]
fn sweeping_keeps_what_still_counts() {
    let (limiter, clock) = limiter();
    let short = policy("short", 1, Duration::from_secs(1), 1);
    let long = policy("long", 1, Duration::from_secs(100), 1);
    admitted(limiter.check(&[demand(&short, "a"), demand(&long, "a")]));
    assert_eq!(limiter.tracked(), 2);
    clock.advance(Duration::from_secs(1));
    limiter.sweep();
    assert_eq!(limiter.tracked(), 1);
    assert!(matches!(limiter.check(&[demand(&long, "a")]), Decision::Refused(_)));
}
