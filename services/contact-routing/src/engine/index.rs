//! Phrasings as an index: how much each term says for each need, and which single phrasing is nearest.

use hashbrown::HashMap;

use crate::text::analysis::Analysis;

/// How much a family of words, a part of a compound, and two neighbouring words count beside a whole word.
const FAMILY: f32 = 0.9;
const PART: f32 = 0.75;
const PAIR: f32 = 0.5;
/// How much a word counts that stands in a message about anything.
const COMMON: f32 = 0.8;
/// How soon a term says no more for standing in more phrasings of a class.
const SATURATION: f32 = 0.4;
/// What a term says whichever class has it; the rest goes by its share of the term, the more evenly the smaller the power.
const SHARED: f32 = 0.85;
const OWN_POWER: f32 = 0.25;
/// How much it says that a term stands in a class more often than a class of its size would have it by chance.
const LIKELY: f32 = 2.0;
/// A class counts as this much bigger than it is, and every term as expected this often at least.
const CLASS_SIZE: f32 = 300.0;
const EXPECTED: f32 = 0.1;
/// What an unknown word takes from nearness.
const UNKNOWN: f32 = 4.0;

/// Terms of a text with their weights.
pub type Bag = Vec<(String, f32)>;

/// The terms of an analysed text.
#[must_use]
pub fn bag(analysis: &Analysis) -> Bag {
    let mut bag: Bag = Vec::with_capacity(analysis.tokens.len() * 3);
    let mut put = |term: String, weight: f32| bag.push((term, weight));
    let mut before: Option<(&str, usize)> = None;
    for token in &analysis.tokens {
        for concept in &token.concepts {
            put(["@", concept].concat(), FAMILY * token.trust);
        }
        for part in &token.parts {
            put(["s:", part].concat(), PART * token.trust);
        }
        if token.stop {
            continue;
        }
        if !token.swedish.is_empty() {
            let share = if token.common { COMMON } else { 1.0 };
            put(["s:", &token.swedish].concat(), share * token.trust);
        }
        if !token.english.is_empty() {
            put(["e:", &token.english].concat(), token.trust);
        }
        let stem = if token.swedish.is_empty() {
            &token.english
        } else {
            &token.swedish
        };
        if let Some((last, sentence)) = before
            && sentence == token.sentence
        {
            put(["b:", last, " ", stem].concat(), PAIR * token.trust);
        }
        before = Some((stem, token.sentence));
    }
    bag.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    // A term counts as much as it does where it counts most.
    bag.dedup_by(|(term, weight), (kept_term, kept)| {
        let same = term == kept_term;
        if same {
            *kept = kept.max(*weight);
        }
        same
    });
    bag
}

/// What one phrasing or cue adds to a class.
pub struct Sample {
    /// The class.
    pub class: usize,
    /// Its terms.
    pub bag: Bag,
    /// How much it counts: 1 for a phrasing, less for loose words.
    pub weight: f32,
    /// Whether it is a whole phrasing that a question may be near to.
    pub phrasing: bool,
}

/// How a question scores a class.
#[derive(Clone, Copy, Debug, Default)]
pub struct Score {
    /// Sum over its terms.
    pub terms: f32,
    /// Nearness to the nearest phrasing, from 0 to 1.
    pub nearest: f32,
}

/// The index.
#[derive(Default)]
pub struct Index {
    ids: HashMap<String, u32>,
    idf: Vec<f32>,
    /// For each term: classes with the term's weight in them.
    classes: Vec<Vec<(u32, f32)>>,
    /// For each term: phrasings and the term's weight in them.
    phrasings: Vec<Vec<(u32, f32)>>,
    /// For each phrasing: its class and length.
    about: Vec<(u32, f32)>,
    count: usize,
}

impl Index {
    /// Builds the index over `count` classes.
    #[must_use]
    pub fn new(count: usize, samples: &[Sample]) -> Self {
        let mut index = Self {
            count,
            ..Self::default()
        };
        // For each term its classes in order, with how often each has it.
        let mut within: Vec<Vec<(u32, f32)>> = Vec::new();
        let mut terms: Vec<u32> = Vec::with_capacity(samples.iter().map(|sample| sample.bag.len()).sum());
        for sample in samples {
            let class = u32::try_from(sample.class).unwrap_or(u32::MAX);
            for (term, weight) in &sample.bag {
                let next = u32::try_from(index.ids.len()).unwrap_or(u32::MAX);
                let id = *index.ids.entry_ref(term.as_str()).or_insert(next);
                terms.push(id);
                if id == next {
                    within.push(Vec::new());
                }
                let Some(classes) = usize::try_from(id).ok().and_then(|at| within.get_mut(at)) else {
                    continue;
                };
                let more = weight * sample.weight;
                match classes.binary_search_by_key(&class, |(class, _)| *class) {
                    Ok(at) => {
                        if let Some((_, count)) = classes.get_mut(at) {
                            *count += more;
                        }
                    }
                    Err(at) => classes.insert(at, (class, more)),
                }
            }
        }
        let all = count as f32;
        let sizes = sizes(count, samples);
        let whole: f32 = sizes.iter().sum();
        index.idf = within
            .iter()
            .map(|classes| (1.0 + (all - classes.len() as f32 + 0.5) / (classes.len() as f32 + 0.5)).ln())
            .collect();
        index.classes = within
            .into_iter()
            .zip(&index.idf)
            .map(|(classes, idf)| {
                // Sums are made in a fixed order: the same engine twice gives the same numbers to the last bit.
                let total: f32 = classes.iter().map(|(_, count)| count).sum();
                classes
                    .into_iter()
                    .map(|(class, count)| {
                        // How often a phrasing of this class has the term, and how much the term belongs to it alone.
                        let often = count / (count + SATURATION);
                        let own = (count / total).powf(OWN_POWER);
                        let size = usize::try_from(class)
                            .ok()
                            .and_then(|at| sizes.get(at))
                            .copied()
                            .unwrap_or(0.0);
                        let by_chance = total / whole * (size + CLASS_SIZE) + EXPECTED;
                        let likely = (count / by_chance).ln_1p();
                        (class, idf * often * (SHARED + (1.0 - SHARED) * own) + LIKELY * likely)
                    })
                    .collect()
            })
            .collect();
        index.file_phrasings(samples, &terms);
        index
    }

    /// `terms` are those of all samples, in order.
    fn file_phrasings(&mut self, samples: &[Sample], terms: &[u32]) {
        self.phrasings = vec![Vec::new(); self.idf.len()];
        let mut rest = terms;
        for sample in samples {
            let (terms, after) = rest.split_at_checked(sample.bag.len()).unwrap_or_default();
            rest = after;
            if !sample.phrasing {
                continue;
            }
            let number = u32::try_from(self.about.len()).unwrap_or(u32::MAX);
            let mut square = 0.0;
            for ((_, weight), term) in sample.bag.iter().zip(terms) {
                let Ok(at) = usize::try_from(*term) else { continue };
                let strength = weight * self.idf.get(at).copied().unwrap_or(0.0);
                square += strength * strength;
                if let Some(list) = self.phrasings.get_mut(at) {
                    list.push((number, strength));
                }
            }
            self.about
                .push((u32::try_from(sample.class).unwrap_or(u32::MAX), square.sqrt().max(1e-3)));
        }
    }

    fn at(&self, term: &str) -> Option<usize> {
        self.ids.get(term).and_then(|id| usize::try_from(*id).ok())
    }

    /// How much a term says at all; an unknown word says something, but not as much as the rarest known one.
    #[must_use]
    pub fn strength(&self, term: &str) -> f32 {
        self.at(term).and_then(|at| self.idf.get(at).copied()).unwrap_or(2.5)
    }

    /// Whether a class has a term at all.
    #[must_use]
    pub fn class_has(&self, class: usize, term: &str) -> bool {
        self.at(term)
            .and_then(|at| self.classes.get(at))
            .is_some_and(|classes| classes.iter().any(|(one, _)| usize::try_from(*one) == Ok(class)))
    }

    /// Scores every class for a question.
    #[must_use]
    pub fn score(&self, bag: &Bag) -> Vec<Score> {
        let mut scores = vec![Score::default(); self.count];
        // Dense: common terms touch thousands of phrasings, and a map would cost more than the whole rest.
        let mut products = vec![0.0_f32; self.about.len()];
        let mut square = 0.0;
        for (term, weight) in bag {
            let Some(at) = self.at(term) else {
                // Words that no need knows make every phrasing a little less near.
                if !term.starts_with("b:") {
                    square += weight * weight * UNKNOWN;
                }
                continue;
            };
            let strength = weight * self.idf.get(at).copied().unwrap_or(0.0);
            square += strength * strength;
            for (class, value) in self.classes.get(at).into_iter().flatten() {
                if let Some(score) = usize::try_from(*class).ok().and_then(|class| scores.get_mut(class)) {
                    score.terms += weight * value;
                }
            }
            for (phrasing, value) in self.phrasings.get(at).into_iter().flatten() {
                if let Some(product) = usize::try_from(*phrasing).ok().and_then(|at| products.get_mut(at)) {
                    *product += strength * value;
                }
            }
        }
        let length = square.sqrt().max(1e-3);
        for (product, (class, own)) in products.iter().zip(&self.about).filter(|(product, _)| **product > 0.0) {
            if let Some(score) = usize::try_from(*class).ok().and_then(|class| scores.get_mut(class)) {
                score.nearest = score.nearest.max(product / (length * own));
            }
        }
        scores
    }
}

/// How much of all that is known each class has.
fn sizes(count: usize, samples: &[Sample]) -> Vec<f32> {
    let mut sizes = vec![0.0; count];
    for sample in samples {
        if let Some(size) = sizes.get_mut(sample.class) {
            *size += sample.weight * sample.bag.iter().map(|(_, weight)| weight).sum::<f32>();
        }
    }
    sizes
}
