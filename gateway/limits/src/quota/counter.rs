//! One quota as one node sees it: the calls it has reserved, and what it knows of the rest. No clock, no ledger, no lock.
//!
//! Two clocks: `now` is nanoseconds on the node's monotonic clock, for waits and rates; `wall` is Unix seconds, which say what
//! period it is. A wall clock that is set back finds the period that it came from as it left it.

use super::{Grant, Order, period};
use snapshot::{Calendar, LimitPolicy};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// How much of its own traffic a node reserves: what it lives on while the ledger is away.
const HORIZON_SECONDS: f64 = 60.0;
/// A quota that is used up is asked about again after this: another node may have given something back.
const REFUSED_FOR: u64 = 1_000_000_000;
/// After a failure, the next question.
const ASK_AGAIN: u64 = 500_000_000;
/// Who calls seldom still has so many calls reserved, where much is left.
const FEWEST_AHEAD: u32 = 16;
/// What nobody called for in this time goes back.
const IDLE: u64 = 60_000_000_000;
/// A counter that nobody called for in this time, and that holds nothing, is forgotten.
const FORGOTTEN: u64 = 120_000_000_000;

/// See the module.
#[derive(Debug)]
pub(super) struct Counter {
    policy: Arc<LimitPolicy>,
    calendar: Calendar,
    name: Arc<str>,
    starts: i64,
    ends: i64,
    /// Reserved and not spent.
    cells: u32,
    /// What `cells` was when it was last filled.
    filled: u32,
    /// What is left in the ledger, as last heard.
    left: u64,
    /// Let through without being reserved; not yet charged.
    owed: u32,
    asking: bool,
    waiting: VecDeque<oneshot::Sender<()>>,
    refused_until: u64,
    ask_after: u64,
    /// The last order in advance got nothing: the next is made when the last call is spent.
    scarce: bool,
    used: u32,
    rate_from: u64,
    /// Calls per second.
    rate: f64,
    last_called: u64,
}

/// What one look finds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// A call is reserved.
    Cell,
    /// The ledger has to be asked.
    Ask,
    /// Used up, until the period ends.
    UsedUp(Duration),
}

impl Counter {
    pub(super) fn new(policy: &Arc<LimitPolicy>, calendar: Calendar, name: Arc<str>, now: u64, wall: i64) -> Self {
        let (starts, ends) = period::around(calendar, wall);
        Self {
            left: u64::from(policy.quota.get()),
            policy: Arc::clone(policy),
            calendar,
            name,
            starts,
            ends,
            cells: 0,
            filled: 0,
            owed: 0,
            asking: false,
            waiting: VecDeque::new(),
            refused_until: 0,
            ask_after: 0,
            scarce: false,
            used: 0,
            rate_from: now,
            rate: 0.0,
            last_called: now,
        }
    }

    pub(super) fn policy(&self) -> &Arc<LimitPolicy> {
        &self.policy
    }

    pub(super) fn look(&mut self, now: u64, wall: i64) -> Look {
        self.turn_over(wall);
        self.last_called = now;
        if self.cells > 0 {
            Look::Cell
        } else if now < self.refused_until {
            Look::UsedUp(self.until_the_end(wall))
        } else {
            Look::Ask
        }
    }

    /// Time until the quota opens again.
    pub(super) fn until_the_end(&self, wall: i64) -> Duration {
        Duration::from_secs(u64::try_from(self.ends.saturating_sub(wall)).unwrap_or(0).max(1))
    }

    /// Spends the call that [`Counter::look`] found. `true`: it is time to reserve more.
    pub(super) fn spend(&mut self) -> bool {
        self.cells = self.cells.saturating_sub(1);
        self.used = self.used.saturating_add(1);
        !self.asking && !self.scarce && self.cells <= self.filled / 2
    }

    /// Lets a call through that nobody reserved.
    pub(super) fn owe(&mut self) {
        self.owed = self.owed.saturating_add(1);
        self.used = self.used.saturating_add(1);
    }

    /// Calls that may follow, and the time until the quota opens again.
    pub(super) fn standing(&self, wall: i64) -> (u32, Duration) {
        let remaining = self.left.saturating_add(u64::from(self.cells));
        (u32::try_from(remaining).unwrap_or(u32::MAX), self.until_the_end(wall))
    }

    pub(super) fn wait(&mut self) -> oneshot::Receiver<()> {
        let (wake, woken) = oneshot::channel();
        self.waiting.push_back(wake);
        woken
    }

    /// The next order, unless one is under way or the last one has just failed.
    pub(super) fn ask(&mut self, now: u64) -> Option<Order> {
        if self.asking || now < self.ask_after {
            return None;
        }
        self.asking = true;
        self.measure(now);
        let need = u32::try_from(self.waiting.len()).unwrap_or(u32::MAX);
        // The cast saturates.
        let ahead = ((self.rate * HORIZON_SECONDS).ceil() as u32).max(FEWEST_AHEAD);
        Some(Order {
            want: need.max(ahead.saturating_sub(self.cells)),
            need,
            ..self.order()
        })
    }

    /// An order that gives back what nobody calls for, if there is something.
    pub(super) fn give_back(&mut self, now: u64, wall: i64) -> Option<Order> {
        self.turn_over(wall);
        let idle = now.saturating_sub(self.last_called) >= IDLE && self.waiting.is_empty();
        if !idle || self.asking || self.cells == 0 {
            return None;
        }
        self.rate = 0.0;
        self.asking = true;
        self.close()
    }

    /// What is to be told when the node stops.
    pub(super) fn close(&mut self) -> Option<Order> {
        let back = std::mem::take(&mut self.cells);
        let order = Order { back, ..self.order() };
        (order.back > 0 || order.owed > 0).then_some(order)
    }

    fn order(&mut self) -> Order {
        Order {
            counter: Arc::clone(&self.name),
            starts: self.starts,
            ends: self.ends,
            most: self.policy.quota.get(),
            need: 0,
            want: 0,
            back: 0,
            owed: std::mem::take(&mut self.owed),
        }
    }

    /// Takes in what the ledger granted. `true`: those who still wait need another order.
    pub(super) fn accept(&mut self, order: &Order, grant: Grant, now: u64) -> bool {
        self.asking = false;
        self.ask_after = 0;
        // What was reserved in a period that is over is of no use in the next.
        if order.starts == self.starts {
            self.cells = self.cells.saturating_add(grant.granted);
            self.filled = self.cells;
            self.left = u64::from(order.most).saturating_sub(grant.taken);
            self.scarce = grant.granted <= order.need;
            let nothing = grant.granted == 0 && self.left == 0;
            self.refused_until = if nothing { now.saturating_add(REFUSED_FOR) } else { 0 };
        }
        match self.refused_until > now {
            true => self.wake_all(),
            false => self.wake(self.cells as usize),
        }
        !self.waiting.is_empty()
    }

    /// It is not known what became of the order: what it gave back counts as spent, what it charged is charged again, so that
    /// no mistake lets anybody through.
    pub(super) fn fail(&mut self, order: &Order, now: u64) {
        if order.starts == self.starts {
            self.owed = self.owed.saturating_add(order.owed);
        }
        self.asking = false;
        self.ask_after = now.saturating_add(ASK_AGAIN);
        self.wake_all();
    }

    /// Lets everybody who waits decide anew.
    pub(super) fn wake_all(&mut self) {
        self.wake(usize::MAX);
    }

    /// Nothing is lost when this counter is dropped.
    pub(super) fn says_nothing(&self, now: u64) -> bool {
        let idle = now.saturating_sub(self.last_called) >= FORGOTTEN;
        idle && self.cells == 0 && self.owed == 0 && !self.asking && self.waiting.is_empty()
    }

    /// Another period: what was reserved for the last one is not for this one.
    fn turn_over(&mut self, wall: i64) {
        if (self.starts..self.ends).contains(&wall) {
            return;
        }
        (self.starts, self.ends) = period::around(self.calendar, wall);
        (self.cells, self.filled, self.owed) = (0, 0, 0);
        (self.refused_until, self.ask_after, self.scarce) = (0, 0, false);
        self.left = u64::from(self.policy.quota.get());
    }

    fn measure(&mut self, now: u64) {
        let passed = Duration::from_nanos(now.saturating_sub(self.rate_from)).as_secs_f64();
        if passed > 0.005 {
            let seen = f64::from(self.used) / passed;
            // What lies further back than a few seconds says little.
            let weight = (passed / 5.0).clamp(0.2, 1.0);
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
