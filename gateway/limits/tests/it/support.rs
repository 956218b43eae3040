//! Policies and demands in one line.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use limits::{Decision, Demand, FakeRelativeClock, Limiter, Refusal, Standing, Subject};
use snapshot::{LimitPer, LimitPolicy, OnStoreFailure};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

/// A policy per application.
pub(crate) fn policy(id: &str, quota: u32, window: Duration, burst: u32) -> Arc<LimitPolicy> {
    Arc::new(LimitPolicy {
        id: id.into(),
        name: id.into(),
        per: LimitPer::Application,
        quota: NonZeroU32::new(quota).unwrap(),
        window,
        burst: NonZeroU32::new(burst).unwrap(),
        shared: None,
        calendar: None,
    })
}

/// A policy per application that all nodes count together.
pub(crate) fn shared_policy(
    id: &str,
    quota: u32,
    window: Duration,
    burst: u32,
    on_failure: OnStoreFailure,
) -> Arc<LimitPolicy> {
    let policy = policy(id, quota, window, burst);
    Arc::new(LimitPolicy {
        shared: Some(on_failure),
        ..Arc::unwrap_or_clone(policy)
    })
}

/// `policy` counting application `id`.
pub(crate) fn demand<'a>(policy: &'a Arc<LimitPolicy>, id: &'a str) -> Demand<'a> {
    Demand {
        policy,
        subject: Subject::Application(id),
    }
}

/// A limiter and the clock that drives it, one second after its beginning.
pub(crate) fn limiter() -> (Limiter<FakeRelativeClock>, FakeRelativeClock) {
    let clock = FakeRelativeClock::default();
    let limiter = Limiter::with_clock(clock.clone());
    clock.advance(Duration::from_secs(1));
    (limiter, clock)
}

/// Admitted, or a failed test.
#[track_caller]
pub(crate) fn admitted(decision: Decision) -> Standing {
    match decision {
        Decision::Admitted(standing) => standing,
        other => panic!("{other:?}"),
    }
}

/// Refused, or a failed test.
#[track_caller]
pub(crate) fn refused(decision: Decision) -> Refusal {
    match decision {
        Decision::Refused(refusal) => refusal,
        other => panic!("{other:?}"),
    }
}
