//! What the operations listener says of quotas and their ledger.

use limits::{Limits, QuotaStatus};
use serde_json::{Value, json};

/// For `/status`; `null` where the node keeps no quotas.
pub(super) fn status(limits: &Limits) -> Value {
    limits.quotas().map_or(Value::Null, |ledger| {
        json!({
            "ledger": if ledger.up { "up" } else { "down" },
            "outages": ledger.outages,
            "counted": ledger.counters,
        })
    })
}

/// Name, help and value.
pub(super) type Number = (&'static str, &'static str, u64);

/// Gauges of the ledger; none where there is none.
pub(super) fn gauges(ledger: &QuotaStatus) -> [Number; 2] {
    [
        (
            "quota_ledger_up",
            "1 when the ledger of quotas answers",
            u64::from(ledger.up),
        ),
        (
            "quota_counters",
            "Quotas that the node counts just now",
            ledger.counters as u64,
        ),
    ]
}

/// Counters of the ledger.
pub(super) fn counters(ledger: &QuotaStatus) -> [Number; 5] {
    [
        (
            "quota_calls_reserved",
            "Calls reserved in the ledger of quotas",
            ledger.granted,
        ),
        ("quota_calls_returned", "Calls reserved and given back", ledger.returned),
        (
            "quota_ledger_failures",
            "Orders to the ledger that failed",
            ledger.failures,
        ),
        ("quota_ledger_outages", "Times the ledger was lost", ledger.outages),
        (
            "quota_decided_alone",
            "Calls decided without knowing what is left of their quota",
            ledger.decided_alone,
        ),
    ]
}
