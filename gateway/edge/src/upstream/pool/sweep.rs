//! Closes what has been idle for too long, and counts the seconds for the pool.

use super::{POOL, Pool};
use std::sync::atomic::Ordering;
use std::time::Duration;

const TICK: Duration = Duration::from_secs(1);

/// Starts the sweeper of this thread unless it runs.
pub(super) fn start(pool: &mut Pool) {
    if !pool.sweeping {
        pool.sweeping = true;
        tokio::spawn(sweep(Sweeping));
    }
}

/// Held by the sweeper: when its runtime ends, the thread's next runtime starts another.
struct Sweeping;

impl Drop for Sweeping {
    fn drop(&mut self) {
        let _ = POOL.try_with(|pool| {
            if let Ok(mut pool) = pool.try_borrow_mut() {
                pool.sweeping = false;
            }
        });
    }
}

async fn sweep(_sweeping: Sweeping) {
    loop {
        tokio::time::sleep(TICK).await;
        if !POOL.with_borrow_mut(tick) {
            return;
        }
    }
}

/// One second has passed. Whether there is anything left to look after.
fn tick(pool: &mut Pool) -> bool {
    pool.tick += 1;
    let (now, limits) = (pool.tick, pool.limits);
    pool.backends.retain(|_, kept| {
        let mut aside = false;
        for place in &mut kept.places {
            aside |= place.aside_until > now;
            place.idle.retain_mut(|idle| {
                idle.connected.driver.look();
                now.saturating_sub(idle.since) <= limits.idle_seconds && !idle.connected.sender.is_closed()
            });
        }
        // A backend that nothing is open to is forgotten but for the addresses of its name: those may be needed when
        // the name server is out.
        aside || kept.open.load(Ordering::Relaxed) > 0 || kept.places.iter().any(|place| !place.resolved.is_empty())
    });
    pool.backends
        .values()
        .any(|kept| kept.open.load(Ordering::Relaxed) > 0 || kept.places.iter().any(|place| place.aside_until > now))
}
