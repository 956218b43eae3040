//! One issuer's keys over time: fresh, stale, gone; fetched once however many ask.
//!
//! A set is *fresh* until its age is up, then *stale*: still used while a fetch runs beside. If nobody has asked for
//! long, the fetch comes first. While the source is down the last set is used until [`Issuer::stale_for`] is over; after
//! that, and before there ever was one, keys are unavailable.

use super::error::VerifierError;
use super::fetch::{FetchError, Fetched, Fetcher, read_file};
use super::issuer::{Issuer, KeySource};
use super::keys::KeySet;
use arc_swap::{ArcSwapOption, Guard};
use quick_cache::sync::Cache;
use std::error::Error;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::Instant;

/// Absent key ids remembered per issuer.
const ABSENT_CAPACITY: usize = 1000;

/// Shorter times are taken as this, so that upkeep never runs in circles.
const SHORTEST: Duration = Duration::from_millis(1);

/// Longer times are taken as this, so that no sum of times overflows.
const LONGEST: Duration = Duration::from_secs(365 * 86_400);

/// A set in use.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) keys: KeySet,
    /// Changes when the keys do: what was verified under another number must be verified again.
    pub(crate) generation: u64,
    fresh_until: Instant,
    /// Until then a fetch runs beside; afterwards it comes first.
    revalidate_until: Instant,
    usable_until: Instant,
}

/// The answer to "may keys be used now?".
pub(crate) enum Usable {
    /// These.
    Keys(Guard<Option<Arc<Held>>>),
    /// Not before a fetch.
    AfterFetch,
    /// No, and a fetch would come too soon after the last failure.
    Unavailable(Duration),
}

/// Why a fetch is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The keys' age.
    Age,
    /// A token names a key that is not in the set.
    UnknownKey,
}

/// The keys of one issuer.
#[derive(Debug)]
pub(crate) struct IssuerKeys {
    pub(crate) name: Arc<str>,
    settings: Issuer,
    fetcher: Fetcher,
    current: ArcSwapOption<Held>,
    flight: Mutex<Flight>,
    /// The number of fetches that have ended, well or badly.
    landings: watch::Sender<u64>,
    /// Hashes of key ids known not to be there, and until when that is believed.
    absent: Cache<u64, Instant>,
    seed: RandomState,
}

#[derive(Debug)]
struct Flight {
    running: bool,
    landings: u64,
    generation: u64,
    failures: u32,
    /// The last fetch failed by the network policy.
    forbidden: bool,
    /// After a failure, no attempt before this.
    not_before: Instant,
    /// No fetch for an unknown key before this.
    unknown_not_before: Instant,
}

impl IssuerKeys {
    /// Checks the settings; reads a key file at once.
    pub(crate) fn new(mut settings: Issuer) -> Result<Arc<Self>, VerifierError> {
        let now = Instant::now();
        if matches!(settings.keys, KeySource::Own) {
            (settings.max_age, settings.stale_for) = (LONGEST, LONGEST);
        }
        for time in [
            &mut settings.max_age,
            &mut settings.stale_for,
            &mut settings.refetch_interval,
            &mut settings.fetch_timeout,
        ] {
            *time = (*time).clamp(SHORTEST, LONGEST);
        }
        let keys = Arc::new(Self {
            name: settings.issuer.as_str().into(),
            fetcher: Fetcher::new(&settings)?,
            current: ArcSwapOption::empty(),
            flight: Mutex::new(Flight {
                running: false,
                landings: 0,
                generation: 0,
                failures: 0,
                forbidden: false,
                not_before: now,
                unknown_not_before: now,
            }),
            landings: watch::Sender::new(0),
            absent: Cache::new(ABSENT_CAPACITY),
            seed: RandomState::new(),
            settings,
        });
        if let KeySource::File(path) = &keys.settings.keys {
            let failed = |source| VerifierError::Keys {
                issuer: keys.settings.issuer.clone(),
                source,
            };
            keys.take(read_file(path).map_err(failed)?, &mut keys.flight());
        }
        Ok(keys)
    }

    /// Which keys may be used. `last` means that a fetch has just been waited for: there will be no other.
    pub(crate) fn usable(self: &Arc<Self>, now: Instant, last: bool) -> Usable {
        let current = self.current.load();
        match current.as_ref() {
            Some(held) if now < held.fresh_until => Usable::Keys(current),
            Some(held) if now < held.usable_until => {
                if last || now < held.revalidate_until || self.backing_off(now).is_some() {
                    self.begin(Cause::Age, None, now);
                    Usable::Keys(current)
                } else {
                    Usable::AfterFetch
                }
            }
            _ => match self.backing_off(now) {
                Some(wait) => Usable::Unavailable(wait),
                None if last => Usable::Unavailable(self.settings.fetch_timeout),
                None => Usable::AfterFetch,
            },
        }
    }

    /// Takes keys that this process has made; they hold until others are brought.
    pub(crate) fn bring(&self, keys: KeySet) {
        let fetched = Fetched {
            keys,
            max_age: Some(LONGEST),
        };
        self.take(fetched, &mut self.flight());
    }

    /// Whether it is worth fetching because of this key id: not if it was just seen to be absent, nor too often.
    pub(crate) fn may_seek(&self, key_id: &str, now: Instant) -> bool {
        if matches!(self.settings.keys, KeySource::Own) {
            return false;
        }
        if self
            .absent
            .get(&self.seed.hash_one(key_id))
            .is_some_and(|until| now < until)
        {
            return false;
        }
        let flight = self.flight();
        flight.running || (now >= flight.not_before && now >= flight.unknown_not_before)
    }

    /// If the last fetch failed: the time until the next attempt, at least a second.
    pub(crate) fn failing(&self, now: Instant) -> Option<Duration> {
        let flight = self.flight();
        (flight.failures > 0).then(|| {
            flight
                .not_before
                .saturating_duration_since(now)
                .max(Duration::from_secs(1))
        })
    }

    /// Whether the last fetch asked nobody, because the source's name leads to what the network policy forbids.
    pub(crate) fn forbidden(&self) -> bool {
        self.flight().forbidden
    }

    /// Remembers that a fetch did not bring this key.
    pub(crate) fn note_absent(&self, key_id: &str, now: Instant) {
        self.absent
            .insert(self.seed.hash_one(key_id), now + 3 * self.settings.refetch_interval);
    }

    /// How many fetches have ended; see [`Self::fetched_since`].
    pub(crate) fn landings(&self) -> u64 {
        *self.landings.borrow()
    }

    /// Waits for the first fetch that ends after `seen`, and begins it if none is under way. Returns when there is
    /// nothing to wait for, too.
    pub(crate) async fn fetched_since(self: &Arc<Self>, seen: u64, cause: Cause) {
        let mut landings = self.landings.subscribe();
        if !self.begin(cause, Some(seen), Instant::now()) {
            return;
        }
        let ended = landings.wait_for(|landings| *landings > seen);
        // The fetch has its own bound; this one only keeps a caller from waiting for a runtime that is shutting down.
        let _ = tokio::time::timeout(2 * self.settings.fetch_timeout, ended).await;
    }

    /// Fetches whenever the age is up, for ever.
    pub(crate) async fn keep_fresh(self: Arc<Self>) {
        if matches!(self.settings.keys, KeySource::Own) {
            return;
        }
        loop {
            tokio::time::sleep_until(self.due()).await;
            self.fetched_since(self.landings(), Cause::Age).await;
        }
    }

    /// Usable keys at hand, without asking.
    pub(crate) fn held(&self, now: Instant) -> usize {
        let current = self.current.load();
        current
            .as_ref()
            .filter(|held| now < held.usable_until)
            .map_or(0, |held| held.keys.len())
    }

    fn due(&self) -> Instant {
        let retry = self.flight().not_before;
        self.current
            .load()
            .as_ref()
            .map_or(retry, |held| held.fresh_until.max(retry))
    }

    fn flight(&self) -> MutexGuard<'_, Flight> {
        self.flight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn backing_off(&self, now: Instant) -> Option<Duration> {
        let flight = self.flight();
        (!flight.running && now < flight.not_before).then(|| flight.not_before - now)
    }

    /// Begins a fetch as a task of its own, so that it ends even if nobody waits any longer. Returns whether there is
    /// one to wait for.
    fn begin(self: &Arc<Self>, cause: Cause, seen: Option<u64>, now: Instant) -> bool {
        let Ok(runtime) = Handle::try_current() else {
            return false;
        };
        let mut flight = self.flight();
        if flight.running {
            return true;
        }
        let overtaken = seen.is_some_and(|seen| flight.landings != seen);
        let too_soon = cause == Cause::UnknownKey && now < flight.unknown_not_before;
        if overtaken || too_soon || now < flight.not_before {
            return false;
        }
        if cause == Cause::UnknownKey {
            flight.unknown_not_before = now + self.settings.refetch_interval;
        }
        flight.running = true;
        // A runtime that is shutting down drops the task here and now, which ends the flight.
        drop(flight);
        let landing = Landing {
            keys: Arc::clone(self),
            landed: false,
        };
        runtime.spawn(async move {
            let outcome = landing.keys.fetcher.fetch().await;
            landing.end(outcome);
        });
        true
    }

    fn land(&self, outcome: Result<Fetched, FetchError>) {
        let mut flight = self.flight();
        flight.running = false;
        flight.landings += 1;
        match outcome {
            Ok(fetched) => self.take(fetched, &mut flight),
            Err(error) => {
                let wait = Duration::from_secs(1 << flight.failures.min(10)).min(self.settings.refetch_interval);
                flight.failures += 1;
                flight.forbidden = matches!(error, FetchError::Forbidden);
                flight.not_before = Instant::now() + wait;
                let cause = error.source().map(ToString::to_string);
                tracing::warn!(issuer = &*self.name, %error, cause, failures = flight.failures, "no key set");
            }
        }
        self.landings.send_replace(flight.landings);
    }

    fn take(&self, fetched: Fetched, flight: &mut Flight) {
        let Fetched { keys, max_age } = fetched;
        let now = Instant::now();
        let before = self.current.load().as_ref().map(|held| held.keys.fingerprint);
        if before != Some(keys.fingerprint) {
            flight.generation += 1;
            tracing::info!(
                issuer = &*self.name,
                keys = keys.len(),
                generation = flight.generation,
                "new key set"
            );
        }
        flight.failures = 0;
        flight.forbidden = false;
        flight.not_before = now;
        let least = self.settings.refetch_interval.min(self.settings.max_age);
        let age = max_age
            .unwrap_or(self.settings.max_age)
            .clamp(least, self.settings.max_age);
        self.current.store(Some(Arc::new(Held {
            keys,
            generation: flight.generation,
            fresh_until: now + age,
            revalidate_until: now + 2 * age,
            usable_until: now + self.settings.stale_for.max(age),
        })));
    }
}

/// Sees to it that a fetch ends, whatever becomes of its task.
struct Landing {
    keys: Arc<IssuerKeys>,
    landed: bool,
}

impl Landing {
    fn end(mut self, outcome: Result<Fetched, FetchError>) {
        self.landed = true;
        self.keys.land(outcome);
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        if !self.landed {
            self.keys.land(Err(FetchError::Cancelled));
        }
    }
}
