//! What each thread keeps to itself, so that threads never wait for each other: its shard of the counters, its count of
//! active requests, its access-log buffer and its clock text.

use crate::access_log::{Clock, LineBuffer};
use crate::telemetry::Inner;
use crate::usage::{Table, UsageCounter};
use std::cell::RefCell;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, Weak};

thread_local! {
    /// One entry for each live `Telemetry` used on this thread: one in a gateway, several in tests.
    static LOCALS: RefCell<Vec<Local>> = const { RefCell::new(Vec::new()) };
}

/// One thread's part of one `Telemetry`.
pub(crate) struct Local {
    owner: Weak<Inner>,
    /// Which shard of the counters this thread writes.
    pub(crate) shard: usize,
    active: Arc<AtomicI64>,
    /// Lines on their way to the writer; `None` when there is no access log.
    pub(crate) lines: Option<Arc<LineBuffer>>,
    /// Its table of usage; `None` when that is not counted.
    pub(crate) usage: Option<Arc<Mutex<Table>>>,
    /// The second last written, as text.
    pub(crate) clock: Clock,
}

/// One active request, counted until dropped, on the counter of the thread where it began.
#[derive(Debug)]
pub(crate) struct ActiveRequest(Arc<AtomicI64>);

/// Runs `work` with this thread's part of `inner`, making it at first use. It is taken out meanwhile, so that nothing can
/// meet it borrowed, and a thread that is ending still gets one.
pub(crate) fn with<R>(inner: &Arc<Inner>, work: impl FnOnce(&mut Local) -> R) -> R {
    let mut local = take(inner).unwrap_or_else(|| Local::new(inner));
    let result = work(&mut local);
    // Fails only while the thread is ending; then the part ends with it.
    let _ = LOCALS.try_with(|locals| locals.borrow_mut().push(local));
    result
}

fn take(inner: &Arc<Inner>) -> Option<Local> {
    let taken = LOCALS.try_with(|locals| {
        let mut locals = locals.borrow_mut();
        let place = locals
            .iter()
            .position(|local| std::ptr::eq(local.owner.as_ptr(), Arc::as_ptr(inner)));
        if place.is_none() {
            locals.retain(|local| local.owner.strong_count() > 0);
        }
        place.map(|place| locals.swap_remove(place))
    });
    taken.ok().flatten()
}

// === impl Local ===

impl Local {
    fn new(inner: &Arc<Inner>) -> Self {
        Self {
            owner: Arc::downgrade(inner),
            shard: inner.metrics.next_shard(),
            active: inner.metrics.new_active_counter(),
            lines: inner.access_log.as_ref().map(crate::access_log::Handle::new_buffer),
            usage: inner.usage.as_ref().map(UsageCounter::new_table),
            clock: Clock::default(),
        }
    }

    pub(crate) fn begin_request(&self) -> ActiveRequest {
        self.active.fetch_add(1, Ordering::Relaxed);
        ActiveRequest(Arc::clone(&self.active))
    }
}

// === impl ActiveRequest ===

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
