//! The name of a counter in the ledger: the same on every node, and without the caller's identifier or address.

use crate::limiter::Subject;
use snapshot::{Calendar, LimitPolicy};
use std::net::IpAddr;
use std::sync::Arc;

/// `<policy id>:<hash>`. The hash covers the policy, its period and the subject, not the quota: who is given a larger quota
/// keeps what is used of it.
pub(super) fn of(policy: &LimitPolicy, calendar: Calendar, subject: &Subject<'_>) -> Arc<str> {
    let mut hasher = blake3::Hasher::new_derive_key("vagvisare 2026 name of a quota in the ledger");
    let mut feed = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    feed(policy.id.as_bytes());
    feed(calendar.name().as_bytes());
    match subject {
        Subject::Application(id) => feed_both(&mut feed, 1, id.as_bytes()),
        Subject::Api(id) => feed_both(&mut feed, 2, id.as_bytes()),
        Subject::Person(id) => feed_both(&mut feed, 5, id.as_bytes()),
        Subject::Agreement(id) => feed_both(&mut feed, 6, id.as_bytes()),
        // As in the counters of one process: IPv6 by its /64.
        Subject::Address(address) => match address.to_canonical() {
            IpAddr::V4(address) => feed_both(&mut feed, 3, &address.octets()),
            IpAddr::V6(address) => feed_both(&mut feed, 4, &(address.to_bits() >> 64).to_le_bytes()),
        },
    }
    let id: String = policy.id.chars().take(64).collect();
    let hash = hasher.finalize().to_hex();
    let hash = hash.as_str().get(..32).unwrap_or_default();
    format!("{id}:{hash}").into()
}

fn feed_both(feed: &mut impl FnMut(&[u8]), kind: u8, id: &[u8]) {
    feed(&[kind]);
    feed(id);
}
