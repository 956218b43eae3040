//! The last known state of each person with each producer, for as long as it is fair to show it. In memory only,
//! bounded, and never shared between people: the person is a part of the key.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use service_host::PartyId;

use crate::told::Known;

/// Older than this is not shown.
const OLDEST: SignedDuration = SignedDuration::from_hours(24);

/// How many cases are kept over all people.
const MOST_CASES: u64 = 100_000;

/// What a producer told about a person, and when.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) as_of: Timestamp,
    pub(crate) known: Vec<Known>,
}

type Key = (PartyId, String);

#[derive(Clone, Debug)]
struct ByCases;

impl Weighter<Key, Arc<Snapshot>> for ByCases {
    fn weight(&self, _key: &Key, snapshot: &Arc<Snapshot>) -> u64 {
        1 + snapshot.known.len() as u64
    }
}

/// The last known states.
#[derive(Debug)]
pub(crate) struct LastKnown(Cache<Key, Arc<Snapshot>, ByCases>);

impl LastKnown {
    pub(crate) fn new() -> Self {
        Self(Cache::with_weighter(10_000, MOST_CASES, ByCases))
    }

    /// Keeps what was told at `as_of`.
    pub(crate) fn keep(&self, party: &PartyId, source: &str, as_of: Timestamp, known: Vec<Known>) {
        self.0
            .insert((party.clone(), source.to_owned()), Arc::new(Snapshot { as_of, known }));
    }

    /// What was last told, unless it is too old at `now`.
    pub(crate) fn get(&self, party: &PartyId, source: &str, now: Timestamp) -> Option<Arc<Snapshot>> {
        let key = (party.clone(), source.to_owned());
        let snapshot = self.0.get(&key)?;
        if now.duration_since(snapshot.as_of) > OLDEST {
            self.0.remove(&key);
            return None;
        }
        Some(snapshot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_old_or_of_somebody_else_is_not_shown() {
        let (alva, bo) = (PartyId::parse("alva").unwrap(), PartyId::parse("bo").unwrap());
        let now: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let last_known = LastKnown::new();
        last_known.keep(&alva, "tax", now, Vec::new());
        assert!(last_known.get(&alva, "tax", now).is_some());
        assert!(last_known.get(&bo, "tax", now).is_none());
        assert!(last_known.get(&alva, "school", now).is_none());
        let later = now + SignedDuration::from_hours(25);
        assert!(last_known.get(&alva, "tax", later).is_none());
    }
}
