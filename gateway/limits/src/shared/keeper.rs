//! The task that owns the connection: carries questions to the store and answers back, gives back what nobody needs, and
//! decides when the store counts as gone and when it is back.

use super::address::StoreConfig;
use super::leases::{Leases, Question};
use super::store::{Grant, Store, StoreError};
use crate::key::Key;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Questions carried at once, and in how many goes at a time.
const BATCH: usize = 256;
const FLIGHTS: usize = 8;
/// A lease that is used up is settled after this, if no other question came first.
const SETTLE_AFTER: u64 = 20_000_000;
/// The same where cells are rare: there a lease that is used up and not settled costs a good part of the bucket.
const SETTLE_SOON: u64 = 1_000_000;
/// Signs of life, and how long one holds.
const HEARTBEAT: Duration = Duration::from_millis(500);
const HEARTBEAT_HOLDS: Duration = Duration::from_secs(3);
/// While the store is gone, one question at a time asks whether it is back.
const PROBE_FIRST: Duration = Duration::from_millis(50);
const PROBE_SELDOM: Duration = Duration::from_millis(200);
/// So many calls without an answer in time, one begun after the other, and the store counts as gone.
const PATIENCE: u32 = 2;

/// Carries questions about leases. Runs on any runtime that has time and network; without it every shared policy is decided
/// as if the store were gone.
#[derive(Debug)]
pub struct Keeper {
    leases: Arc<Leases>,
    questions: mpsc::UnboundedReceiver<Question>,
    config: StoreConfig,
    store: Option<Store>,
    /// Counts connections: what an earlier one does says nothing about this one.
    generation: u32,
    flights: JoinSet<Landed>,
    /// When to look at a counter again: used-up leases soon, others at their end. Each in order of time.
    at_once: VecDeque<(u64, Key)>,
    soon: VecDeque<(u64, Key)>,
    late: VecDeque<(u64, Key)>,
    /// Calls that ran out of time in a row, and when the last of them was begun at the earliest to count.
    slow: u32,
    slow_since: Instant,
    said_down: bool,
}

/// A call to the store that is over.
#[derive(Debug)]
enum Landed {
    Answers {
        questions: Vec<Question>,
        call: Call,
        result: Result<Vec<Grant>, StoreError>,
    },
    Living {
        call: Call,
        result: Result<u32, StoreError>,
    },
    Connected {
        result: Result<(Store, u32), StoreError>,
    },
}

/// When a call was begun, and on which connection.
#[derive(Debug, Clone, Copy)]
struct Call {
    begun: Instant,
    generation: u32,
}

impl Keeper {
    pub(super) fn new(leases: Arc<Leases>, questions: mpsc::UnboundedReceiver<Question>, config: StoreConfig) -> Self {
        Self {
            leases,
            questions,
            config,
            store: None,
            generation: 0,
            flights: JoinSet::new(),
            at_once: VecDeque::new(),
            soon: VecDeque::new(),
            late: VecDeque::new(),
            slow: 0,
            slow_since: Instant::now(),
            said_down: false,
        }
    }

    /// Works until it is dropped.
    pub async fn run(mut self) {
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut batch = Vec::with_capacity(BATCH);
        self.probe(Duration::ZERO);
        loop {
            let due = self.due();
            tokio::select! {
                Some(landed) = self.flights.join_next() => match landed {
                    Ok(landed) => self.land(landed),
                    // A panic in a flight: its questions are lost, so nobody may wait for them.
                    Err(error) => {
                        self.leases.fail_all();
                        self.lose(&error.to_string());
                    }
                },
                _ = self.questions.recv_many(&mut batch, BATCH), if self.flights.len() < FLIGHTS => {
                    self.carry(std::mem::take(&mut batch));
                }
                _ = heartbeat.tick() => self.show_life(),
                () = sleep_until(due) => self.settle(),
            }
        }
    }

    /// Sends questions on their way, or answers them at once when there is no way.
    fn carry(&mut self, questions: Vec<Question>) {
        let Some(store) = self.store.clone() else {
            return questions.iter().for_each(|question| self.leases.fail(question));
        };
        let (nodes, call) = (self.leases.nodes(), self.call());
        self.flights.spawn(async move {
            let exchanges: Vec<_> = questions.iter().map(|question| question.exchange.clone()).collect();
            let result = store.exchange(&exchanges, nodes).await;
            Landed::Answers {
                questions,
                call,
                result,
            }
        });
    }

    fn call(&self) -> Call {
        Call {
            begun: Instant::now(),
            generation: self.generation,
        }
    }

    fn show_life(&mut self) {
        let Some(store) = self.store.clone() else { return };
        let (node, call) = (self.leases.node(), self.call());
        self.flights.spawn(async move {
            Landed::Living {
                call,
                result: alive(&store, node).await,
            }
        });
    }

    fn land(&mut self, landed: Landed) {
        match landed {
            Landed::Answers {
                questions,
                call,
                result,
            } => match result {
                Ok(grants) if grants.len() == questions.len() => {
                    self.slow = 0;
                    self.leases.set_round_trip(call.begun.elapsed());
                    for (question, grant) in questions.iter().zip(&grants) {
                        let ends = self.leases.accept(question, grant);
                        let now = self.leases.now();
                        // Also without a new lease: one that ended while the answer was under way could not be told of.
                        self.soon.push_back((now + SETTLE_AFTER, question.key()));
                        if let Some(ends) = ends {
                            if question.exchange.cells_are_rare() {
                                self.at_once.push_back((now + SETTLE_SOON, question.key()));
                            }
                            self.late.push_back((ends, question.key()));
                        }
                    }
                }
                Ok(_) => {
                    self.lose("answers are missing");
                    questions.iter().for_each(|question| self.leases.fail(question));
                }
                Err(error) => {
                    // First the state, then those who wait: they decide by it.
                    self.trouble(&error, call);
                    let again = self.leases.now() + SETTLE_AFTER;
                    for question in &questions {
                        self.leases.fail(question);
                        self.soon.push_back((again, question.key()));
                    }
                }
            },
            Landed::Living { result: Ok(nodes), .. } => {
                self.slow = 0;
                self.leases.set_nodes(nodes);
            }
            Landed::Living {
                call,
                result: Err(error),
            } => self.trouble(&error, call),
            Landed::Connected {
                result: Ok((store, nodes)),
            } => self.gain(store, nodes),
            Landed::Connected { .. } if self.store.is_some() => {}
            Landed::Connected { result: Err(error) } => {
                self.say_down(&error.to_string());
                self.probe(PROBE_SELDOM);
            }
        }
    }

    /// A call failed. Any failure but slowness is believed at once.
    fn trouble(&mut self, error: &StoreError, call: Call) {
        if call.generation != self.generation {
            return;
        }
        if matches!(error, StoreError::Slow(_)) {
            // Calls that ran side by side ran into the same delay.
            if self.slow > 0 && call.begun < self.slow_since {
                return;
            }
            self.slow += 1;
            self.slow_since = Instant::now();
            if self.slow < PATIENCE {
                return;
            }
        }
        self.lose(&error.to_string());
    }

    fn lose(&mut self, reason: &str) {
        if self.store.take().is_none() {
            return;
        }
        self.leases.set_down();
        self.leases.numbers.lost_the_store();
        self.say_down(reason);
        self.probe(PROBE_FIRST);
    }

    fn gain(&mut self, store: Store, nodes: u32) {
        self.slow = 0;
        self.generation = self.generation.wrapping_add(1);
        self.store = Some(store);
        self.leases.set_nodes(nodes);
        self.leases.set_up();
        self.said_down = false;
        tracing::info!(nodes, "the store of shared limits answers: counting together");
    }

    fn say_down(&mut self, reason: &str) {
        if !std::mem::replace(&mut self.said_down, true) {
            tracing::warn!(
                reason,
                nodes = self.leases.nodes(),
                "the store of shared limits is gone: each policy does what its on_store_failure says"
            );
        }
    }

    /// Asks, after a while, whether the store is there: a connection that takes a write. One at a time.
    fn probe(&mut self, after: Duration) {
        let (config, node) = (self.config.clone(), self.leases.node());
        self.flights.spawn(async move {
            tokio::time::sleep(after).await;
            let attempt = async {
                let store = Store::connect(&config).await?;
                let nodes = alive(&store, node).await?;
                Ok((store, nodes))
            };
            Landed::Connected { result: attempt.await }
        });
    }

    fn due(&self) -> Option<Duration> {
        let next = [self.at_once.front(), self.soon.front(), self.late.front()]
            .into_iter()
            .flatten()
            .map(|(at, _)| *at)
            .min()?;
        Some(Duration::from_nanos(next.saturating_sub(self.leases.now())))
    }

    fn settle(&mut self) {
        let now = self.leases.now();
        for queue in [&mut self.at_once, &mut self.soon, &mut self.late] {
            while let Some((_, key)) = queue.pop_front_if(|(at, _)| *at <= now) {
                self.leases.settle(key);
            }
        }
    }
}

impl Drop for Keeper {
    /// Nobody will answer any more: who waits must not.
    fn drop(&mut self) {
        self.questions.close();
        while let Ok(question) = self.questions.try_recv() {
            self.leases.fail(&question);
        }
        self.leases.fail_all();
    }
}

/// A sign of life that the store took, from a store that is still the right one.
async fn alive(store: &Store, node: u32) -> Result<u32, StoreError> {
    let nodes = store.heartbeat(node, HEARTBEAT_HOLDS).await?;
    store.check().await.map(|()| nodes)
}

async fn sleep_until(due: Option<Duration>) {
    match due {
        Some(due) => tokio::time::sleep(due).await,
        None => std::future::pending().await,
    }
}
