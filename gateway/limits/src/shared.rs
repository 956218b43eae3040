//! Limits that all nodes count together, in Redis, by leases.
//!
//! A node takes calls (*cells*) from the store before it spends them, a few at a time, by one script on the server's clock.
//! So the nodes together never admit more than one GCRA would, however many they are and however they share the load, and
//! most calls need no round trip. What is not spent within a quarter of a second goes back. Near the limit a lease is one
//! cell: then each call asks.
//!
//! While the store cannot be asked, each policy's [`snapshot::OnStoreFailure`] decides. A node's own share then begins where
//! the store's counter was, and what was admitted by it is charged when the store is back: there is no burst either way.

mod address;
mod entry;
mod hand;
mod keeper;
mod leases;
mod link;
mod name;
mod numbers;
mod shards;
mod store;

pub use address::{AddressError, StoreConfig};
pub use keeper::Keeper;
pub(crate) use leases::{Attempt, Leases};
pub(crate) use link::{Link, Program};
pub use numbers::StoreStatus;

use std::sync::Arc;
use tokio::sync::mpsc;

/// The counters of a node under a new name, and the task that keeps them.
pub(crate) fn start(config: StoreConfig) -> (Arc<Leases>, Keeper) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let leases = Arc::new(Leases::new(node_name(), &config, sender));
    let keeper = Keeper::new(Arc::clone(&leases), receiver, config);
    (leases, keeper)
}

/// A new name at each start: leases of a former life are nobody's.
fn node_name() -> u32 {
    // The operating system's source does not fail once it is there; if it does, the hash map's seeds are random too.
    getrandom::u32().unwrap_or_else(|_| std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0_u8) as u32)
}
