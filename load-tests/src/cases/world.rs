//! Who has cases where, and how each source behaves. Everything follows from numbers, so that any answer can be judged
//! without anything having been kept.

use std::time::Duration;

/// The most sources that one person has to do with.
const MOST_ENGAGED: u64 = 12;

/// How a source behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// It answers, if slowly at times.
    Answers,
    /// It answers 503.
    Refuses,
    /// It takes the request and never answers.
    Hangs,
    /// It answers something else.
    Babbles,
    /// It answers about somebody else.
    Mistakes,
}

/// The people and the sources.
#[derive(Debug)]
pub(super) struct World {
    people: u32,
    sources: u32,
    deadline: Duration,
}

impl World {
    pub(super) fn new(people: u32, sources: u32, deadline: Duration) -> Self {
        Self {
            people,
            sources: sources.max(1),
            deadline,
        }
    }

    pub(super) fn sources(&self) -> u32 {
        self.sources
    }

    /// When sources must have answered.
    pub(super) fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Everybody once, in an order that is another in each round.
    pub(super) fn order(&self, round: u32) -> impl Iterator<Item = u32> + use<> {
        let people = self.people;
        let first = number(&[11, u64::from(round)]) % u64::from(people);
        (0..people).map(move |at| u32::try_from((first + u64::from(at)) % u64::from(people)).unwrap_or(0))
    }

    /// What the gateway calls the person.
    pub(super) fn party(person: u32) -> String {
        format!("person-{person}")
    }

    /// What a source calls the person; no answer may hold it.
    pub(super) fn identifier(person: u32, source: u32) -> String {
        format!("known-as-{person}-at-{source}")
    }

    /// Whom a source means by this.
    pub(super) fn person_of(identifier: &str) -> Option<u32> {
        identifier.strip_prefix("known-as-")?.split_once("-at-")?.0.parse().ok()
    }

    /// The sources that a person has to do with: few or many, none twice.
    pub(super) fn engaged(&self, person: u32) -> Vec<u32> {
        let count = 1 + number(&[1, u64::from(person)]) % MOST_ENGAGED.min(u64::from(self.sources));
        let mut found = Vec::new();
        for at in 0..4 * MOST_ENGAGED {
            let source = number(&[2, u64::from(person), at]) % u64::from(self.sources);
            let source = u32::try_from(source).unwrap_or(0);
            if found.len() as u64 == count {
                break;
            }
            if !found.contains(&source) {
                found.push(source);
            }
        }
        found
    }

    /// How many cases a person has with a source.
    pub(super) fn cases(person: u32, source: u32) -> u64 {
        1 + number(&[3, u64::from(person), u64::from(source)]) % 3
    }

    /// How a source behaves: each twentieth fails, in one way or another.
    pub(super) fn manner(source: u32) -> Manner {
        match (source % 20, source / 20 % 4) {
            (7, 0) => Manner::Refuses,
            (7, 1) => Manner::Hangs,
            (7, 2) => Manner::Babbles,
            (7, _) => Manner::Mistakes,
            _ => Manner::Answers,
        }
    }

    /// How long a source takes to answer about a person: around a median of its own, of which one answer in ten takes four
    /// times as much, and one in a hundred fifteen times.
    pub(super) fn latency(person: u32, source: u32) -> Duration {
        let median = 5_000 + number(&[4, u64::from(source)]) % 75_000;
        let drawn = number(&[5, u64::from(person), u64::from(source)]) % 1000;
        let micros = match drawn {
            0..10 => median * 15,
            10..100 => median * 4,
            _ => median * (500 + drawn) / 1000,
        };
        Duration::from_micros(micros)
    }
}

/// A number that looks random and is the same each time (splitmix64).
fn number(words: &[u64]) -> u64 {
    let mut state = 0_u64;
    for word in words {
        state = state.wrapping_add(*word).wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        state = mixed ^ (mixed >> 31);
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_asks_once_a_round_and_has_to_do_with_a_few_of_the_sources() {
        let world = World::new(1000, 200, Duration::from_secs(1));
        for round in 0..2 {
            let mut all: Vec<_> = world.order(round).collect();
            all.sort_unstable();
            assert!(all.into_iter().eq(0..1000));
        }
        let counts: Vec<_> = (0..1000).map(|person| world.engaged(person).len()).collect();
        assert!(counts.iter().all(|count| (1..=12).contains(count)));
        let mean = counts.iter().sum::<usize>() as f64 / 1000.0;
        assert!((5.5..7.5).contains(&mean), "{mean}");
        assert_eq!(World::person_of(&World::identifier(17, 3)), Some(17));
    }

    #[test]
    fn five_percent_of_the_sources_fail_in_each_of_four_ways() {
        let failing: Vec<_> = (0..200)
            .map(World::manner)
            .filter(|manner| *manner != Manner::Answers)
            .collect();
        assert_eq!(failing.len(), 10);
        for manner in [Manner::Refuses, Manner::Hangs, Manner::Babbles, Manner::Mistakes] {
            assert!(failing.contains(&manner), "{manner:?}");
        }
    }

    #[test]
    fn latencies_are_mostly_short_with_a_long_tail() {
        let mut all: Vec<_> = (0..20_000).map(|at| World::latency(at, at % 200)).collect();
        all.sort_unstable();
        let at = |share: f64| all[(share * 20_000.0) as usize].as_millis();
        assert!((20..100).contains(&at(0.5)), "{}", at(0.5));
        assert!((150..400).contains(&at(0.97)), "{}", at(0.97));
        assert!(at(0.999) > 700, "{}", at(0.999));
    }
}
