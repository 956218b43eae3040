//! How a node keeps up with the registry: notes as a hint, the version as the truth, the new picture built off the path.
//!
//! The last picture that was served is kept on disk. A node that starts without its database serves that; one whose database
//! goes away goes on serving what it has.

mod cache;
mod chores;
mod picture;
mod status;

pub use cache::Cache;
pub use picture::{Documented, Picture};
pub use status::{Source, Status};

use self::chores::{Chores, Times, Work};
use crate::store::{self, CHANNEL, Retention, Store, Usage};
use database::Listener;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How often the version is asked for, whatever is heard.
const POLL: Duration = Duration::from_millis(250);

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
        let mut to_keep = self.status.source() == Source::Database;
        let chores = Chores::of(&self);
        chores.report().await;
        let (mut times, mut work) = (Times::new(), Work::AtRest(Box::new(chores)));
        let mut unreported = false;
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
            unreported |= changed;
            let Some(chores) = work.at_rest().await else { continue };
            let Some(due) = times.due(unreported, Some(&self.picture).filter(|_| to_keep)) else {
                continue;
            };
            chores.gather(serve.uses(), serve.usage());
            to_keep &= due.keep.is_none();
            unreported = false;
            work = work.begin(due);
        }
        if let Some(mut chores) = work.ended().await {
            if to_keep {
                chores.keep(Arc::clone(&self.picture)).await;
            }
            chores.gather(serve.uses(), serve.usage());
            chores.count().await;
        }
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
