//! What is kept, found by a digest that holds nobody's name, and who is asking for it just now.

use super::rules::directive;
use crate::call::Facts;
use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use http::{HeaderValue, header, request, response};
use http_cache_semantics::CachePolicy;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::Semaphore;

/// Answers to one address for different request headers (`Vary`): more push the oldest out.
const MOST_VARIANTS: usize = 16;
/// Addresses for which is remembered that they were changed, or that their answers are not for keeping.
const MOST_NOTES: usize = 100_000;
/// How long it is remembered that an answer was not for keeping: nobody waits for another's call then.
const UNKEPT_FOR: Duration = Duration::from_secs(10);
/// What an answer costs beside its body and header fields.
const OVERHEAD: u64 = 1_000;

/// Where an answer is kept: its address, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Place {
    whole: [u8; 32],
    address: [u8; 32],
}

impl Place {
    pub(super) fn of(head: &request::Parts, facts: &Facts) -> Self {
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        let api = facts.api().map_or("", |api| &api.id);
        let address = digest(&[api.as_bytes(), target.as_bytes()]);
        let whole = match &facts.consumer {
            None => digest(&[&address]),
            Some(consumer) => {
                let application = &facts.plan.snapshot.application(consumer.application).id;
                let person = consumer.subject.as_deref().unwrap_or_default();
                let mut parts: Vec<&[u8]> = vec![&address, application.as_bytes(), person.as_bytes()];
                parts.extend(
                    consumer
                        .scopes
                        .iter()
                        .flat_map(|scopes| scopes.iter())
                        .map(|scope| scope.as_bytes()),
                );
                digest(&parts)
            }
        };
        Self { whole, address }
    }
}

fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut whole = [0; 32];
    whole.copy_from_slice(context.finish().as_ref());
    whole
}

/// One answer.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) policy: CachePolicy,
    head: response::Parts,
    view: request::Parts,
    pub(super) body: Bytes,
    /// When it was asked for: a change that ended later has made it old.
    asked: SystemTime,
    fresh_until: SystemTime,
    while_revalidated: Duration,
    if_error: Duration,
}

impl Entry {
    pub(super) fn new(
        policy: CachePolicy,
        view: &request::Parts,
        head: response::Parts,
        body: Bytes,
        asked: SystemTime,
    ) -> Self {
        let now = SystemTime::now();
        let never_stale = ["must-revalidate", "proxy-revalidate", "no-cache", "s-maxage"]
            .iter()
            .any(|name| directive(&head.headers, name).is_some());
        let stale = |name| match directive(&head.headers, name) {
            Some(Some(time)) if !never_stale => time,
            _ => Duration::ZERO,
        };
        Self {
            fresh_until: now + policy.time_to_live(now),
            while_revalidated: stale("stale-while-revalidate"),
            if_error: stale("stale-if-error"),
            policy,
            view: view.clone(),
            head,
            body,
            asked,
        }
    }

    /// Seconds that it is still fresh.
    pub(super) fn ttl(&self, now: SystemTime) -> i64 {
        let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        match self.fresh_until.duration_since(now) {
            Ok(left) => seconds(left),
            Err(over) => -seconds(over.duration()),
        }
    }

    fn is_within(&self, allowed: Duration, now: SystemTime) -> bool {
        !allowed.is_zero() && now < self.fresh_until + allowed
    }

    pub(super) fn may_be_stale_while_revalidated(&self, now: SystemTime) -> bool {
        self.is_within(self.while_revalidated, now)
    }

    pub(super) fn may_be_stale_if_error(&self, now: SystemTime) -> bool {
        self.is_within(self.if_error, now)
    }

    /// The head of an answer that is given although it is stale.
    pub(super) fn stale_head(&self, now: SystemTime) -> response::Parts {
        let mut head = self.head.clone();
        head.headers
            .insert(header::AGE, HeaderValue::from(self.policy.age(now).as_secs()));
        head
    }

    fn bytes(&self) -> u64 {
        let fields: usize = self
            .head
            .headers
            .iter()
            .chain(&self.view.headers)
            .map(|(name, value)| name.as_str().len() + value.len())
            .sum();
        // The policy has all these fields too.
        self.body.len() as u64 + 3 * fields as u64 + OVERHEAD
    }
}

type Entries = Arc<Vec<Arc<Entry>>>;

#[derive(Debug, Clone)]
struct Bytewise;

impl Weighter<[u8; 32], Entries> for Bytewise {
    fn weight(&self, _: &[u8; 32], entries: &Entries) -> u64 {
        entries.iter().map(|entry| entry.bytes()).sum::<u64>().max(1)
    }
}

/// The cache of a node.
pub struct Store {
    kept: Cache<[u8; 32], Entries, Bytewise>,
    changed: Cache<[u8; 32], SystemTime>,
    unkept: Cache<[u8; 32], Instant>,
    asking: Mutex<HashMap<[u8; 32], Arc<Semaphore>>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Store").finish_non_exhaustive()
    }
}

/// Who asks the backend.
pub(super) enum Turn {
    /// This caller; others wait until it is dropped.
    Mine(Asking),
    /// Another one: the semaphore closes when it has its answer.
    Wait(Arc<Semaphore>),
    /// Everybody: answers of this address are not for keeping.
    Free,
}

impl Store {
    pub(crate) fn new(bytes: u64) -> Self {
        Self {
            // An estimate of how many there are; the bytes are the cap.
            kept: Cache::with_weighter(usize::try_from(bytes / 8_192).unwrap_or(1024).max(64), bytes, Bytewise),
            changed: Cache::new(MOST_NOTES),
            unkept: Cache::new(MOST_NOTES),
            asking: Mutex::default(),
        }
    }

    /// What is kept and not outdated.
    pub(super) fn find(&self, place: &Place) -> Entries {
        let entries = self.kept.get(&place.whole).unwrap_or_default();
        match self.changed.get(&place.address) {
            Some(changed) if entries.iter().any(|entry| entry.asked <= changed) => {
                Arc::new(entries.iter().filter(|entry| entry.asked > changed).cloned().collect())
            }
            _ => entries,
        }
    }

    /// Keeps an answer beside those for other request headers.
    pub(super) fn put(&self, place: &Place, entry: Entry) {
        let now = SystemTime::now();
        let mut entries: Vec<Arc<Entry>> = self.find(place).iter().cloned().collect();
        // The one that it takes the place of is the one that its own request would have found.
        entries.retain(|other| {
            !matches!(
                other.policy.before_request(&entry.view, now),
                http_cache_semantics::BeforeRequest::Fresh(_)
                    | http_cache_semantics::BeforeRequest::Stale { matches: true, .. }
            )
        });
        if entries.len() >= MOST_VARIANTS {
            entries.remove(0);
        }
        entries.push(Arc::new(entry));
        self.unkept.remove(&place.whole);
        self.kept.insert(place.whole, Arc::new(entries));
    }

    /// What is kept of this address, for whomever, is old.
    pub(super) fn invalidate(&self, place: &Place) {
        self.changed.insert(place.address, SystemTime::now());
    }

    /// An answer was not for keeping.
    pub(super) fn note_unkept(&self, place: &Place) {
        self.unkept.insert(place.whole, Instant::now());
    }

    /// Who is to ask the backend.
    pub(super) fn turn(self: &Arc<Self>, place: &Place) -> Turn {
        if self
            .unkept
            .get(&place.whole)
            .is_some_and(|noted| noted.elapsed() < UNKEPT_FOR)
        {
            return Turn::Free;
        }
        let mut asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(done) = asking.get(&place.whole) {
            return Turn::Wait(Arc::clone(done));
        }
        asking.insert(place.whole, Arc::new(Semaphore::new(0)));
        Turn::Mine(Asking {
            store: Arc::clone(self),
            place: place.whole,
        })
    }
}

/// Those who wait go on when it is dropped.
pub(super) struct Asking {
    store: Arc<Store>,
    place: [u8; 32],
}

impl Drop for Asking {
    fn drop(&mut self) {
        let mut asking = self.store.asking.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(done) = asking.remove(&self.place) {
            done.close();
        }
    }
}
