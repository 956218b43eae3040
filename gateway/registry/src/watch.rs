//! How a node keeps up with the registry: notes as a hint, the version as the truth, the new picture built off the path.
//!
//! The last picture that was served is kept on disk. A node that starts without its database serves that; one whose database
//! goes away goes on serving what it has.

mod cache;
mod picture;
mod status;

pub use cache::Cache;
pub use picture::{Documented, Picture};
pub use status::{Source, Status};

use crate::model::Moment;
use crate::store::{self, CHANNEL, Retention, Store, Usage};
use database::Listener;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How often the version is asked for, whatever is heard.
const POLL: Duration = Duration::from_millis(250);
/// How often a node says which version it serves when nothing changes.
const REPORT: Duration = Duration::from_secs(5);
/// How often usage is told to the registry.
const COUNT: Duration = Duration::from_secs(2);
/// How often old usage is forgotten.
const FORGET: Duration = Duration::from_secs(3_600);
/// How often the picture is written to disk at most.
const KEEP: Duration = Duration::from_secs(2);

/// Puts a picture in force. Called off the event loop.
pub trait Serve: Send + 'static {
    /// Serves the picture; gives what had to be left out of it.
    ///
    /// # Errors
    /// Why the picture as a whole cannot be served; what was served before stays.
    fn serve(&mut self, picture: &Picture) -> Result<Vec<crate::compile::LeftOut>, String>;

    /// Credentials that were used since this was last asked ([`crate::model::Credential::used_as`]), and when (Unix seconds).
    fn uses(&mut self) -> Vec<(String, i64)>;

    /// Calls since this was last asked.
    fn usage(&mut self) -> Vec<Usage>;
}

/// Keeps one node up to date.
#[derive(Debug)]
pub struct Watch {
    store: Store,
    node: String,
    cache: Option<Cache>,
    picture: Arc<Picture>,
    status: Arc<Status>,
    retention: Retention,
}

impl Watch {
    /// Reads the registry, from the database or else from what was kept of it.
    ///
    /// # Errors
    /// Neither can be read.
    pub async fn begin(store: Store, node: &str, cache: Option<Cache>) -> Result<Self, store::Error> {
        let status = Arc::<Status>::default();
        let mut picture = Picture::default();
        match picture.follow(&store).await {
            Ok(_) => {
                status.follows();
            }
            Err(error) => {
                let kept = cache.as_ref().and_then(|cache| match cache.read() {
                    Ok(kept) => kept,
                    Err(problem) => {
                        tracing::warn!(problem, "what was kept of the registry cannot be used");
                        None
                    }
                });
                let Some(kept) = kept else { return Err(error) };
                tracing::warn!(%error, version = kept.objects.version, "the registry's database is away: serving what was kept of it");
                picture = kept;
                status.lost();
            }
        }
        Ok(Self {
            store,
            node: node.to_owned(),
            cache,
            picture: Arc::new(picture),
            status,
            retention: Retention::default(),
        })
    }

    /// Keeps usage for so long.
    #[must_use]
    pub fn keeping_usage(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// What was read.
    pub fn picture(&self) -> &Picture {
        &self.picture
    }

    /// What the node may say of itself.
    pub fn status(&self) -> Arc<Status> {
        Arc::clone(&self.status)
    }

    /// Follows the registry until told to stop. `served` serves [`Watch::picture`] already.
    pub async fn run(mut self, mut serve: Box<dyn Serve>, stop: CancellationToken) {
        let mut clock = interval(POLL);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut listener: Option<Listener> = None;
        let (mut reported, mut kept) = (Instant::now(), Instant::now());
        let (mut used, mut uncounted) = (Instant::now(), HashMap::new());
        let mut forgotten: Option<Instant> = None;
        let mut to_keep = self.status.source() == Source::Database;
        self.report(self.status.left_out()).await;
        loop {
            if listener.is_none() && self.status.source() == Source::Database {
                listener = self
                    .store
                    .database()
                    .await
                    .ok()
                    .map(|database| database.listen(CHANNEL));
            }
            let note = async {
                match &mut listener {
                    Some(listener) => listener.heard().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => break,
                _ = note => {}
                _ = clock.tick() => {}
            }
            let changed = self.follow(&mut serve).await;
            to_keep |= changed;
            if changed || reported.elapsed() >= REPORT {
                reported = Instant::now();
                let uses = serve.uses();
                if self.report(self.status.left_out()).await
                    && let Err(error) = self.store.note_uses(&uses).await
                {
                    tracing::debug!(%error, "last uses of credentials are not noted");
                }
            }
            if used.elapsed() >= COUNT {
                used = Instant::now();
                self.count(&mut serve, &mut uncounted).await;
            }
            if forgotten.is_none_or(|last| last.elapsed() >= FORGET) {
                forgotten = Some(Instant::now());
                self.forget().await;
            }
            if to_keep && kept.elapsed() >= KEEP {
                kept = Instant::now();
                to_keep = false;
                self.keep().await;
            }
        }
        if to_keep {
            self.keep().await;
        }
        self.count(&mut serve, &mut uncounted).await;
        if let Err(error) = self.store.forget_node(&self.node).await {
            tracing::debug!(%error, "the registry still counts this node");
        }
    }

    /// Whether another picture is in force now.
    async fn follow(&mut self, serve: &mut Box<dyn Serve>) -> bool {
        let before = (self.picture.objects.epoch.clone(), self.picture.objects.version);
        let head = match self.store.head().await {
            Ok(head) => head,
            Err(error) => {
                if self.status.lost() {
                    tracing::warn!(%error, "the registry's database is away: serving what is known");
                }
                return false;
            }
        };
        if self.status.follows() {
            tracing::info!("the registry's database answers");
        }
        if (head.epoch.as_str(), head.sequence) == (before.0.as_str(), before.1) {
            return false;
        }
        let mut next = Picture::clone(&self.picture);
        if let Err(error) = next.follow(&self.store).await {
            tracing::warn!(%error, "the registry's change could not be read");
            return false;
        }
        let next = Arc::new(next);
        self.put_in_force(next, serve).await
    }

    async fn put_in_force(&mut self, next: Arc<Picture>, serve: &mut Box<dyn Serve>) -> bool {
        let began = Instant::now();
        let work = (Arc::clone(&next), std::mem::replace(serve, Box::new(Nothing)));
        let done = tokio::task::spawn_blocking(move || {
            let (picture, mut serve) = work;
            let served = serve.serve(&picture);
            (serve, served)
        })
        .await;
        let served = match done {
            Ok((worker, served)) => {
                *serve = worker;
                served
            }
            Err(error) => Err(error.to_string()),
        };
        // Whatever became of it, this version has been looked at: it is not tried again until the next change.
        self.picture = next;
        match served {
            Ok(left_out) => {
                let version = self.picture.objects.version;
                tracing::info!(
                    version,
                    left_out = left_out.len(),
                    elapsed_ms = began.elapsed().as_millis(),
                    "registry in force"
                );
                for one in &left_out {
                    tracing::error!(
                        kind = one.kind,
                        id = one.id,
                        reason = one.reason,
                        "left out of what is served"
                    );
                }
                self.status.serves(version, left_out.len());
                true
            }
            Err(reason) => {
                tracing::error!(
                    reason,
                    version = self.picture.objects.version,
                    "the registry cannot be served; the version before it stays"
                );
                self.status.refused();
                false
            }
        }
    }

    /// Adds the calls since the last time to the registry's usage; what cannot be added now is added later.
    async fn count(&self, serve: &mut Box<dyn Serve>, uncounted: &mut HashMap<(String, String), Usage>) {
        for one in serve.usage() {
            let pair = (one.application.clone(), one.api.clone());
            match uncounted.entry(pair) {
                Entry::Occupied(mut known) => known.get_mut().add(&one),
                Entry::Vacant(place) => {
                    place.insert(one);
                }
            }
        }
        let usage: Vec<Usage> = uncounted.values().cloned().collect();
        match self.store.add_usage(&usage, Moment::now()).await {
            Ok(()) => uncounted.clear(),
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

    async fn report(&self, left_out: usize) -> bool {
        let left_out = i64::try_from(left_out).unwrap_or(i64::MAX);
        let reported = self
            .store
            .report_node(&self.node, self.status.version(), left_out)
            .await;
        if let Err(error) = &reported {
            tracing::debug!(%error, "the registry was not told which version is served");
        }
        reported.is_ok()
    }

    async fn keep(&self) {
        let Some(cache) = self.cache.clone() else { return };
        let picture = Arc::clone(&self.picture);
        let written = tokio::task::spawn_blocking(move || cache.write(&picture)).await;
        match written {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the registry is not kept on disk"),
            Err(error) => tracing::warn!(%error, "the registry is not kept on disk"),
        }
    }
}

/// Stands in while the real one works.
struct Nothing;

impl Serve for Nothing {
    fn serve(&mut self, _: &Picture) -> Result<Vec<crate::compile::LeftOut>, String> {
        Err("the thread that builds snapshots has panicked; restart the node".to_owned())
    }

    fn uses(&mut self) -> Vec<(String, i64)> {
        Vec::new()
    }

    fn usage(&mut self) -> Vec<Usage> {
        Vec::new()
    }
}
