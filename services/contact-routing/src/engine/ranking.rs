//! A ranking of needs learned beforehand from many thousand phrasings: for each need a line between its own and all others.
//!
//! Learning takes a minute, so its outcome is a file beside the data (`contact-routing learn`), and a test holds that the two
//! belong together.

mod file;
mod learning;

use hashbrown::HashMap;

pub(super) use self::learning::{Told, classes, fingerprint, learn, lines};

use crate::engine::index::Bag;
use crate::engine::linear::{Hash, Terms, place};
use crate::text::analysis::Analysis;

/// How long the pieces of words are, in characters.
const PIECES: std::ops::RangeInclusive<usize> = 3..=5;

/// What was learned. Weights are whole numbers of `unit`.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Ranking {
    /// Of what it was learned.
    fingerprint: u64,
    /// The needs, by id, and what is said for each before anything is read.
    needs: Vec<(String, f32)>,
    unit: f32,
    /// By place: how much a term there says at all, in sixteenths.
    strengths: Vec<u8>,
    /// By place: where its weights begin.
    starts: Vec<u32>,
    /// Need and weight.
    weights: Vec<(u16, i8)>,
    /// By place: which row of `dense` it has, counted from 1; 0 is none. What stands in messages about anything has weights for most
    /// needs, and is gone through faster than looked up.
    rows: Vec<u16>,
    /// In each row a weight for every need.
    dense: Vec<i8>,
}

/// A place with weights for more than one need in so many has a row.
const DENSE: usize = 6;

impl Ranking {
    /// Of what it was learned.
    pub(super) fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// For each of `ids` its place among the needs of this ranking, where it knows them.
    pub(super) fn places_of(&self, ids: &[&str]) -> Vec<Option<usize>> {
        let known: HashMap<&str, usize> = self
            .needs
            .iter()
            .enumerate()
            .map(|(at, (id, _))| (id.as_str(), at))
            .collect();
        ids.iter().map(|id| known.get(id).copied()).collect()
    }

    /// How far each need's line is from a message: above 0 it belongs, around -1 it is none of this.
    pub(super) fn score(&self, analysis: &Analysis, bag: &Bag) -> Vec<f32> {
        let mut scores = vec![0.0_f32; self.needs.len()];
        for (term, strength) in weighed(terms(analysis, bag), |place| self.strength(place)) {
            let strength = strength * self.unit;
            if let Some(row) = self.row(term) {
                for (score, weight) in scores.iter_mut().zip(row) {
                    *score += strength * f32::from(*weight);
                }
                continue;
            }
            for (need, weight) in self.at(term) {
                if let Some(score) = scores.get_mut(usize::from(*need)) {
                    *score += strength * f32::from(*weight);
                }
            }
        }
        for (score, (_, before)) in scores.iter_mut().zip(&self.needs) {
            *score += before;
        }
        scores
    }

    fn row(&self, place: u32) -> Option<&[i8]> {
        let row = usize::from(*self.rows.get(usize::try_from(place).ok()?)?).checked_sub(1)?;
        self.dense.get(row * self.needs.len()..(row + 1) * self.needs.len())
    }

    fn strength(&self, place: u32) -> f32 {
        let known = usize::try_from(place).ok().and_then(|at| self.strengths.get(at));
        f32::from(known.copied().unwrap_or(0)) / 16.0
    }

    fn at(&self, place: u32) -> &[(u16, i8)] {
        let start = |at: usize| self.starts.get(at).and_then(|start| usize::try_from(*start).ok());
        usize::try_from(place)
            .ok()
            .and_then(|at| self.weights.get(start(at)?..start(at + 1)?))
            .unwrap_or_default()
    }
}

/// What a message says: its words as they are understood, and pieces of them as they are written.
#[derive(Debug, Default)]
pub(super) struct Said {
    words: Terms,
    pieces: Terms,
}

/// Reads a message.
fn terms(analysis: &Analysis, bag: &Bag) -> Said {
    let mut said = Said {
        words: bag.iter().map(|(term, weight)| (place(&[term]), *weight)).collect(),
        pieces: Vec::with_capacity(analysis.tokens.len() * 16),
    };
    let before = Hash::NEW.part("c");
    let mut written = String::new();
    for token in analysis.tokens.iter().filter(|token| !token.place) {
        written.clear();
        written.extend([" ", &token.norm, " "]);
        for (start, _) in written.char_indices() {
            let letters = written.get(start..).unwrap_or_default().chars();
            let mut hash = before;
            for (length, letter) in (1..=*PIECES.end()).zip(letters) {
                hash = hash.with(letter.encode_utf8(&mut [0; 4]));
                if PIECES.contains(&length) {
                    said.pieces.push((hash.part("").place(), 1.0));
                }
            }
        }
    }
    for terms in [&mut said.words, &mut said.pieces] {
        terms.sort_unstable_by_key(|(place, _)| *place);
        terms.dedup_by(|(place, more), (kept, weight)| {
            let same = place == kept;
            if same {
                *weight += *more;
            }
            same
        });
    }
    said
}

/// The terms of a message as they are learned from and judged: each by how much it says, words and pieces alike in all.
fn weighed(said: Said, strength: impl Fn(u32) -> f32) -> Terms {
    let mut all = Terms::with_capacity(said.words.len() + said.pieces.len() + 1);
    for mut terms in [said.words, said.pieces] {
        for (place, weight) in &mut terms {
            // The second time a word is said it says less.
            let often = if *weight > 1.0 { 1.0 + weight.ln() } else { *weight };
            *weight = often * strength(*place);
        }
        let square: f32 = terms.iter().map(|(_, weight)| weight * weight).sum();
        let share = 1.0 / square.sqrt().max(1e-3);
        all.extend(
            terms
                .into_iter()
                .filter(|(_, weight)| *weight > 0.0)
                .map(|(place, weight)| (place, weight * share)),
        );
    }
    all
}
