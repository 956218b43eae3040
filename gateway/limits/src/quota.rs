//! Quotas of a calendar day or month, counted by all nodes in a durable ledger and never exceeded.
//!
//! A node reserves calls in the [`Ledger`] before it lets them pass, as many as its own traffic needs for a minute and never
//! more than a small part of what is left; near the end it reserves them one by one. What it reserved and did not use goes
//! back when nobody calls for a while and when the node stops. A node that is killed loses what it held: it counts as spent.
//! So at most the quota passes in each period, over any number of nodes, restarts and crashes.
//!
//! While the ledger cannot be asked, what is reserved is spent; then each policy says what holds: `deny` (the default: whether
//! there is anything left is not known), or `allow`, which is charged when the ledger is back.

mod counter;
mod counters;
mod keeper;
mod name;
mod period;

pub use counters::QuotaStatus;
pub use keeper::QuotaKeeper;

pub(crate) use counters::Quotas;

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;

/// Unix seconds now, as the node's clock has it. Tests bring their own.
pub type WallClock = Box<dyn Fn() -> i64 + Send + Sync>;

/// Where quotas are kept: durable, and the same for all nodes.
pub trait Ledger: Debug + Send + Sync + 'static {
    /// Carries out all orders or none, each as [`Order::settle`] has it, and gives one grant for each, in order. What it
    /// answered has to survive a crash. No orders: says whether the ledger is there.
    fn carry_out<'a>(
        &'a self,
        orders: &'a [Order],
    ) -> Pin<Box<dyn Future<Output = Result<Vec<Grant>, LedgerError>> + Send + 'a>>;
}

/// The ledger's own reason.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct LedgerError(pub Box<dyn std::error::Error + Send + Sync>);

/// What a node asks of one counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The counter: opaque, the same on every node, without anybody's identifier.
    pub counter: Arc<str>,
    /// Unix seconds at which the period begins.
    pub starts: i64,
    /// Unix seconds at which it ends.
    pub ends: i64,
    /// The quota.
    pub most: u32,
    /// Calls that wait for an answer.
    pub need: u32,
    /// Calls that would be used before long, those that wait among them.
    pub want: u32,
    /// Calls that were reserved before and are not needed.
    pub back: u32,
    /// Calls that were let through without being reserved.
    pub owed: u32,
}

/// What the ledger says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// Calls that are the node's now.
    pub granted: u32,
    /// Calls that are taken in the period, by all nodes, these among them.
    pub taken: u64,
}

/// A node that takes more than this part of what is left in advance could leave others without.
const PART_IN_ADVANCE: u64 = 16;

impl Order {
    /// The arithmetic of a ledger: from what is taken before to what is taken after, and what the node gets of it. `taken`
    /// grows beyond the quota by what is owed only.
    pub fn settle(&self, taken: u64) -> Grant {
        let taken = taken
            .saturating_sub(u64::from(self.back))
            .saturating_add(u64::from(self.owed));
        let left = u64::from(self.most).saturating_sub(taken);
        let in_advance = u64::from(self.want).min(left / PART_IN_ADVANCE);
        let granted = left.min(u64::from(self.need).max(in_advance));
        Grant {
            granted: u32::try_from(granted).unwrap_or(u32::MAX),
            taken: taken + granted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(need: u32, want: u32, back: u32, owed: u32) -> Order {
        Order {
            counter: "c".into(),
            starts: 0,
            ends: 86_400,
            most: 1_000,
            need,
            want,
            back,
            owed,
        }
    }

    #[test]
    fn nobody_takes_much_in_advance_and_nobody_gets_what_is_not_left() {
        for (order, before, granted, taken) in [
            (order(1, 1, 0, 0), 0, 1, 1),
            (order(1, 500, 0, 0), 0, 62, 62),
            (order(100, 500, 0, 0), 0, 100, 100),
            (order(1, 500, 0, 0), 990, 1, 991),
            (order(5, 5, 0, 0), 998, 2, 1_000),
            (order(5, 5, 0, 0), 1_000, 0, 1_000),
            (order(0, 0, 40, 0), 1_000, 0, 960),
            (order(3, 3, 40, 0), 1_000, 3, 963),
            (order(1, 1, 0, 30), 990, 0, 1_020),
            (order(0, 0, 40, 0), 10, 0, 0),
        ] {
            assert_eq!(order.settle(before), Grant { granted, taken }, "{order:?} at {before}");
        }
    }
}
