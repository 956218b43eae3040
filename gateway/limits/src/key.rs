//! The fixed-size name of a counter: 128 bits, hashed from policy and subject with a seed of this process.
//!
//! A keyed hash (SipHash, twice, with two random seeds) rather than the text itself: every counter takes the same room
//! however long a caller's identifier is, and a caller who does not know the seeds cannot aim at another's counter.

use crate::limiter::Subject;
use snapshot::LimitPolicy;
use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};
use std::net::IpAddr;

/// A counter's name.
pub(crate) type Key = u128;

/// The process's two seeds.
#[derive(Debug, Default)]
pub(crate) struct Seeds {
    high: RandomState,
    low: RandomState,
}

impl Seeds {
    /// The name of a policy, and of what subjects without a counter of their own share under it. The policy's numbers are
    /// part of it, so a changed policy starts with clean counters.
    pub(crate) fn policy(&self, policy: &LimitPolicy) -> Key {
        self.hash(|hasher| {
            policy.id.hash(hasher);
            policy.per.hash(hasher);
            (policy.quota, policy.burst, policy.window).hash(hasher);
        })
    }

    /// The counter of `subject` under the policy named `policy`.
    pub(crate) fn counter(&self, policy: Key, subject: &Subject<'_>) -> Key {
        self.hash(|hasher| {
            policy.hash(hasher);
            hash_subject(subject, hasher);
        })
    }

    fn hash(&self, feed: impl Fn(&mut DefaultHasher)) -> Key {
        let half = |seed: &RandomState| {
            let mut hasher = seed.build_hasher();
            feed(&mut hasher);
            u128::from(hasher.finish())
        };
        (half(&self.high) << 64) | half(&self.low)
    }
}

fn hash_subject(subject: &Subject<'_>, mut hasher: impl Hasher) {
    match subject {
        Subject::Application(id) => (1_u8, id).hash(&mut hasher),
        Subject::Api(id) => (2_u8, id).hash(&mut hasher),
        Subject::Person(id) => (5_u8, id).hash(&mut hasher),
        Subject::Agreement(id) => (6_u8, id).hash(&mut hasher),
        Subject::Address(address) => match address.to_canonical() {
            IpAddr::V4(address) => (3_u8, address.octets()).hash(&mut hasher),
            // One network is one caller: a /64 holds more addresses than there are counters.
            IpAddr::V6(address) => (4_u8, address.to_bits() >> 64).hash(&mut hasher),
        },
    }
}
