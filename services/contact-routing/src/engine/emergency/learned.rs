//! What a message says of danger, as terms to learn from.

use crate::engine::index::Bag;
use crate::engine::linear::{Terms, place};
use crate::text::analysis::Analysis;

/// A message's terms together weigh this much, however long it is.
const LENGTH: f32 = 4.0;

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
