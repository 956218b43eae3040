//! One node: its cores, its queue of what is to be written about people, its writer, its limits.

use super::{Failure, Fault};
use crate::scale::{Costs, Demand};

/// What may wait to be written (`identity`, QUEUE).
pub(super) const QUEUE: u64 = 16_384;
/// What is written in one transaction (`identity`, BATCH).
const BATCH: u64 = 256;
/// Seconds until the writer tries again.
const AGAIN: f64 = 0.5;
/// A call that would wait this many seconds for a core is refused (`edge`, LATE).
const LATE: f64 = 0.1;
/// Seconds for one exchange with a Redis that is there.
const EXCHANGE: f64 = 0.000_3;
/// Seconds that a call waits for a Redis that says nothing (`command_timeout`).
const TIMEOUT: f64 = 0.02;
/// Seconds until a node knows that its Redis is gone: silence after two timeouts.
const NOTICED: f64 = 2.0 * TIMEOUT;

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fate {
    /// Answered, after so many seconds.
    Answered(f64),
    /// Refused with a 503: try again later.
    Refused,
    /// No connection, or one that broke.
    Failed,
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    /// Seconds of a core that a call takes.
    service: f64,
    /// Seconds until a row is written.
    row: f64,
    /// When each core is free.
    cores: Vec<f64>,
    /// Rows in the queue.
    waiting: u64,
    /// Rows that the writer has in hand.
    batch: u64,
    /// Rows that were ever told to the queue.
    pub(super) told: u64,
    /// Rows in the database.
    pub(super) written: u64,
    /// Rows that went with the node.
    pub(super) lost: u64,
    /// The most rows in the queue at once.
    pub(super) most_waiting: u64,
}

impl Node {
    pub(super) fn new(demand: &Demand, costs: &Costs) -> Self {
        Self {
            service: (costs.call + costs.tls) / 1e6,
            row: costs.row_round_trip / 1e6,
            cores: vec![0.0; usize::try_from(demand.cores).unwrap_or(1)],
            waiting: 0,
            batch: 0,
            told: 0,
            written: 0,
            lost: 0,
            most_waiting: 0,
        }
    }

    /// A call comes; its agency will take `agency` seconds.
    pub(super) fn take(&mut self, time: f64, person: bool, agency: f64, fault: &Fault) -> Fate {
        let Some(core) = self.cores.iter_mut().min_by(|one, other| one.total_cmp(other)) else {
            return Fate::Failed;
        };
        let wait = (*core - time).max(0.0);
        if wait > LATE {
            return Fate::Refused;
        }
        if person && self.waiting >= QUEUE {
            // What cannot be noted is not read.
            return Fate::Refused;
        }
        *core = time + wait + self.service;
        if person {
            self.told += 1;
            self.waiting += 1;
            self.most_waiting = self.most_waiting.max(self.waiting);
        }
        let limit = match person {
            true if !fault.is(Failure::Redis, time) => EXCHANGE,
            true if time < fault.from + NOTICED => TIMEOUT,
            // An application's lease is at hand; a node that knows that its Redis is gone asks nobody.
            _ => 0.0,
        };
        Fate::Answered(wait + self.service + limit + agency)
    }

    /// Takes a batch where the writer is idle and there is something to write; returns when it will be done.
    pub(super) fn begin_to_write(&mut self, time: f64) -> Option<f64> {
        if self.batch > 0 || self.waiting == 0 {
            return None;
        }
        self.batch = self.waiting.min(BATCH);
        self.waiting -= self.batch;
        Some(time + self.batch as f64 * self.row)
    }

    /// The writer's batch is in the database, or must be tried again; returns when it or the next one will be done.
    pub(super) fn end_batch(&mut self, time: f64, written: bool) -> Option<f64> {
        if self.batch == 0 {
            // It went with the node.
            return self.begin_to_write(time);
        }
        if !written {
            return Some(time + AGAIN);
        }
        self.written += self.batch;
        self.batch = 0;
        self.begin_to_write(time)
    }

    /// The node is gone, and what it had not written.
    pub(super) fn lose(&mut self, time: f64) {
        self.lost += self.waiting + self.batch;
        (self.waiting, self.batch) = (0, 0);
        self.cores.fill(time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Fault = Fault {
        failure: Failure::Database,
        from: f64::INFINITY,
        until: f64::INFINITY,
    };

    fn node() -> Node {
        Node::new(
            &Demand {
                cores: 2,
                ..Demand::default()
            },
            &Costs::round(),
        )
    }

    #[test]
    fn calls_wait_for_a_core_and_are_refused_when_it_would_take_too_long() {
        let mut node = node();
        let Fate::Answered(first) = node.take(0.0, false, 0.0, &NOTHING) else {
            panic!("refused")
        };
        assert!((first - 20e-6).abs() < 1e-12);
        // The second has the other core, the third waits.
        assert_eq!(node.take(0.0, false, 0.0, &NOTHING), Fate::Answered(first));
        assert_eq!(node.take(0.0, false, 0.0, &NOTHING), Fate::Answered(2.0 * first));
        let taken = (0..20_000)
            .filter(|_| node.take(0.0, false, 0.0, &NOTHING) != Fate::Refused)
            .count();
        // Two cores, a tenth of a second, 20 us each: 10,000 and those that were first.
        assert!((9_990..=10_010).contains(&taken), "{taken}");
    }

    #[test]
    fn a_full_queue_refuses_people_and_nobody_else() {
        let mut node = node();
        for number in 0..QUEUE {
            let fate = node.take(number as f64, true, 0.0, &NOTHING);
            assert!(matches!(fate, Fate::Answered(_)), "{number}");
        }
        let later = QUEUE as f64;
        assert_eq!(node.take(later, true, 0.0, &NOTHING), Fate::Refused);
        assert!(matches!(node.take(later, false, 0.0, &NOTHING), Fate::Answered(_)));
        // A batch makes room.
        assert!(node.begin_to_write(later).is_some());
        assert!(matches!(node.take(later, true, 0.0, &NOTHING), Fate::Answered(_)));
    }

    #[test]
    fn a_batch_that_was_not_written_is_tried_again_and_counted_once() {
        let mut node = node();
        node.take(0.0, true, 0.0, &NOTHING);
        let done = node.begin_to_write(0.0).unwrap();
        assert!((done - 500e-6).abs() < 1e-12);
        assert_eq!(node.end_batch(done, false), Some(done + AGAIN));
        assert_eq!(node.written, 0);
        assert_eq!(node.end_batch(done + AGAIN, true), None);
        assert_eq!((node.told, node.written), (1, 1));
    }

    #[test]
    fn a_redis_that_is_gone_costs_its_timeout_until_that_is_known() {
        let fault = Fault {
            failure: Failure::Redis,
            from: 10.0,
            until: 20.0,
        };
        let mut node = node();
        let mut wait = |time: f64, person: bool| match node.take(time, person, 0.0, &fault) {
            Fate::Answered(seconds) => seconds - 20e-6,
            other => panic!("{other:?}"),
        };
        for (time, person, expected) in [
            (9.0, true, EXCHANGE),
            (9.0, false, 0.0),
            (10.01, true, TIMEOUT),
            (10.01, false, 0.0),
            (15.0, true, 0.0),
            (21.0, true, EXCHANGE),
        ] {
            assert!((wait(time, person) - expected).abs() < 1e-9, "{time} {person}");
        }
    }
}
