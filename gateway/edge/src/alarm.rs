//! Deadlines that are seldom met.
//!
//! To set a timer and to take it back for each call costs more than to look at it. An alarm that did not ring is kept as it
//! is set; the next call takes it if it rings no later than that call wants, and sets it on when it has rung too soon.

use std::cell::RefCell;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;
use tokio::time::{Sleep, sleep_until};

/// How many a worker keeps; as many calls wait at once without setting a timer.
const MOST: usize = 256;

thread_local! {
    static KEPT: RefCell<Vec<Pin<Box<Sleep>>>> = const { RefCell::new(Vec::new()) };
}

/// Rings at an instant, as soon as somebody looks after it.
pub(crate) struct Alarm {
    /// Set to that instant or an earlier one; taken out only when dropped.
    sleep: Option<Pin<Box<Sleep>>>,
    at: Instant,
}

/// Drops what this thread keeps: it belongs to the runtime on which it was set. A worker calls it before its first call.
pub(crate) fn forget() {
    KEPT.take();
}

impl Alarm {
    pub(crate) fn at(at: Instant) -> Self {
        let kept = KEPT.with_borrow_mut(Vec::pop);
        let sleep = kept.map_or_else(
            || Box::pin(sleep_until(at.into())),
            |mut kept| {
                if kept.is_elapsed() || kept.deadline() > at.into() {
                    kept.as_mut().reset(at.into());
                }
                kept
            },
        );
        Self { sleep: Some(sleep), at }
    }

    /// Sets it to another instant.
    pub(crate) fn set(&mut self, at: Instant) {
        self.at = at;
        if let Some(sleep) = &mut self.sleep
            && (sleep.is_elapsed() || sleep.deadline() > at.into())
        {
            sleep.as_mut().reset(at.into());
        }
    }

    /// Ready once the instant is there.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Some(sleep) = &mut self.sleep {
            ready!(sleep.as_mut().poll(cx));
            if sleep.deadline() >= self.at.into() {
                break;
            }
            sleep.as_mut().reset(self.at.into());
        }
        Poll::Ready(())
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        let _ = KEPT.try_with(|kept| {
            if let Ok(mut kept) = kept.try_borrow_mut()
                && kept.len() < MOST
            {
                kept.extend(self.sleep.take());
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::time::Duration;

    async fn rung(alarm: &mut Alarm) -> Duration {
        let began = tokio::time::Instant::now();
        poll_fn(|cx| alarm.poll(cx)).await;
        began.elapsed()
    }

    fn after(seconds: u64) -> Instant {
        (tokio::time::Instant::now() + Duration::from_secs(seconds)).into_std()
    }

    #[tokio::test(start_paused = true)]
    async fn a_kept_alarm_rings_when_the_next_one_wants() {
        forget();
        for (kept, wanted) in [(5, 30), (30, 5), (5, 5), (0, 3)] {
            drop(Alarm::at(after(kept)));
            let mut alarm = Alarm::at(after(wanted));
            let waited = rung(&mut alarm).await;
            assert!(
                waited.abs_diff(Duration::from_secs(wanted)) < Duration::from_millis(10),
                "kept {kept}, wanted {wanted}, waited {waited:?}"
            );
        }
        assert_eq!(KEPT.with_borrow(Vec::len), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_rang_in_its_drawer_rings_again() {
        forget();
        let mut first = Alarm::at(after(1));
        assert!(poll_fn(|cx| Poll::Ready(first.poll(cx))).await.is_pending());
        drop(first);
        tokio::time::advance(Duration::from_secs(10)).await;
        let mut second = Alarm::at(after(4));
        assert!(rung(&mut second).await >= Duration::from_secs(4));
        second.set(after(7));
        assert!(rung(&mut second).await >= Duration::from_secs(7));
    }
}
