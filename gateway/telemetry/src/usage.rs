//! What each application's calls to each API came to, for those who run and those who call the API.
//!
//! Each thread counts in a table of its own, behind a lock that only the collector ever contends for, a few times a minute.

use crate::record::RequestRecord;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds of the latency classes, in milliseconds; what took longer is in none of them.
pub const USAGE_BOUNDS_MS: [u32; 6] = [10, 50, 100, 500, 1_000, 5_000];
/// Pairs of application and API that a thread counts between two collections; more are not counted.
const MOST: usize = 100_000;

/// Where calls are counted. Cheap to clone; all clones are one.
#[derive(Debug, Clone, Default)]
pub struct UsageCounter {
    tables: Arc<Mutex<Vec<Arc<Mutex<Table>>>>>,
}

/// One thread's table.
#[derive(Debug, Default)]
pub(crate) struct Table {
    places: HashMap<(Arc<str>, Arc<str>), usize>,
    used: Vec<Usage>,
    /// Callers tend to come back to the same thread: no hash is made for the pair that was counted last.
    last: usize,
}

/// The calls of one application to one API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// The application.
    pub application: Arc<str>,
    /// The API.
    pub api: Arc<str>,
    /// All calls.
    pub calls: u64,
    /// Answered 4xx, without the next.
    pub client_errors: u64,
    /// Answered 429.
    pub limited: u64,
    /// Answered 5xx.
    pub server_errors: u64,
    /// Time of all calls together.
    pub microseconds: u64,
    /// Calls by latency: up to each of [`USAGE_BOUNDS_MS`] and beyond the one before.
    pub within: [u64; USAGE_BOUNDS_MS.len()],
}

impl UsageCounter {
    /// A table for one thread.
    pub(crate) fn new_table(&self) -> Arc<Mutex<Table>> {
        let table = Arc::<Mutex<Table>>::default();
        lock(&self.tables).push(Arc::clone(&table));
        table
    }

    /// Takes what has been counted since it was last taken; the same pair may be there once for each thread.
    pub fn take(&self) -> Vec<Usage> {
        let mut tables = lock(&self.tables);
        let taken = tables
            .iter()
            .flat_map(|table| std::mem::take(&mut *lock(table)).used)
            .collect();
        // A thread that has ended counts no more.
        tables.retain(|table| Arc::strong_count(table) > 1);
        taken
    }
}

impl Table {
    /// Counts a finished call by a known application.
    pub(crate) fn count(&mut self, record: &RequestRecord, duration: Duration) {
        let (Some(application), Some(api)) = (&record.application, &record.api) else {
            return;
        };
        let same = |used: &Usage| Arc::ptr_eq(&used.application, application) && Arc::ptr_eq(&used.api, api);
        let place = match self.used.get(self.last) {
            Some(used) if same(used) => self.last,
            _ => match self.place(application, api) {
                Some(place) => place,
                None => return,
            },
        };
        self.last = place;
        let Some(used) = self.used.get_mut(place) else { return };
        used.calls += 1;
        match record.status {
            429 => used.limited += 1,
            400..=499 => used.client_errors += 1,
            500.. => used.server_errors += 1,
            _ => {}
        }
        let microseconds = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        used.microseconds = used.microseconds.saturating_add(microseconds);
        let bound = |bound: &u32| microseconds <= u64::from(*bound) * 1_000;
        let class = USAGE_BOUNDS_MS
            .iter()
            .position(bound)
            .and_then(|class| used.within.get_mut(class));
        if let Some(calls) = class {
            *calls += 1;
        }
    }

    fn place(&mut self, application: &Arc<str>, api: &Arc<str>) -> Option<usize> {
        let pair = (Arc::clone(application), Arc::clone(api));
        if let Some(place) = self.places.get(&pair) {
            return Some(*place);
        }
        if self.used.len() >= MOST {
            return None;
        }
        self.used.push(Usage {
            application: Arc::clone(application),
            api: Arc::clone(api),
            calls: 0,
            client_errors: 0,
            limited: 0,
            server_errors: 0,
            microseconds: 0,
            within: [0; USAGE_BOUNDS_MS.len()],
        });
        self.places.insert(pair, self.used.len() - 1);
        Some(self.used.len() - 1)
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
