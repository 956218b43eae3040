//! What the shared limits have to say about themselves.

use super::store::Grant;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counters, written where things happen.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    granted: AtomicU64,
    returned: AtomicU64,
    wasted: AtomicU64,
    overshoot: AtomicU64,
    exchanges: AtomicU64,
    failures: AtomicU64,
    outages: AtomicU64,
    alone: AtomicU64,
}

/// The counters and the state of the store at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreStatus {
    /// The store answers.
    pub up: bool,
    /// Nodes that live, as last heard; as configured before the store has answered once.
    pub nodes: u32,
    /// Cells taken from the store. One cell is one call.
    pub granted: u64,
    /// Cells given back, because nobody came to spend them.
    pub returned: u64,
    /// Cells that nobody gave back in time: of nodes that died or could not reach the store. This node is the one that came
    /// across them.
    pub wasted: u64,
    /// Calls admitted beyond a limit, as far as the store has learned. Counts only what nodes admitted by themselves during
    /// an outage; 0 while the store was always there.
    pub overshoot: u64,
    /// Exchanges with the store.
    pub exchanges: u64,
    /// Exchanges that failed.
    pub failures: u64,
    /// Times the store was lost.
    pub outages: u64,
    /// Calls decided by a policy's `on_store_failure`.
    pub decided_alone: u64,
}

impl Numbers {
    pub(crate) fn exchanged(&self, grant: &Grant) {
        add(&self.exchanges, 1);
        add(&self.granted, u64::from(grant.cells));
        // Most answers have nothing to say here.
        for (number, more) in [
            (&self.returned, grant.returned),
            (&self.wasted, grant.wasted),
            (&self.overshoot, grant.overshoot),
        ] {
            if more > 0 {
                add(number, more);
            }
        }
    }

    pub(crate) fn failed(&self) {
        add(&self.failures, 1);
    }

    pub(crate) fn lost_the_store(&self) {
        add(&self.outages, 1);
    }

    pub(crate) fn decided_alone(&self) {
        add(&self.alone, 1);
    }

    pub(crate) fn status(&self, up: bool, nodes: u32) -> StoreStatus {
        let read = |number: &AtomicU64| number.load(Ordering::Relaxed);
        StoreStatus {
            up,
            nodes,
            granted: read(&self.granted),
            returned: read(&self.returned),
            wasted: read(&self.wasted),
            overshoot: read(&self.overshoot),
            exchanges: read(&self.exchanges),
            failures: read(&self.failures),
            outages: read(&self.outages),
            decided_alone: read(&self.alone),
        }
    }
}

fn add(number: &AtomicU64, more: u64) {
    number.fetch_add(more, Ordering::Relaxed);
}
