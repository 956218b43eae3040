//! The counters themselves: what one thread has counted of one route, and the sum over threads.

use super::status::{CLASSES, SLOTS, slot};
use crate::record::RequestRecord;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Upper bounds in nanoseconds, and as Prometheus writes them in seconds. Below 5 ms finer than the OpenTelemetry advice,
/// because a gateway's own answers are there.
pub(super) const BOUNDS: [(u64, &str); 15] = [
    (500_000, "0.0005"),
    (1_000_000, "0.001"),
    (2_500_000, "0.0025"),
    (5_000_000, "0.005"),
    (10_000_000, "0.01"),
    (25_000_000, "0.025"),
    (50_000_000, "0.05"),
    (100_000_000, "0.1"),
    (250_000_000, "0.25"),
    (500_000_000, "0.5"),
    (1_000_000_000, "1.0"),
    (2_500_000_000, "2.5"),
    (5_000_000_000, "5.0"),
    (10_000_000_000, "10.0"),
    (30_000_000_000, "30.0"),
];

/// One bucket more than bounds: `+Inf`.
pub(super) const BUCKETS: usize = BOUNDS.len() + 1;

/// Durations of one status class.
#[derive(Default)]
struct Class {
    nanoseconds: AtomicU64,
    buckets: [AtomicU64; BUCKETS],
}

/// What one thread has counted of one route.
pub(super) struct Cells {
    status: [AtomicU64; SLOTS],
    classes: [Class; CLASSES.len()],
    request_bytes: AtomicU64,
    response_bytes: AtomicU64,
}

/// All shards of a block added up.
pub(super) struct Totals {
    pub(super) status: [u64; SLOTS],
    pub(super) nanoseconds: [u64; CLASSES.len()],
    pub(super) buckets: [[u64; BUCKETS]; CLASSES.len()],
    pub(super) request_bytes: u64,
    pub(super) response_bytes: u64,
}

/// The place of the bucket a duration falls into.
pub(super) fn bucket(nanoseconds: u64) -> usize {
    BOUNDS
        .iter()
        .position(|(bound, _)| nanoseconds <= *bound)
        .unwrap_or(BOUNDS.len())
}

// === impl Cells ===

impl Cells {
    pub(super) fn new() -> Self {
        Self {
            status: std::array::from_fn(|_| AtomicU64::new(0)),
            classes: Default::default(),
            request_bytes: AtomicU64::new(0),
            response_bytes: AtomicU64::new(0),
        }
    }

    pub(super) fn count(&self, record: &RequestRecord, class: usize, bucket: usize, nanoseconds: u64) {
        let add = |counter: Option<&AtomicU64>, amount| counter.map(|counter| counter.fetch_add(amount, Relaxed));
        add(self.status.get(slot(record.status)), 1);
        if let Some(class) = self.classes.get(class) {
            add(class.buckets.get(bucket), 1);
            add(Some(&class.nanoseconds), nanoseconds);
        }
        if record.request_bytes > 0 {
            add(Some(&self.request_bytes), record.request_bytes);
        }
        if record.response_bytes > 0 {
            add(Some(&self.response_bytes), record.response_bytes);
        }
    }
}

// === impl Totals ===

impl Totals {
    pub(super) fn zero() -> Self {
        Self {
            status: [0; SLOTS],
            nanoseconds: [0; CLASSES.len()],
            buckets: [[0; BUCKETS]; CLASSES.len()],
            request_bytes: 0,
            response_bytes: 0,
        }
    }

    pub(super) fn add(&mut self, cells: &Cells) {
        self.status
            .iter_mut()
            .zip(&cells.status)
            .for_each(|(total, cell)| *total += cell.load(Relaxed));
        self.nanoseconds
            .iter_mut()
            .zip(&cells.classes)
            .for_each(|(total, class)| *total += class.nanoseconds.load(Relaxed));
        for (totals, class) in self.buckets.iter_mut().zip(&cells.classes) {
            totals
                .iter_mut()
                .zip(&class.buckets)
                .for_each(|(total, cell)| *total += cell.load(Relaxed));
        }
        self.request_bytes += cells.request_bytes.load(Relaxed);
        self.response_bytes += cells.response_bytes.load(Relaxed);
    }
}
