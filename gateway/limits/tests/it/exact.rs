//! What a caller is told is exact: when to come back, what is left, who is counted.

use crate::support::{admitted, demand, limiter, policy, refused};
use limits::{Decision, Demand, Subject};
use proptest::prelude::*;
use std::net::IpAddr;
use std::time::Duration;

proptest! {
    #[test]
    fn waiting_admits_and_a_nanosecond_less_does_not(quota in 1_u32..1000, window in 1_000_000_u64..1_000_000_000_000,
                                                     share in 1_u32..=100, start in 0_u64..10_000_000_000) {
        let (limiter, clock) = limiter();
        clock.advance(Duration::from_nanos(start));
        let burst = (quota * share / 100).max(1);
        let policy = policy("p", quota, Duration::from_nanos(window), burst);
        for _ in 0..burst {
            admitted(limiter.check(&[demand(&policy, "a")]));
        }
        let wait = refused(limiter.check(&[demand(&policy, "a")])).retry_after;
        prop_assert!(wait > Duration::ZERO);
        clock.advance(wait - Duration::from_nanos(1));
        prop_assert_eq!(refused(limiter.check(&[demand(&policy, "a")])).retry_after, Duration::from_nanos(1));
        clock.advance(Duration::from_nanos(1));
        admitted(limiter.check(&[demand(&policy, "a")]));
    }
}

#[test]
fn no_demand_is_no_limit() {
    let (limiter, _clock) = limiter();
    assert!(matches!(limiter.check(&[]), Decision::Unlimited));
}

#[test]
fn standing_counts_down_and_resets() {
    let (limiter, clock) = limiter();
    let policy = policy("minute", 60, Duration::from_secs(60), 10);
    let standing = admitted(limiter.check(&[demand(&policy, "a")]));
    assert_eq!((standing.remaining, standing.reset), (9, Duration::from_secs(1)));
    assert_eq!(standing.header(), r#""minute";r=9;t=1"#);
    for _ in 0..9 {
        admitted(limiter.check(&[demand(&policy, "a")]));
    }
    let refusal = refused(limiter.check(&[demand(&policy, "a")]));
    assert_eq!(
        (refusal.retry_after_seconds(), refusal.header().as_str()),
        (1, r#""minute";r=0;t=1"#)
    );
    clock.advance(Duration::from_secs(10));
    assert_eq!(admitted(limiter.check(&[demand(&policy, "a")])).remaining, 9);
}

#[test]
fn subjects_are_counted_apart() {
    let (limiter, _clock) = limiter();
    let policy = policy("p", 1, Duration::from_secs(60), 1);
    let ip = |text: &str| Subject::Address(text.parse::<IpAddr>().unwrap());
    let call = |subject| {
        matches!(
            limiter.check(&[Demand {
                policy: &policy,
                subject
            }]),
            Decision::Admitted(_)
        )
    };
    for subject in [
        Subject::Application("a"),
        Subject::Application("b"),
        Subject::Api("a"),
        ip("192.0.2.1"),
        ip("192.0.2.2"),
        ip("2001:db8:0:1::1"),
        ip("2001:db8:0:2::1"),
    ] {
        assert!(call(subject), "{subject:?}");
        assert!(!call(subject), "{subject:?}");
    }
    assert!(!call(ip("2001:db8:0:1:ffff::9")), "the same /64");
    assert!(!call(ip("::ffff:192.0.2.1")), "the same IPv4 address");
}

#[test]
fn a_changed_policy_starts_clean() {
    let (limiter, _clock) = limiter();
    let before = policy("p", 1, Duration::from_secs(60), 1);
    admitted(limiter.check(&[demand(&before, "a")]));
    refused(limiter.check(&[demand(&before, "a")]));
    for after in [
        policy("p", 2, Duration::from_secs(60), 1),
        policy("p", 1, Duration::from_secs(30), 1),
        policy("q", 1, Duration::from_secs(60), 1),
    ] {
        admitted(limiter.check(&[demand(&after, "a")]));
    }
    // The same policy in a newer snapshot is another allocation and the same counter.
    let same = policy("p", 1, Duration::from_secs(60), 1);
    refused(limiter.check(&[demand(&same, "a")]));
}
