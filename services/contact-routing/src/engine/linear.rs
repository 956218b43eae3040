//! A line between two kinds of text, learned from examples of both: for what is told in words like those known, where
//! cues find only what somebody thought of.

/// Terms are filed by their hash in this many places; two terms in one place is rare and does little harm.
pub(super) const PLACES: usize = 1 << 17;
/// How often the examples are gone through.
const ROUNDS: usize = 10;
/// How much an example on the wrong side costs.
const COST: f32 = 0.3;

/// The terms of a message by place, with their weights.
pub(super) type Terms = Vec<(u32, f32)>;

/// One side of a line between two kinds of message.
#[derive(Default)]
pub(super) struct Judge {
    weights: Vec<f32>,
}

/// The place of a term: the same on every machine and in every run.
pub(super) fn place(parts: &[&str]) -> u32 {
    parts.iter().fold(Hash::NEW, |hash, part| hash.part(part)).place()
}

/// A number for texts, each with `end` after it (FNV-1a, 64 bits).
pub(super) fn fnv<'t>(texts: impl Iterator<Item = &'t str>, end: u8) -> u64 {
    texts.fold(Hash::NEW, |hash, text| hash.with(text).with_byte(end)).0
}

/// A hash in the making, so that terms that begin alike share the work.
#[derive(Clone, Copy)]
pub(super) struct Hash(u64);

impl Hash {
    pub(super) const NEW: Self = Self(0xcbf2_9ce4_8422_2325);

    /// With a whole part of a term.
    pub(super) fn part(self, part: &str) -> Self {
        self.with(part).with_byte(b' ')
    }

    /// With the beginning of a part.
    pub(super) fn with(self, text: &str) -> Self {
        text.bytes().fold(self, Self::with_byte)
    }

    fn with_byte(self, byte: u8) -> Self {
        Self((self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }

    /// The place of a term that ends here.
    pub(super) fn place(self) -> u32 {
        let folded = self.0 ^ self.0 >> 32;
        u32::try_from(folded % PLACES as u64).unwrap_or(0)
    }
}

impl Judge {
    /// Learns the line (a linear support vector machine, by dual coordinate descent) between the examples of which
    /// `belongs` is true and the others.
    pub(super) fn learn(examples: &[&Terms], belongs: impl Fn(usize) -> bool) -> Self {
        let mut judge = Self {
            weights: vec![0.0; PLACES],
        };
        let give = 0.5 / COST;
        let lengths: Vec<f32> = examples
            .iter()
            .map(|terms| terms.iter().map(|(_, weight)| weight * weight).sum::<f32>() + give)
            .collect();
        let mut pull = vec![0.0_f32; examples.len()];
        let mut order: Vec<usize> = (0..examples.len()).collect();
        let mut easy = vec![false; examples.len()];
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
                    (examples.get(at), pull.get_mut(at), easy.get_mut(at), lengths.get(at))
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

    /// The line of these weights, by place.
    pub(super) fn of_weights(weights: impl Iterator<Item = (u32, f32)>) -> Self {
        let mut judge = Self {
            weights: vec![0.0; PLACES],
        };
        for (place, weight) in weights {
            if let Some(known) = usize::try_from(place).ok().and_then(|at| judge.weights.get_mut(at)) {
                *known = weight;
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

    /// The terms that say most, either way, by place.
    pub(super) fn strongest(&self, most: usize) -> Vec<(u32, f32)> {
        let mut all: Vec<(u32, f32)> = (0..)
            .zip(self.weights.iter().copied())
            .filter(|(_, weight)| *weight != 0.0)
            .collect();
        all.sort_unstable_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
        all.truncate(most);
        all
    }
}
