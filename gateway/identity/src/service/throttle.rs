//! How often a client may ask, and how often somebody may fail to be one.
//!
//! Failures are counted by client *and* address: whoever guesses at a client's secret locks out the own address and not
//! the client. Tokens are counted by client once it has proved who it is, so that nobody else can use them up.

use quick_cache::sync::Cache;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// Clients and addresses remembered.
const CAPACITY: usize = 50_000;
/// Failures in a row that are free.
const FREE_FAILURES: i64 = 10;
/// One more failure is free after this.
const FORGIVEN_AFTER: Duration = Duration::from_secs(30);

/// Counters of one node, bounded.
pub(super) struct Throttle {
    began: Instant,
    /// Time of one token, and of a burst, in microseconds.
    token: (i64, i64),
    tokens: Cache<Box<str>, Arc<AtomicI64>>,
    failures: Cache<(Box<str>, Box<str>), Arc<AtomicI64>>,
}

impl Throttle {
    pub(super) fn new(tokens_per_minute: u32) -> Self {
        let each = 60_000_000 / i64::from(tokens_per_minute.max(1));
        Self {
            began: Instant::now(),
            token: (each, 60_000_000 / 4),
            tokens: Cache::new(CAPACITY),
            failures: Cache::new(CAPACITY),
        }
    }

    fn now(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_micros()).unwrap_or(i64::MAX / 4)
    }

    /// Takes a token's place.
    ///
    /// # Errors
    /// Seconds to wait.
    pub(super) fn token(&self, client: &str) -> Result<(), u64> {
        let cell = self.tokens.get(client).unwrap_or_else(|| {
            let cell = Arc::default();
            self.tokens.insert(client.into(), Arc::clone(&cell));
            cell
        });
        take(&cell, self.now(), self.token)
    }

    /// Whether this address has failed too often to be this client.
    ///
    /// # Errors
    /// Seconds to wait.
    pub(super) fn may_try(&self, client: &str, address: &str) -> Result<(), u64> {
        let Some(cell) = self.failures.get(&(client.into(), address.into())) else {
            return Ok(());
        };
        let (each, burst) = failure_times();
        let ahead = cell.load(Ordering::Relaxed) - self.now();
        if ahead + each > burst {
            return Err(seconds(ahead + each - burst));
        }
        Ok(())
    }

    /// Notes a failure.
    pub(super) fn failed(&self, client: &str, address: &str) {
        let key: (Box<str>, Box<str>) = (client.into(), address.into());
        let cell = self.failures.get(&key).unwrap_or_else(|| {
            let cell = Arc::default();
            self.failures.insert(key, Arc::clone(&cell));
            cell
        });
        // One that is refused already stays where it is.
        let _ = take(&cell, self.now(), failure_times());
    }
}

fn failure_times() -> (i64, i64) {
    let each = i64::try_from(FORGIVEN_AFTER.as_micros()).unwrap_or(i64::MAX / 64);
    (each, each * FREE_FAILURES)
}

/// GCRA on one number: the time at which everything taken so far is paid for.
fn take(cell: &AtomicI64, now: i64, (each, burst): (i64, i64)) -> Result<(), u64> {
    let outcome = cell.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |paid| {
        let next = paid.max(now) + each;
        (next - now <= burst.max(each)).then_some(next)
    });
    outcome.map(drop).map_err(|paid| seconds(paid + each - now - burst))
}

fn seconds(micros: i64) -> u64 {
    u64::try_from(micros).unwrap_or(0).div_ceil(1_000_000).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_guesses_locks_out_the_own_address_only() {
        let throttle = Throttle::new(600);
        for _ in 0..FREE_FAILURES {
            assert_eq!(throttle.may_try("app", "192.0.2.1"), Ok(()));
            throttle.failed("app", "192.0.2.1");
        }
        assert!(throttle.may_try("app", "192.0.2.1").is_err_and(|wait| wait <= 30));
        assert_eq!(throttle.may_try("app", "192.0.2.2"), Ok(()));
        assert_eq!(throttle.may_try("other", "192.0.2.1"), Ok(()));
    }

    #[test]
    fn tokens_are_paid_for_in_time() {
        let (cell, times) = (AtomicI64::new(0), (1_000_000, 15_000_000));
        let taken = (0..100).filter(|_| take(&cell, 0, times).is_ok()).count();
        assert_eq!(taken, 15);
        assert_eq!(take(&cell, 500_000, times), Err(1));
        assert_eq!(take(&cell, 1_000_000, times), Ok(()));
        assert_eq!(take(&cell, 1_000_000, times), Err(1));
    }
}
