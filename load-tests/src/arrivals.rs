//! The queue between the schedule and the connections: a due request goes to whichever connection is free first.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Instant;

/// Requests that are due and not yet taken, and the connections that wait for one.
///
/// One thread uses it, so its lock is never contended; it is a lock and no cell only because tasks must be `Send`.
#[derive(Default)]
pub(crate) struct Arrivals {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    due: VecDeque<Instant>,
    waiting: Vec<Waker>,
    closed: bool,
}

impl Arrivals {
    /// A request is due; `intended` is the time it was meant for.
    pub(crate) fn push(&self, intended: Instant) {
        let mut inner = self.lock();
        inner.due.push_back(intended);
        if let Some(connection) = inner.waiting.pop() {
            connection.wake();
        }
    }

    /// No more requests come; those that are due are still given out.
    pub(crate) fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        inner.waiting.drain(..).for_each(Waker::wake);
    }

    /// The next due request, as soon as there is one; `None` after the last.
    pub(crate) async fn take(&self) -> Option<Instant> {
        poll_fn(|context| {
            let mut inner = self.lock();
            match inner.due.pop_front() {
                Some(intended) => Poll::Ready(Some(intended)),
                None if inner.closed => Poll::Ready(None),
                None => {
                    inner.waiting.push(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// How many are due that nobody took.
    pub(crate) fn left(&self) -> u64 {
        self.lock().due.len() as u64
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn due_requests_are_given_out_in_order_and_to_the_last_one() {
        let arrivals = Arrivals::default();
        let times = [Instant::now(), Instant::now(), Instant::now()];
        times.into_iter().for_each(|time| arrivals.push(time));
        arrivals.close();
        for time in times {
            assert_eq!(arrivals.take().await, Some(time));
        }
        assert_eq!(arrivals.take().await, None);
    }

    #[tokio::test]
    async fn a_waiting_connection_is_woken_for_a_request_and_at_the_end() {
        let arrivals = Arc::new(Arrivals::default());
        let waiting: Vec<_> = (0..2)
            .map(|_| {
                let arrivals = Arc::clone(&arrivals);
                tokio::spawn(async move { arrivals.take().await })
            })
            .collect();
        // Let both reach the queue before anything is due.
        tokio::task::yield_now().await;
        arrivals.push(Instant::now());
        arrivals.close();
        let mut taken = 0;
        for task in waiting {
            taken += usize::from(task.await.unwrap().is_some());
        }
        assert_eq!(taken, 1);
    }
}
