//! Learning: a line for each need, by what is its own and what is all others'.

use std::sync::atomic::{AtomicUsize, Ordering};

use hashbrown::HashMap;

use super::{Ranking, Said, terms, weighed};
use crate::data::files::DataError;
use crate::data::needs::Need;
use crate::data::phrasings::Phrasings;
use crate::data::signals::Vague;
use crate::engine::index;
use crate::engine::linear::{Judge, PLACES, Terms, fnv, place};
use crate::text::analysis::Analysis;
use crate::text::language::Language;

/// So many terms are kept of each need: the others say next to nothing.
const KEPT: usize = 4_000;

/// A phrasing that was read: its need's number, and what it says.
pub(in crate::engine) struct Told {
    need: usize,
    said: Said,
}

impl Told {
    pub(in crate::engine) fn new(need: usize, analysis: &Analysis) -> Self {
        Self {
            need,
            said: terms(analysis, &index::bag(analysis)),
        }
    }
}

/// What messages are told apart into: needs, and after them the open questions that must be asked back about.
pub(in crate::engine) fn classes<'n>(needs: &'n [Need], vague: &'n [Vague]) -> Vec<&'n str> {
    let vague = vague.iter().map(|vague| vague.id.as_str());
    needs.iter().map(|need| need.id.as_str()).chain(vague).collect()
}

/// What is learned from: each phrasing with the number of its class.
pub(in crate::engine) fn lines<'t>(
    needs: &'t [Need],
    vague: &'t [Vague],
    more: &'t Phrasings,
) -> Result<Vec<(usize, &'t str, Language)>, DataError> {
    let mut lines = Vec::new();
    for (at, need) in needs.iter().enumerate() {
        lines.extend(need.say.iter().map(|line| (at, line.as_str(), Language::Swedish)));
        lines.extend(need.say_en.iter().map(|line| (at, line.as_str(), Language::English)));
    }
    for (at, vague) in (needs.len()..).zip(vague) {
        let said = vague.say.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.extend(said.map(|line| (at, line, Language::Swedish)));
    }
    let classes = classes(needs, vague);
    let numbers: HashMap<&str, usize> = classes.into_iter().zip(0..).collect();
    for (id, said) in more {
        let at = *numbers.get(id.as_str()).ok_or_else(|| DataError::Unknown {
            what: "phrasings".to_owned(),
            name: id.clone(),
        })?;
        lines.extend(said.sv.lines().map(|line| (at, line, Language::Swedish)));
        lines.extend(said.en.lines().map(|line| (at, line, Language::English)));
    }
    Ok(lines)
}

/// A number for all that is learned from: another one for other phrasings, but for an accident that is next to impossible.
pub(in crate::engine) fn fingerprint(classes: &[&str], lines: &[(usize, &str, Language)]) -> u64 {
    let said = lines
        .iter()
        .flat_map(|(class, line, _)| [classes.get(*class).copied().unwrap_or_default(), *line]);
    fnv(classes.iter().copied().chain(said), b'\n')
}

/// Learns a line for each class from what was told.
pub(in crate::engine) fn learn(classes: &[&str], told: Vec<Told>, fingerprint: u64) -> Ranking {
    let strengths = strengths(&told);
    let strength = |place: u32| {
        usize::try_from(place)
            .ok()
            .and_then(|at| strengths.get(at))
            .map_or(0.0, |strength| f32::from(*strength) / 16.0)
    };
    let before = place(&["any"]);
    let mut needs = Vec::with_capacity(told.len());
    let examples: Vec<Terms> = told
        .into_iter()
        .map(|one| {
            needs.push(one.need);
            let mut terms = weighed(one.said, strength);
            terms.push((before, 1.0));
            terms
        })
        .collect();
    let examples: Vec<&Terms> = examples.iter().collect();
    let next = AtomicUsize::new(0);
    let line = || {
        let mut lines = Vec::new();
        loop {
            let need = next.fetch_add(1, Ordering::Relaxed);
            if need >= classes.len() {
                return lines;
            }
            let judge = Judge::learn(&examples, |at| needs.get(at) == Some(&need));
            lines.push((need, judge.of(&vec![(before, 1.0)]), judge.strongest(KEPT)));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut lines: Vec<(usize, f32, Terms)> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(line)).collect();
        let joined = all
            .into_iter()
            .map(|one| one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        joined.flatten().collect()
    });
    lines.sort_unstable_by_key(|(need, ..)| *need);
    let most = lines
        .iter()
        .flat_map(|(.., terms)| terms)
        .map(|(_, weight)| weight.abs())
        .fold(0.0, f32::max);
    let unit = (most / 127.0).max(f32::MIN_POSITIVE);
    let mut rows: Vec<Vec<(u16, i8)>> = vec![Vec::new(); PLACES];
    for (need, _, terms) in &lines {
        for (place, weight) in terms.iter().filter(|(place, _)| *place != before) {
            // Rounded to a whole number within ±127.
            let whole = (weight / unit).round() as i8;
            let row = usize::try_from(*place).ok().and_then(|at| rows.get_mut(at));
            if let (Some(row), Ok(need), true) = (row, u16::try_from(*need), whole != 0) {
                row.push((need, whole));
            }
        }
    }
    Ranking::of(
        fingerprint,
        classes
            .iter()
            .map(|id| (*id).to_owned())
            .zip(lines.iter().map(|(_, before, _)| *before))
            .collect(),
        unit,
        strengths,
        rows,
    )
}

/// By place: how rare it is among phrasings, in sixteenths.
fn strengths(told: &[Told]) -> Vec<u8> {
    let mut counts = vec![0_u32; PLACES];
    for one in told {
        for (place, _) in one.said.words.iter().chain(&one.said.pieces) {
            if let Some(count) = usize::try_from(*place).ok().and_then(|at| counts.get_mut(at)) {
                *count += 1;
            }
        }
    }
    let all = told.len() as f32;
    counts
        .into_iter()
        .map(|count| {
            let rare = ((1.0 + all) / (1.0 + count as f32)).ln() + 1.0;
            // What stands in one phrasing alone says nothing of another.
            if count > 1 { (rare * 16.0).round() as u8 } else { 0 }
        })
        .collect()
}
