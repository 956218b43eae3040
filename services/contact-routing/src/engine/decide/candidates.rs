//! Who is named: those whom the words mean, in order, and then those whom the best need is easily taken for.

use super::{Candidate, Engine, MOST, NEARBY, Ranked, confidence, weights};
use crate::data::needs::Need;
use crate::engine::responsible::{Found, responsible};
use crate::text::analysis::Analysis;

impl Engine {
    /// At most [`MOST`] organisations, each once, the likeliest first.
    pub(super) fn candidates<'e>(
        &'e self,
        analysis: &Analysis,
        ranked: &[Ranked],
        chosen: Option<&str>,
    ) -> Vec<Candidate<'e>> {
        let mut all: Vec<Candidate<'e>> = Vec::new();
        let mut name = |need: &'e Need, confidence: &dyn Fn(bool) -> f32| {
            let area = self.places.area(&self.directory, need, analysis, chosen);
            let Found::Organisation(organisation, level, exception) = responsible(&self.directory, need, &area) else {
                return;
            };
            if all.len() >= MOST || all.iter().any(|known| known.organisation.id == organisation.id) {
                return;
            }
            let confidence = confidence(all.is_empty());
            all.push(Candidate {
                organisation,
                need,
                level,
                area,
                exception: exception.map(|one| one.note.as_str()),
                confidence,
            });
        };
        let top = ranked.first().map_or(1.0, |one| one.score.max(1.0));
        let meant = ranked
            .iter()
            .filter_map(|one| self.needs.get(one.class).map(|need| (one, need)));
        for (one, need) in meant.filter(|(one, _)| one.score >= weights::RUNNER_UP * top) {
            name(need, &|first| match first {
                true => confidence(one, ranked.get(1)),
                false => (one.score / top * 0.6).clamp(0.0, 0.6),
            });
        }
        // Nothing else was meant by the words: then what is easily taken for the best need.
        let best = ranked.first().and_then(|one| self.needs.get(one.class));
        for near in best.iter().flat_map(|need| &need.near).filter_map(|id| self.need(id)) {
            name(near, &|_| NEARBY);
        }
        all
    }
}
