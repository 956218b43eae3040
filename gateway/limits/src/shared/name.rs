//! The name of a shared counter in the store: the same on every node, and without the caller's identifier or address.

use crate::limiter::Subject;
use snapshot::{LimitPer, LimitPolicy};
use std::net::IpAddr;
use std::sync::Arc;

/// `vagvisare:{<policy id>:<hash>}`. The hash covers the policy with its numbers, so a changed policy starts with clean
/// counters, and the subject; the braces keep a counter in one slot of a cluster. `None`: the counter of those who get
/// none of their own.
pub(super) fn store_name(policy: &LimitPolicy, subject: Option<&Subject<'_>>) -> Arc<str> {
    let mut hasher = blake3::Hasher::new_derive_key("vagvisare 2026 name of a shared rate-limit counter");
    let mut feed = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    feed(policy.id.as_bytes());
    let per: u8 = match policy.per {
        LimitPer::Application => 1,
        LimitPer::Address => 2,
        LimitPer::Api => 3,
        LimitPer::Person => 4,
        LimitPer::Agreement => 5,
    };
    feed(&[per]);
    feed(&policy.quota.get().to_le_bytes());
    feed(&policy.burst.get().to_le_bytes());
    feed(&policy.window.as_nanos().to_le_bytes());
    match subject {
        None => feed(&[0]),
        Some(Subject::Application(id)) => {
            feed(&[1]);
            feed(id.as_bytes());
        }
        Some(Subject::Api(id)) => {
            feed(&[2]);
            feed(id.as_bytes());
        }
        Some(Subject::Person(id)) => {
            feed(&[5]);
            feed(id.as_bytes());
        }
        Some(Subject::Agreement(id)) => {
            feed(&[6]);
            feed(id.as_bytes());
        }
        // As in the counters of one process: IPv6 by its /64.
        Some(Subject::Address(address)) => match address.to_canonical() {
            IpAddr::V4(address) => {
                feed(&[3]);
                feed(&address.octets());
            }
            IpAddr::V6(address) => {
                feed(&[4]);
                feed(&(address.to_bits() >> 64).to_le_bytes());
            }
        },
    }
    let plain = |character: char| {
        if character.is_ascii_alphanumeric() {
            character
        } else {
            '-'
        }
    };
    let id: String = policy.id.chars().take(64).map(plain).collect();
    let hash = hasher.finalize().to_hex();
    let hash = hash.as_str().get(..32).unwrap_or_default();
    format!("vagvisare:{{{id}:{hash}}}").into()
}
