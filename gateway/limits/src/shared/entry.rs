//! One shared counter as one node sees it: the cells it holds, and what it knows of the rest. No clock, no store, no lock.
//!
//! Times are nanoseconds on the node's clock. A cell is one call, paid for in the store before it is spent here.

use super::hand::Hand;
use super::store::{Exchange, Grant, ticks};
use crate::gcra;
use snapshot::LimitPolicy;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// How much of its own traffic a node holds in advance.
const HORIZON: Duration = Duration::from_millis(50);

/// The state of one counter.
#[derive(Debug)]
pub(super) struct Entry {
    policy: Arc<LimitPolicy>,
    name: Arc<str>,
    interval: u64,
    hand: Hand,
    /// An exchange is under way: no second one is begun.
    asking: bool,
    /// Calls that wait for a cell, in order.
    waiting: VecDeque<oneshot::Sender<()>>,
    /// The store's TAT on this node's clock, as last heard.
    tat: u64,
    /// No cell can be had before this.
    refused_until: u64,
    /// The last renewal in advance got nothing: do not try again before the lease is used up.
    scarce: bool,
    /// The TAT of what this node admits by itself while there is no store; 0: nothing.
    alone: u64,
    /// The fewest nodes that `alone` was shared by.
    shared_by: u32,
    /// `alone` as the exchange under way reports it.
    reported: u64,
    /// The time of the store (see `Situation::era`) in which it heard from this counter.
    era: u64,
    /// Cells spent since `rate_from`.
    used: u32,
    rate_from: u64,
    /// Calls per second.
    rate: f64,
}

/// What one look at a counter finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// A cell is in hand.
    Cell,
    /// The store has to be asked.
    Ask,
    /// The store has refused, and this long it is known to.
    Refused(Duration),
}

/// What a decision needs to know about the store.
#[derive(Debug, Clone, Copy)]
pub(super) struct Situation {
    /// Nodes that live, this one included.
    pub(super) nodes: u32,
    /// Counts the times the store came (back).
    pub(super) era: u64,
    /// How long an exchange takes.
    pub(super) round_trip: Duration,
}

impl Entry {
    /// A counter that nothing is known of.
    pub(super) fn new(policy: &Arc<LimitPolicy>, name: Arc<str>, era: u64, now: u64) -> Self {
        let window = policy.window.min(gcra::LONGEST_WINDOW);
        Self {
            interval: ticks(window).div_ceil(u64::from(policy.quota.get())).max(1) * 250,
            policy: Arc::clone(policy),
            name,
            hand: Hand::default(),
            asking: false,
            waiting: VecDeque::new(),
            tat: 0,
            refused_until: 0,
            scarce: false,
            alone: 0,
            shared_by: 0,
            reported: 0,
            era,
            used: 0,
            rate_from: now,
            rate: 0.0,
        }
    }

    /// The policy.
    pub(super) fn policy(&self) -> &Arc<LimitPolicy> {
        &self.policy
    }

    /// Is there a cell, is it worth asking?
    pub(super) fn look(&mut self, now: u64) -> Look {
        self.hand.turn_over(now);
        if self.hand.cells() > 0 {
            Look::Cell
        } else if now < self.refused_until {
            Look::Refused(Duration::from_nanos(self.refused_until - now))
        } else {
            Look::Ask
        }
    }

    /// Spends the cell that [`Entry::look`] found. `true`: it is time to renew in advance.
    pub(super) fn spend(&mut self, now: u64) -> bool {
        self.used = self.used.saturating_add(1);
        self.hand.spend(self.interval, now);
        !self.asking && !self.scarce && self.hand.is_half_spent()
    }

    /// How the caller stands: calls that may follow, and the time until it is as if unused.
    pub(super) fn standing(&self, now: u64) -> (u32, Duration) {
        let full = u64::from(self.burst()) * self.interval;
        let ahead = self.tat.saturating_sub(now);
        let level = full.saturating_sub(ahead) / self.interval;
        let remaining = u32::try_from(level)
            .unwrap_or(u32::MAX)
            .saturating_add(self.hand.cells());
        (remaining.min(self.burst()), Duration::from_nanos(ahead))
    }

    /// Waits for the next answer of the store.
    pub(super) fn wait(&mut self) -> oneshot::Receiver<()> {
        let (wake, woken) = oneshot::channel();
        self.waiting.push_back(wake);
        woken
    }

    /// The next exchange, unless one is under way. It settles what is finished.
    pub(super) fn ask(&mut self, lease: u64, situation: &Situation, now: u64) -> Option<Exchange> {
        if self.asking {
            return None;
        }
        self.asking = true;
        self.reported = self.alone;
        self.hand.turn_over(now);
        let need = u32::try_from(self.waiting.len()).unwrap_or(u32::MAX);
        self.measure(now);
        let horizon = (HORIZON + situation.round_trip * 2).as_secs_f64();
        let behind = self.era != situation.era;
        let debt = if behind { self.debt(now) } else { 0 };
        Some(Exchange {
            name: Arc::clone(&self.name),
            lease,
            interval: self.interval / 250,
            burst: self.burst(),
            need,
            // The cast saturates.
            want: match debt {
                0 => (self.rate * horizon).ceil().max(1.0) as u32,
                // Others may have a debt too that the store has not heard of: nothing is taken in advance.
                _ => 0,
            },
            seed: behind
                .then(|| self.tat.checked_sub(now))
                .flatten()
                .map(|ahead| ahead / 250),
            debt,
            finished: self.hand.settle(now),
        })
    }

    /// An exchange that only settles, if there is something to settle and no other exchange that would do it.
    pub(super) fn ask_to_settle(&mut self, lease: u64, situation: &Situation, now: u64) -> Option<Exchange> {
        self.hand.turn_over(now);
        if self.hand.owes_nothing() {
            return None;
        }
        let exchange = self.ask(lease, situation, now)?;
        Some(Exchange { want: 0, ..exchange })
    }

    /// Takes in what the store granted. `asked_at` is the time the exchange was begun, `life` that of a lease.
    /// `true`: those who still wait need another exchange.
    pub(super) fn accept(
        &mut self,
        exchange: &Exchange,
        grant: &Grant,
        era: u64,
        asked_at: u64,
        life: u64,
        now: u64,
    ) -> bool {
        self.asking = false;
        self.era = era;
        if self.alone == self.reported {
            self.alone = 0;
        }
        self.tat = now.saturating_add(grant.ahead.saturating_mul(250));
        // Who asked for nothing was refused nothing: then what is known stays.
        if exchange.need > 0 {
            self.refused_until = now.saturating_add(grant.wait.saturating_mul(250));
        }
        self.hand.turn_over(now);
        if grant.cells > 0 {
            self.hand
                .hold(exchange.lease, grant.cells, asked_at.saturating_add(life));
            self.hand.turn_over(now);
        }
        self.scarce = grant.cells <= exchange.need;
        let cells = self.hand.cells() as usize;
        if grant.wait > 0 {
            self.wake(usize::MAX);
        } else {
            self.wake(cells);
        }
        !self.waiting.is_empty()
    }

    /// The exchange begun at `asked_at` failed: those who wait decide anew. What it would have settled is said again, for
    /// each lease is settled once however often that is said; and should the store have heard and granted, nothing of that
    /// will be spent.
    pub(super) fn fail(&mut self, exchange: &Exchange, asked_at: u64, now: u64) {
        self.give_up();
        self.hand.say_again(exchange, asked_at, now);
    }

    /// Nobody will answer: those who wait decide anew.
    pub(super) fn give_up(&mut self) {
        self.asking = false;
        self.wake(usize::MAX);
    }

    /// Decides without the store, for this node's share: the limit divided by the nodes. What the store knew last counts.
    ///
    /// # Errors
    /// The time to wait.
    pub(super) fn share(&self, nodes: u32, now: u64) -> Result<(u64, u32), Duration> {
        let share = share_of(&self.policy, nodes);
        gcra::decide(&share, self.alone.max(self.tat), now).map(|pass| (pass.tat, pass.remaining))
    }

    /// Charges what [`Entry::share`] said yes to.
    pub(super) fn charge_alone(&mut self, tat: u64, nodes: u32) {
        self.shared_by = match self.alone {
            0 => nodes,
            _ => self.shared_by.min(nodes),
        };
        self.alone = tat;
    }

    /// Nothing is lost when this entry is dropped.
    pub(super) fn says_nothing(&self, now: u64) -> bool {
        self.hand.is_empty(now)
            && !self.asking
            && self.waiting.is_empty()
            && self.tat.max(self.refused_until).max(self.alone) <= now
    }

    fn burst(&self) -> u32 {
        self.policy.burst.min(self.policy.quota).get()
    }

    /// This node's part of what was admitted without the store, in ticks of the common TAT.
    fn debt(&self, now: u64) -> u64 {
        let admitted = self.alone.max(now) - self.tat.max(now).min(self.alone.max(now));
        admitted / u64::from(self.shared_by.max(1)) / 250
    }

    fn measure(&mut self, now: u64) {
        let passed = Duration::from_nanos(now.saturating_sub(self.rate_from)).as_secs_f64();
        if passed > 0.0005 {
            let seen = f64::from(self.used) / passed;
            // What lies further back than a second says nothing.
            let weight = passed.clamp(0.2, 1.0);
            self.rate += (seen - self.rate) * weight;
            (self.used, self.rate_from) = (0, now);
        }
    }

    fn wake(&mut self, most: usize) {
        let mut woken = 0;
        while woken < most
            && let Some(waiting) = self.waiting.pop_front()
        {
            // Who has gone away meanwhile takes no turn.
            woken += usize::from(waiting.send(()).is_ok());
        }
    }
}

/// A node's share of a policy: the same quota over a window as many times as long, and a part of the burst.
fn share_of(policy: &LimitPolicy, nodes: u32) -> LimitPolicy {
    let nodes = nodes.max(1);
    LimitPolicy {
        window: policy.window.min(gcra::LONGEST_WINDOW).saturating_mul(nodes),
        burst: std::num::NonZeroU32::new(policy.burst.min(policy.quota).get() / nodes)
            .unwrap_or(std::num::NonZeroU32::MIN),
        ..policy.clone()
    }
}
