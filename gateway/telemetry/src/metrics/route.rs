//! Counters of one route, one shard a thread, filled by atomics only.
//!
//! A shard is made at the first request that needs it, so a table of ten thousand routes of which a hundred are called
//! costs what a hundred cost.

use super::cells::{Cells, Totals, bucket};
use super::lock;
use super::status::class;
use crate::record::RequestRecord;
use http::Method;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex, OnceLock};
use std::time::{Duration, Instant, SystemTime};

/// How long the numbers of a route stay after the last snapshot that had it: long enough for every scraper.
const LINGER: Duration = Duration::from_secs(600);

/// One a worker thread. Asked for once: the answer comes out of several system files.
static SHARDS: LazyLock<usize> = LazyLock::new(|| std::thread::available_parallelism().map_or(1, usize::from).min(64));

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
        let shards = (0..*SHARDS).map(|_| OnceLock::new()).collect();
        Self {
            block: Arc::new(Block {
                shards,
                exemplars: Mutex::default(),
            }),
        }
    }

    pub(super) fn count(&self, shard: usize, record: &RequestRecord, duration: Duration, kept: bool) {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let (class, bucket) = (class(record.status), bucket(nanoseconds));
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
