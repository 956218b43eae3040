//! A sense of danger learned from sentences: a linear judge between those that tell of an emergency and those that do
//! not, and which kind it is. The cues find what somebody thought of; this finds what is told in words like those known.

use std::hash::Hasher;

use crate::engine::index::Bag;
use crate::text::analysis::Analysis;

/// Terms are filed by their hash in this many places; two terms in one place is rare and does little harm.
const PLACES: usize = 1 << 17;
/// How often the sentences are gone through.
const ROUNDS: usize = 10;
/// How much a sentence on the wrong side costs.
const COST: f32 = 0.3;
/// A message's terms together weigh this much, however long it is.
const LENGTH: f32 = 4.0;

/// The terms of a message by place, with their weights.
pub(super) type Terms = Vec<(u32, f32)>;

/// One side of a line between two kinds of sentence.
#[derive(Default)]
pub(super) struct Judge {
    weights: Vec<f32>,
}

/// What the words, neighbouring words and signals of a message say, in places.
pub(super) fn terms(analysis: &Analysis, bag: &Bag, signals: &[String]) -> Terms {
    let mut terms: Terms = Vec::with_capacity(bag.len() * 2 + signals.len());
    let known = bag.iter().filter(|(term, _)| !term.starts_with("b:"));
    terms.extend(known.map(|(term, weight)| (place(&[term]), *weight)));
    let words = analysis.tokens.iter().filter(|token| !token.place);
    let mut before: Option<(&str, usize)> = None;
    for token in words {
        // As written: whether it is over or goes on shows in endings and small words.
        let word = token.meant.as_deref().unwrap_or(&token.norm);
        terms.push((place(&["w", word]), 1.0));
        if let Some((last, _)) = before.filter(|(_, sentence)| *sentence == token.sentence) {
            terms.push((place(&["p", last, word]), 1.0));
        }
        before = Some((word, token.sentence));
    }
    terms.extend(signals.iter().map(|signal| (place(&["signal", signal]), 1.0)));
    terms.sort_unstable_by_key(|(place, _)| *place);
    terms.dedup_by_key(|(place, _)| *place);
    let square: f32 = terms.iter().map(|(_, weight)| weight * weight).sum();
    let share = LENGTH / square.sqrt().max(1e-3);
    for (_, weight) in &mut terms {
        *weight *= share;
    }
    // What every message has: most messages tell of no danger.
    terms.push((place(&["any"]), 1.0));
    terms
}

/// The place of a term: the same on every machine and in every run.
fn place(parts: &[&str]) -> u32 {
    struct Fnv(u64);
    impl Hasher for Fnv {
        fn finish(&self) -> u64 {
            self.0
        }
        fn write(&mut self, bytes: &[u8]) {
            for byte in bytes {
                self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    for part in parts {
        hash.write(part.as_bytes());
        hash.write(b" ");
    }
    let folded = hash.finish() ^ hash.finish() >> 32;
    u32::try_from(folded % PLACES as u64).unwrap_or(0)
}

impl Judge {
    /// Learns the line (a linear support vector machine, by dual coordinate descent) between the sentences of which
    /// `belongs` is true and the others.
    pub(super) fn learn(sentences: &[&Terms], belongs: impl Fn(usize) -> bool) -> Self {
        let mut judge = Self {
            weights: vec![0.0; PLACES],
        };
        let give = 0.5 / COST;
        let lengths: Vec<f32> = sentences
            .iter()
            .map(|terms| terms.iter().map(|(_, weight)| weight * weight).sum::<f32>() + give)
            .collect();
        let mut pull = vec![0.0_f32; sentences.len()];
        let mut order: Vec<usize> = (0..sentences.len()).collect();
        let mut easy = vec![false; sentences.len()];
        let mut chance = 0x2545_f491_4f6c_dd1d_u64;
        for round in 1..=ROUNDS {
            // The order changes from round to round, and is the same in every run.
            for last in (1..order.len()).rev() {
                chance = chance
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let other = usize::try_from(chance >> 33).unwrap_or(0) % (last + 1);
                order.swap(last, other);
            }
            for at in order.iter().copied() {
                // What lies far on its own side is looked at now and then only.
                let (Some(terms), Some(pull), Some(easy), Some(length)) =
                    (sentences.get(at), pull.get_mut(at), easy.get_mut(at), lengths.get(at))
                else {
                    continue;
                };
                if *easy && round % 4 != 0 {
                    continue;
                }
                let side = if belongs(at) { 1.0 } else { -1.0 };
                let short = side * judge.of(terms) - 1.0 + *pull * give;
                *easy = *pull == 0.0 && short > 0.3;
                let next = (*pull - short / length).max(0.0);
                let change = (next - *pull) * side;
                *pull = next;
                if change != 0.0 {
                    for (place, weight) in *terms {
                        if let Some(known) = usize::try_from(*place).ok().and_then(|at| judge.weights.get_mut(at)) {
                            *known += change * weight;
                        }
                    }
                }
            }
        }
        judge
    }

    /// On which side of the line a message lies and how far: above 0 it belongs.
    pub(super) fn of(&self, terms: &Terms) -> f32 {
        let weight = |place: u32| usize::try_from(place).ok().and_then(|at| self.weights.get(at));
        terms
            .iter()
            .map(|(place, strength)| weight(*place).copied().unwrap_or(0.0) * strength)
            .sum()
    }
}
