//! What a node writes while it follows the registry: which version it serves, last uses of credentials, usage, and the last
//! picture on disk. Beside the watching, not in it: a database that takes its time over these holds no change up.

use super::{Cache, Picture, Status, Watch};
use crate::model::Moment;
use crate::store::{Retention, Store, Usage};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How often a node says which version it serves when nothing changes.
const REPORT: Duration = Duration::from_secs(5);
/// How often usage is told to the registry.
const COUNT: Duration = Duration::from_secs(2);
/// How often old usage is forgotten.
const FORGET: Duration = Duration::from_secs(3_600);
/// How often the picture is written to disk at most.
const KEEP: Duration = Duration::from_secs(2);

/// What is to be written, and what could not be so far.
#[derive(Debug)]
pub(super) struct Chores {
    store: Store,
    node: String,
    cache: Option<Cache>,
    status: Arc<Status>,
    retention: Retention,
    /// Last uses by credential (Unix seconds).
    uses: HashMap<String, i64>,
    /// Usage by application and API; sorted, so that nodes that add to the same rows do so in the same order.
    usage: BTreeMap<(String, String), Usage>,
}

/// When each was done last.
#[derive(Debug)]
pub(super) struct Times {
    report: Instant,
    count: Instant,
    keep: Instant,
    forget: Option<Instant>,
}

/// What is due.
#[derive(Debug, Default)]
pub(super) struct Due {
    report: bool,
    count: bool,
    forget: bool,
    /// The picture to write to disk.
    pub(super) keep: Option<Arc<Picture>>,
}

impl Times {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self {
            report: now,
            count: now,
            keep: now,
            forget: None,
        }
    }

    /// What is due now, and is taken for done. After a change the version is told at once; `to_keep` is the picture when the one
    /// on disk is older. `None`: nothing is due.
    pub(super) fn due(&mut self, changed: bool, to_keep: Option<&Arc<Picture>>) -> Option<Due> {
        let now = Instant::now();
        let passed = |last: Instant, time: Duration| now.duration_since(last) >= time;
        let due = Due {
            report: changed || passed(self.report, REPORT),
            count: passed(self.count, COUNT),
            forget: self.forget.is_none_or(|last| passed(last, FORGET)),
            keep: to_keep.filter(|_| passed(self.keep, KEEP)).cloned(),
        };
        if due.report {
            self.report = now;
        }
        if due.count {
            self.count = now;
        }
        if due.forget {
            self.forget = Some(now);
        }
        if due.keep.is_some() {
            self.keep = now;
        }
        (due.report || due.count || due.forget || due.keep.is_some()).then_some(due)
    }
}

/// The chores at rest, or under way, or ended by a panic.
pub(super) enum Work {
    AtRest(Box<Chores>),
    UnderWay(JoinHandle<Box<Chores>>),
    Over,
}

impl Work {
    /// The chores, when they are at rest.
    pub(super) async fn at_rest(&mut self) -> Option<&mut Box<Chores>> {
        if let Self::UnderWay(work) = self {
            if !work.is_finished() {
                return None;
            }
            *self = match work.await {
                Ok(chores) => Self::AtRest(chores),
                Err(error) => {
                    tracing::error!(%error, "this node tells the registry nothing any more; restart it");
                    Self::Over
                }
            };
        }
        match self {
            Self::AtRest(chores) => Some(chores),
            Self::UnderWay(_) | Self::Over => None,
        }
    }

    /// Does what is due, beside everything else. Only at rest.
    pub(super) fn begin(self, due: Due) -> Self {
        match self {
            Self::AtRest(mut chores) => Self::UnderWay(tokio::spawn(async move {
                chores.work(due).await;
                chores
            })),
            other => other,
        }
    }

    /// The chores, once they are at rest.
    pub(super) async fn ended(self) -> Option<Box<Chores>> {
        match self {
            Self::AtRest(chores) => Some(chores),
            Self::UnderWay(work) => work.await.ok(),
            Self::Over => None,
        }
    }
}

impl Chores {
    /// Those of a node that tells of nothing yet.
    pub(super) fn of(watch: &Watch) -> Self {
        Self {
            store: watch.store.clone(),
            node: watch.node.clone(),
            cache: watch.cache.clone(),
            status: Arc::clone(&watch.status),
            retention: watch.retention,
            uses: HashMap::new(),
            usage: BTreeMap::new(),
        }
    }

    /// Takes in what has been used and called since the last time.
    pub(super) fn gather(&mut self, uses: Vec<(String, i64)>, usage: Vec<Usage>) {
        for (credential, at) in uses {
            let last = self.uses.entry(credential).or_insert(at);
            *last = at.max(*last);
        }
        for one in usage {
            let pair = (one.application.clone(), one.api.clone());
            match self.usage.get_mut(&pair) {
                Some(known) => known.add(&one),
                None => {
                    self.usage.insert(pair, one);
                }
            }
        }
    }

    async fn work(&mut self, due: Due) {
        if due.report && self.report().await {
            self.note_uses().await;
        }
        if due.count {
            self.count().await;
        }
        if due.forget {
            self.forget().await;
        }
        if let Some(picture) = due.keep {
            self.keep(picture).await;
        }
    }

    /// Tells the registry which version this node serves.
    pub(super) async fn report(&self) -> bool {
        let left_out = i64::try_from(self.status.left_out()).unwrap_or(i64::MAX);
        let reported = self
            .store
            .report_node(&self.node, self.status.version(), left_out)
            .await;
        if let Err(error) = &reported {
            tracing::debug!(%error, "the registry was not told which version is served");
        }
        reported.is_ok()
    }

    async fn note_uses(&mut self) {
        let mut uses: Vec<(String, i64)> = self.uses.iter().map(|(id, at)| (id.clone(), *at)).collect();
        uses.sort_unstable();
        match self.store.note_uses(&uses).await {
            Ok(()) => self.uses.clear(),
            Err(error) => tracing::debug!(%error, "last uses of credentials are noted later"),
        }
    }

    /// Adds the calls since the last time to the registry's usage; what cannot be added now is added later.
    pub(super) async fn count(&mut self) {
        let usage: Vec<Usage> = self.usage.values().cloned().collect();
        match self.store.add_usage(&usage, Moment::now()).await {
            Ok(()) => self.usage.clear(),
            Err(error) => tracing::debug!(%error, "usage is counted later"),
        }
    }

    /// Takes out usage that is older than it is to be kept. Every node does; what is gone already is nobody's work.
    async fn forget(&self) {
        match self.store.forget_usage(self.retention, Moment::now()).await {
            Ok(0) => {}
            Ok(periods) => tracing::info!(periods, "old usage is forgotten"),
            Err(error) => tracing::debug!(%error, "old usage is forgotten later"),
        }
    }

    pub(super) async fn keep(&self, picture: Arc<Picture>) {
        let Some(cache) = self.cache.clone() else { return };
        let written = tokio::task::spawn_blocking(move || cache.write(&picture)).await;
        match written {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the registry is not kept on disk"),
            Err(error) => tracing::warn!(%error, "the registry is not kept on disk"),
        }
    }
}
