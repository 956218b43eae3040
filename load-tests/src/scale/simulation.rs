//! A failure, played through: calls arrive at random, nodes work them off, something breaks and comes back. Time is virtual, and the
//! same seed gives the same story to the last digit.
//!
//! One node of each data centre is simulated: the others see the same. What is modelled of a node is what its code does: cores that
//! take calls in order and refuse when they are late, a queue of what is to be written about people, a writer that
//! tries again each half second, and limits that ask the Redis until they know that it is gone.

mod node;
mod story;

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use serde::Serialize;

use super::random::Random;
use super::{Costs, Demand, Needs, Part};
use node::{Fate, Node};
use story::Teller;

pub use story::{Phase, Seen, Story};

/// Seconds without a fault first.
const CALM: f64 = 20.0;
/// Seconds that the fault lasts.
const OUTAGE: f64 = 30.0;
/// Seconds that are watched after it.
const AFTERMATH: f64 = 60.0;
/// Seconds until whoever sends calls to data centres has noticed that one is gone.
const TAKEOVER: f64 = 5.0;
/// Seconds that an agency takes to answer, in the mean.
const AGENCY: f64 = 0.04;

/// What breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Failure {
    /// The PostgreSQL is away.
    Database,
    /// The Redis of shared limits is away.
    Redis,
    /// A data centre is gone, with all its nodes.
    Centre,
}

impl Failure {
    /// What breaks when `part` does.
    pub fn of(part: Part) -> Self {
        match part {
            Part::Processors => Self::Centre,
            Part::Writers | Part::Database => Self::Database,
            Part::Redis => Self::Redis,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Database => "the PostgreSQL is away",
            Self::Redis => "the Redis of shared limits is away",
            Self::Centre => "a data centre is gone",
        }
    }
}

/// From when to when what is broken.
#[derive(Debug, Clone, Copy)]
struct Fault {
    failure: Failure,
    from: f64,
    until: f64,
}

impl Fault {
    /// Whether it is `failure`, and on at `time`.
    fn is(&self, failure: Failure, time: f64) -> bool {
        self.failure == failure && (self.from..self.until).contains(&time)
    }
}

/// Something that happens at a time.
struct Event {
    time: f64,
    /// In the order of planning, where times are equal.
    number: u64,
    what: What,
}

enum What {
    Arrival,
    /// The writer of this node is done with its batch, or tries it again.
    Written(usize),
}

/// Plays `failure` through.
pub(super) fn run(demand: &Demand, costs: &Costs, needs: &Needs, failure: Failure, seed: u64) -> Story {
    let fault = Fault {
        failure,
        from: CALM,
        until: CALM + OUTAGE,
    };
    let mut world = World {
        random: Random::new(seed),
        fault,
        person_share: demand.person_share,
        // One node of each centre has its share of the peak.
        interval: needs.nodes_a_centre as f64 / demand.peak,
        nodes: (0..demand.centres).map(|_| Node::new(demand, costs)).collect(),
        events: BinaryHeap::new(),
        planned: 0,
    };
    let mut teller = Teller::new(fault);
    let end = fault.until + AFTERMATH;
    world.plan(0.0, What::Arrival);
    while let Some(Event { time, what, .. }) = world.events.pop() {
        match what {
            What::Arrival if time < end => world.arrive(time, &mut teller),
            // No more calls: the writers still write what they were told.
            What::Arrival => {}
            What::Written(node) => world.written(node, time),
        }
    }
    let sum = |count: fn(&Node) -> u64| world.nodes.iter().map(count).sum();
    teller.end(
        sum(|node| node.told),
        sum(|node| node.written),
        sum(|node| node.lost),
        world.nodes.iter().map(|node| node.most_waiting).max().unwrap_or(0),
    )
}

struct World {
    random: Random,
    fault: Fault,
    person_share: f64,
    /// Mean seconds between two calls.
    interval: f64,
    nodes: Vec<Node>,
    events: BinaryHeap<Event>,
    planned: u64,
}

impl World {
    fn plan(&mut self, time: f64, what: What) {
        self.planned += 1;
        let number = self.planned;
        self.events.push(Event { time, number, what });
    }

    /// A call comes to one of the nodes.
    fn arrive(&mut self, time: f64, teller: &mut Teller) {
        let next = time + self.random.exponential(self.interval);
        self.plan(next, What::Arrival);
        let gone = self.fault.is(Failure::Centre, time);
        // The first centre is the one that goes; nobody is sent there once that is known.
        let first = usize::from(gone && time >= self.fault.from + TAKEOVER);
        let among = self.nodes.len() - first;
        let index = first + (self.random.unit() * among as f64) as usize;
        let person = self.random.unit() < self.person_share;
        let agency = self.random.exponential(AGENCY);
        let fault = self.fault;
        let Some(node) = self.nodes.get_mut(index) else { return };
        if gone && index == 0 {
            node.lose(time);
            teller.tell(time, person, Fate::Failed);
            return;
        }
        let mut fate = node.take(time, person, agency, &fault);
        let mut noticed = time;
        // What is under way in a centre ends with it.
        if let Fate::Answered(seconds) = fate
            && index == 0
            && fault.failure == Failure::Centre
            && (time..time + seconds).contains(&fault.from)
        {
            fate = Fate::Failed;
            noticed = fault.from;
        }
        teller.tell(noticed, person, fate);
        if let Some(done) = node.begin_to_write(time) {
            self.plan(done, What::Written(index));
        }
    }

    fn written(&mut self, index: usize, time: f64) {
        let away = self.fault.is(Failure::Database, time);
        let gone = index == 0 && self.fault.is(Failure::Centre, time);
        let Some(node) = self.nodes.get_mut(index) else { return };
        if gone {
            node.lose(time);
            return;
        }
        if let Some(done) = node.end_batch(time, !away) {
            self.plan(done, What::Written(index));
        }
    }
}

impl Ord for Event {
    fn cmp(&self, other: &Self) -> Ordering {
        // The heap gives out its greatest: the earliest is that.
        other.time.total_cmp(&self.time).then(other.number.cmp(&self.number))
    }
}

impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Event {}

#[cfg(test)]
mod tests;
