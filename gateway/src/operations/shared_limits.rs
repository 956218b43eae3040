//! What the operations listener says of limits that all nodes count together.

use limits::{Limits, StoreStatus};
use serde_json::{Value, json};

/// For `/status`; `null` where each node counts for itself.
pub(super) fn status(limits: &Limits) -> Value {
    limits.store().map_or(Value::Null, |store| {
        json!({
            "store": if store.up { "up" } else { "down" },
            "nodes": store.nodes,
            "outages": store.outages,
            "overshoot": store.overshoot,
        })
    })
}

/// Name, help and value.
pub(super) type Number = (&'static str, &'static str, u64);

/// Gauges of the store; none where there is no store.
pub(super) fn gauges(store: &StoreStatus) -> [Number; 3] {
    [
        (
            "ratelimit_store_up",
            "1 when the store of shared limits answers",
            u64::from(store.up),
        ),
        (
            "ratelimit_nodes",
            "Nodes that count together, as last heard",
            u64::from(store.nodes),
        ),
        (
            "ratelimit_overshoot",
            "Calls that nodes admitted beyond a shared limit while there was no store; must read 0",
            store.overshoot,
        ),
    ]
}

/// Counters of the store and the leases.
pub(super) fn counters(store: &StoreStatus) -> [Number; 7] {
    [
        ("ratelimit_lease_granted", "Calls paid for in advance", store.granted),
        (
            "ratelimit_lease_returned",
            "Calls paid for and given back",
            store.returned,
        ),
        (
            "ratelimit_lease_waste",
            "Calls paid for that nobody made or gave back",
            store.wasted,
        ),
        ("ratelimit_store_exchanges", "Exchanges with the store", store.exchanges),
        ("ratelimit_store_failures", "Exchanges that failed", store.failures),
        ("ratelimit_store_outages", "Times the store was lost", store.outages),
        (
            "ratelimit_decided_alone",
            "Looks at shared limits decided by on_store_failure",
            store.decided_alone,
        ),
    ]
}
