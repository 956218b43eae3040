//! Counters of one route, one shard a thread, filled by atomics only.
//!
//! A shard is made at the first request that needs it, so a table of ten thousand routes of which a hundred are called
//! costs what a hundred cost.

use super::lock;
use super::status::{CLASSES, SLOTS, class, slot};
use crate::record::RequestRecord;
use http::Method;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant, SystemTime};

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

/// How long the numbers of a route stay after the last snapshot that had it: long enough for every scraper.
const LINGER: Duration = Duration::from_secs(600);

/// Counters of one route, resolved ahead of the requests that use it. Cheap to clone.
#[derive(Clone)]
pub struct RouteMetrics {
    block: Arc<Block>,
}

/// The table of all routes ever resolved, and the blocks of requests that matched none.
pub(super) struct Routes {
    blocks: Mutex<BTreeMap<Labels, Entry>>,
    unmatched: HashMap<Method, RouteMetrics>,
    unmatched_other: RouteMetrics,
}

struct Entry {
    block: Arc<Block>,
    unused_since: Option<Instant>,
}

/// Labels shared by every series of a route.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Labels {
    pub(super) api: String,
    pub(super) route: String,
    pub(super) method: String,
}

pub(super) struct Block {
    shards: Box<[OnceLock<Box<Cells>>]>,
    exemplars: Mutex<HashMap<(usize, usize), Exemplar>>,
}

/// The trace behind one observation.
#[derive(Clone, Copy)]
pub(super) struct Exemplar {
    pub(super) trace_id: [u8; 16],
    pub(super) seconds: f64,
    pub(super) at: SystemTime,
}

#[derive(Default)]
struct Class {
    nanoseconds: AtomicU64,
    buckets: [AtomicU64; BUCKETS],
}

struct Cells {
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

/// Methods that may be labels (RFC 9110 and RFC 5789); any other is `_OTHER`, as in the OpenTelemetry conventions.
pub(crate) fn known_method(method: &Method) -> Option<&'static str> {
    Some(match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        Method::TRACE => "TRACE",
        Method::CONNECT => "CONNECT",
        _ => return None,
    })
}

// === impl RouteMetrics ===

impl RouteMetrics {
    fn new() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(64);
        let shards = (0..threads).map(|_| OnceLock::new()).collect();
        Self {
            block: Arc::new(Block {
                shards,
                exemplars: Mutex::default(),
            }),
        }
    }

    pub(super) fn count(&self, shard: usize, record: &RequestRecord, duration: Duration, kept: bool) {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let bucket = BOUNDS
            .iter()
            .position(|(bound, _)| nanoseconds <= *bound)
            .unwrap_or(BOUNDS.len());
        let class = class(record.status);
        if let Some(cells) = self.block.cells(shard) {
            cells.count(record, class, bucket, nanoseconds);
        }
        if kept {
            let exemplar = Exemplar {
                trace_id: record.trace.trace_id,
                seconds: duration.as_secs_f64(),
                at: record.started_at,
            };
            // Somebody else is at it: one example is as good as another.
            if let Ok(mut exemplars) = self.block.exemplars.try_lock() {
                exemplars.insert((class, bucket), exemplar);
            }
        }
    }
}

impl std::fmt::Debug for RouteMetrics {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("RouteMetrics").finish_non_exhaustive()
    }
}

// === impl Routes ===

impl Routes {
    pub(super) fn new() -> Self {
        let routes = Self {
            blocks: Mutex::default(),
            unmatched: HashMap::new(),
            unmatched_other: RouteMetrics::new(),
        };
        let unmatched = |name: &str| {
            let labels = Labels {
                api: "unmatched".to_owned(),
                route: "unmatched".to_owned(),
                method: name.to_owned(),
            };
            routes.insert(labels)
        };
        let known = [
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::PUT,
            Method::DELETE,
            Method::OPTIONS,
            Method::PATCH,
            Method::TRACE,
            Method::CONNECT,
        ];
        let by_method = known
            .into_iter()
            .map(|method| {
                let metrics = unmatched(method.as_str());
                (method, metrics)
            })
            .collect();
        let other = unmatched("_OTHER");
        Self {
            unmatched: by_method,
            unmatched_other: other,
            ..routes
        }
    }

    pub(super) fn unmatched(&self, method: &Method) -> &RouteMetrics {
        self.unmatched.get(method).unwrap_or(&self.unmatched_other)
    }

    /// The block with these labels, the same one for every snapshot.
    pub(super) fn resolve(&self, api: Option<&str>, template: &str, method: Option<&Method>) -> RouteMetrics {
        let method = method.map_or("_ANY", |method| known_method(method).unwrap_or("_OTHER"));
        let labels = Labels {
            api: api.unwrap_or("gateway").to_owned(),
            route: template.to_owned(),
            method: method.to_owned(),
        };
        self.insert(labels)
    }

    fn insert(&self, labels: Labels) -> RouteMetrics {
        let mut blocks = lock(&self.blocks);
        let entry = blocks.entry(labels).or_insert_with(|| Entry {
            block: RouteMetrics::new().block,
            unused_since: None,
        });
        entry.unused_since = None;
        RouteMetrics {
            block: Arc::clone(&entry.block),
        }
    }

    /// Every block in label order. Routes that no snapshot has any more are forgotten after a while.
    pub(super) fn read(&self) -> Vec<(Labels, Arc<Block>)> {
        let mut blocks = lock(&self.blocks);
        blocks.retain(|_, entry| {
            if Arc::strong_count(&entry.block) > 1 {
                entry.unused_since = None;
            }
            let unused = Arc::strong_count(&entry.block) == 1;
            !unused || entry.unused_since.get_or_insert_with(Instant::now).elapsed() < LINGER
        });
        blocks
            .iter()
            .map(|(labels, entry)| (labels.clone(), Arc::clone(&entry.block)))
            .collect()
    }
}

// === impl Block ===

impl Block {
    fn cells(&self, shard: usize) -> Option<&Cells> {
        let place = self.shards.get(shard % self.shards.len().max(1))?;
        Some(place.get_or_init(|| Box::new(Cells::new())))
    }

    /// The sum of all shards; `None` when the route was never called.
    pub(super) fn totals(&self) -> Option<Totals> {
        let mut shards = self.shards.iter().filter_map(OnceLock::get).peekable();
        shards.peek()?;
        let mut totals = Totals::zero();
        shards.for_each(|cells| totals.add(cells));
        Some(totals)
    }

    pub(super) fn exemplar(&self, class: usize, bucket: usize) -> Option<Exemplar> {
        lock(&self.exemplars).get(&(class, bucket)).copied()
    }
}

// === impl Cells ===

impl Cells {
    fn new() -> Self {
        Self {
            status: std::array::from_fn(|_| AtomicU64::new(0)),
            classes: Default::default(),
            request_bytes: AtomicU64::new(0),
            response_bytes: AtomicU64::new(0),
        }
    }

    fn count(&self, record: &RequestRecord, class: usize, bucket: usize, nanoseconds: u64) {
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
    fn zero() -> Self {
        Self {
            status: [0; SLOTS],
            nanoseconds: [0; CLASSES.len()],
            buckets: [[0; BUCKETS]; CLASSES.len()],
            request_bytes: 0,
            response_bytes: 0,
        }
    }

    fn add(&mut self, cells: &Cells) {
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
