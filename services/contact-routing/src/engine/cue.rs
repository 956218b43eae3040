//! Cues: words that decide together. A cue is units separated by blanks, all of which must be in the message; a unit is
//! alternatives separated by `|`. `förlopp*` matches a beginning, `=pass` that form alone, `@child` a family of words,
//! `god_man` words in a row, and `[0-9]` a number.

use hashbrown::HashMap;

use crate::text::analysis::{Analysis, Token};
use crate::text::language::Language;
use crate::text::lexicon::Lexicon;

/// A shorter stem says too little, unless the word itself is as short or irregular.
const SHORTEST_STEM: usize = 4;

/// One alternative of a unit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Atom {
    Word(String),
    Exact(String),
    Prefix(String),
    Concept(String),
    Number,
    Row(Vec<String>),
}

/// Where a cue belongs: its owner's number, and its units.
#[derive(Clone, Debug)]
struct Cue {
    owner: u32,
    units: u32,
    weight: f32,
}

/// A cue that a message holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// Number of the cue.
    pub cue: u32,
    /// Whose cue it is.
    pub owner: u32,
    /// How much it says, after trust in the spelling.
    pub weight: f32,
    /// Index of the first word that it rests on.
    pub first: usize,
    /// The sentences that hold it, one bit each.
    pub sentences: u64,
}

/// Cues compiled so that a message is matched in one pass over its words.
#[derive(Default)]
pub struct Cues {
    cues: Vec<Cue>,
    atoms: HashMap<Atom, u32>,
    uses: Vec<Vec<(u32, u32)>>,
    words: HashMap<String, Vec<u32>>,
    english: HashMap<String, Vec<u32>>,
    exact: HashMap<String, Vec<u32>>,
    part_stems: HashMap<String, Vec<u32>>,
    strict: bool,
    prefixes: HashMap<String, Vec<u32>>,
    concepts: HashMap<String, Vec<u32>>,
    numbers: Vec<u32>,
    rows: HashMap<String, Vec<(u32, Vec<String>)>>,
}

/// What one atom found: in which sentences, how well, and where first.
#[derive(Clone, Copy)]
struct Seen {
    sentences: u64,
    trust: f32,
    first: usize,
}

impl Cues {
    /// Cues whose plain words match that form alone: where a wrong match costs more than a missed one.
    #[must_use]
    pub fn strict() -> Self {
        Self {
            strict: true,
            ..Self::default()
        }
    }

    /// Adds a cue of `owner`; returns its number.
    pub fn add(&mut self, lexicon: &Lexicon, owner: u32, text: &str) -> u32 {
        let number = u32::try_from(self.cues.len()).unwrap_or(u32::MAX);
        let mut units = 0;
        for unit in text.split_whitespace() {
            for written in unit.split('|').filter(|written| !written.is_empty()) {
                let atom = self.atom(lexicon, written);
                if let Some(uses) = usize::try_from(atom).ok().and_then(|at| self.uses.get_mut(at)) {
                    uses.push((number, units));
                }
            }
            units += 1;
        }
        self.cues.push(Cue {
            owner,
            units,
            weight: 1.0,
        });
        number
    }

    /// Sets how much a cue says; false when there is no such cue.
    pub fn weigh_checked(&mut self, cue: u32, weight: f32) -> bool {
        let found = usize::try_from(cue).ok().and_then(|at| self.cues.get_mut(at));
        found.map(|cue| cue.weight = weight).is_some()
    }

    /// How many units a cue has.
    #[must_use]
    pub fn units(&self, cue: u32) -> u32 {
        usize::try_from(cue)
            .ok()
            .and_then(|at| self.cues.get(at))
            .map_or(1, |cue| cue.units)
    }

    fn atom(&mut self, lexicon: &Lexicon, written: &str) -> u32 {
        // As `fold` writes words, but with the signs of a cue kept.
        let plain: String = crate::text::fold::lower(written)
            .chars()
            .filter(|c| *c != '-' || written.starts_with('['))
            .collect();
        let atom = if let Some(exact) = plain.strip_prefix('=') {
            Atom::Exact(exact.to_owned())
        } else if let Some(concept) = plain.strip_prefix('@') {
            Atom::Concept(concept.to_owned())
        } else if plain.starts_with('[') && !plain.contains('_') {
            Atom::Number
        } else if plain.contains('_') {
            Atom::Row(
                plain
                    .split('_')
                    .filter(|word| !word.is_empty())
                    .map(str::to_owned)
                    .collect(),
            )
        } else if let Some(prefix) = plain.strip_suffix('*') {
            Atom::Prefix(prefix.to_owned())
        } else if self.strict {
            Atom::Exact(plain)
        } else {
            Atom::Word(plain)
        };
        if let Some(known) = self.atoms.get(&atom) {
            return *known;
        }
        let id = u32::try_from(self.uses.len()).unwrap_or(u32::MAX);
        self.uses.push(Vec::new());
        self.atoms.insert(atom.clone(), id);
        self.file(lexicon, atom, id);
        id
    }

    fn file(&mut self, lexicon: &Lexicon, atom: Atom, id: u32) {
        match atom {
            Atom::Word(word) => {
                let swedish = lexicon.stem(&word, Language::Swedish);
                let english = lexicon.stem(&word, Language::English);
                // "fora" is not "för": a stem so short is another word.
                if swedish.chars().count() < SHORTEST_STEM && !lexicon.is_stem_of(&word, &swedish) {
                    self.exact.entry(word).or_default().push(id);
                    self.english.entry(english).or_default().push(id);
                    return;
                }
                self.words.entry(swedish).or_default().push(id);
                self.english.entry(english).or_default().push(id);
            }
            Atom::Exact(word) => self.exact.entry(word).or_default().push(id),
            Atom::Prefix(prefix) => {
                if !self.strict {
                    // A part of a compound is known by its stem, which may be shorter than the beginning.
                    let swedish = lexicon.stem(&prefix, Language::Swedish);
                    self.part_stems.entry(swedish).or_default().push(id);
                }
                // The beginnings of a beginning lead to it, so that a search ends where nothing goes on.
                for start in beginnings(&prefix) {
                    self.prefixes.entry_ref(start).or_default();
                }
                self.prefixes.entry(prefix).or_default().push(id);
            }
            Atom::Concept(name) => self.concepts.entry(name).or_default().push(id),
            Atom::Number => self.numbers.push(id),
            Atom::Row(words) => {
                let mut words = words.into_iter();
                if let Some(first) = words.next() {
                    let rest = words.collect();
                    self.rows.entry(first).or_default().push((id, rest));
                }
            }
        }
    }

    /// The cues that the message holds.
    #[must_use]
    pub fn matches(&self, analysis: &Analysis) -> Vec<Hit> {
        let mut seen: Vec<(u32, Seen)> = Vec::with_capacity(128);
        self.seen(analysis, |atom, one| seen.push((atom, one)));
        let uses = |atom: u32| {
            let uses = usize::try_from(atom).ok().and_then(|at| self.uses.get(at));
            uses.into_iter().flatten().copied()
        };
        // Most cues that a message touches lack one of their units: only those that may be whole are looked into.
        let mut touched = vec![0_u32; self.cues.len()];
        for (cue, unit) in seen.iter().flat_map(|(atom, _)| uses(*atom)) {
            if let Some(units) = usize::try_from(cue).ok().and_then(|at| touched.get_mut(at)) {
                *units |= 1 << unit.min(31);
            }
        }
        let whole = |cue: u32| {
            let units = usize::try_from(cue).ok().and_then(|at| touched.get(at));
            units.is_some_and(|units| units.count_ones() >= self.units(cue).min(32))
        };
        let mut found: Vec<(u32, u32, Seen)> = Vec::with_capacity(64);
        for (atom, one) in &seen {
            let uses = uses(*atom).filter(|(cue, _)| whole(*cue));
            found.extend(uses.map(|(cue, unit)| (cue, unit, *one)));
        }
        found.sort_unstable_by_key(|(cue, unit, _)| (*cue, *unit));
        // Alternatives of one unit count together, and so does what is found again.
        found.dedup_by(|(cue, unit, seen), (kept_cue, kept_unit, kept)| {
            let same = cue == kept_cue && unit == kept_unit;
            if same {
                kept.sentences |= seen.sentences;
                kept.trust = kept.trust.max(seen.trust);
                kept.first = kept.first.min(seen.first);
            }
            same
        });
        let of_one_cue = found.chunk_by(|(one, ..), (other, ..)| one == other);
        let mut hits: Vec<Hit> = of_one_cue.filter_map(|found| self.hit(found)).collect();
        hits.sort_by_key(|hit| hit.cue);
        hits
    }

    fn hit(&self, found: &[(u32, u32, Seen)]) -> Option<Hit> {
        let number = found.first()?.0;
        let cue = self.cues.get(usize::try_from(number).ok()?)?;
        if found.len() != usize::try_from(cue.units).ok()? {
            return None;
        }
        // All units within two neighbouring sentences: in a long story far words have nothing to do with each other.
        let together = found
            .iter()
            .fold(u64::MAX, |all, (.., seen)| all & (seen.sentences | seen.sentences >> 1));
        if together == 0 {
            return None;
        }
        let sentences = found.iter().fold(0, |all, (.., seen)| all | seen.sentences);
        let trust = found.iter().map(|(.., seen)| seen.trust).fold(1.0, f32::min);
        let first = found.iter().map(|(.., seen)| seen.first).min().unwrap_or(0);
        Some(Hit {
            cue: number,
            owner: cue.owner,
            weight: cue.weight * trust,
            first,
            sentences,
        })
    }

    /// Tells of every atom that the message holds, as often as it does.
    fn seen(&self, analysis: &Analysis, mut tell: impl FnMut(u32, Seen)) {
        for (at, token) in analysis.tokens.iter().enumerate() {
            if token.place {
                continue;
            }
            let sentences = 1_u64 << token.sentence.min(63);
            let mut note = |atoms: Option<&Vec<u32>>, trust: f32| {
                for atom in atoms.into_iter().flatten() {
                    let seen = Seen {
                        sentences,
                        trust: trust.max(0.0),
                        first: at,
                    };
                    tell(*atom, seen);
                }
            };
            if !token.swedish.is_empty() {
                note(self.words.get(&*token.swedish), token.trust);
            }
            if !token.english.is_empty() {
                note(self.english.get(&*token.english), token.trust);
            }
            for part in &token.parts {
                note(self.words.get(&**part), token.trust * 0.85);
                note(self.part_stems.get(&**part), token.trust * 0.85);
            }
            note(self.exact.get(&*token.norm), 1.0);
            if let Some(meant) = &token.meant {
                note(self.exact.get(&**meant), token.trust);
            }
            for concept in &token.concepts {
                note(self.concepts.get(&**concept), token.trust);
            }
            if token.norm.bytes().all(|b| b.is_ascii_digit()) {
                note(Some(&self.numbers), 1.0);
            }
            for prefix in beginnings(token.meant.as_deref().unwrap_or(&token.norm)) {
                let Some(atoms) = self.prefixes.get(prefix) else { break };
                note(Some(atoms), token.trust);
            }
            for (atom, rest) in self.rows_from(token) {
                if let Some(trust) = in_row(rest, analysis.tokens.get(at + 1..).unwrap_or_default()) {
                    note(Some(&vec![atom]), trust * token.trust);
                }
            }
        }
    }

    fn rows_from(&self, token: &Token) -> impl Iterator<Item = (u32, &[String])> {
        let meant = token.meant.as_ref().and_then(|word| self.rows.get(&**word));
        self.rows
            .get(&*token.norm)
            .into_iter()
            .chain(meant)
            .flatten()
            .map(|(atom, rest)| (*atom, rest.as_slice()))
    }
}

/// Every beginning of a word of two letters or more.
fn beginnings(word: &str) -> impl Iterator<Item = &str> {
    word.char_indices()
        .skip(1)
        .filter_map(move |(at, c)| word.get(..at + c.len_utf8()))
}

/// Whether the words follow in order, with at most one word between two of them.
fn in_row(words: &[String], tokens: &[Token]) -> Option<f32> {
    let mut at = 0;
    let mut trust = 1.0_f32;
    for word in words {
        let found = tokens.iter().skip(at).take(2).position(|token| {
            let same = |norm: &str| {
                norm == word
                    || word.starts_with('[') && norm.bytes().all(|b| b.is_ascii_digit())
                    || word.strip_suffix('*').is_some_and(|start| norm.starts_with(start))
            };
            same(&token.norm) || token.meant.as_deref().is_some_and(same)
        })?;
        trust = trust.min(tokens.get(at + found).map_or(1.0, |token| token.trust));
        at += found + 1;
    }
    Some(trust)
}
