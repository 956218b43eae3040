//! Learning the ranking and the sense for emergencies anew, and whether that is needed.

use super::Engine;
use crate::data::files::{self, DataError};
use crate::data::phrasings::Phrasings;
use crate::data::signals;
use crate::engine::linear::fnv;
use crate::engine::ranking;
use crate::text::language::Language;

/// The files that are learned.
#[derive(Debug)]
pub struct Learned {
    /// Which need a message is of.
    pub ranking: Vec<u8>,
    /// Whether a message tells of danger.
    pub sense: Vec<u8>,
}

type Line<'t> = (usize, &'t str, Language);

impl Engine {
    /// Learns anew: from the phrasings of needs and `more`, by the id of a need, and from the sentences of emergencies. Takes a
    /// minute.
    ///
    /// # Errors
    /// `more` names a need that there is none of, or a data file is not in its form.
    pub fn learn(&self, more: &Phrasings) -> Result<Learned, DataError> {
        let lines = ranking::lines(&self.needs, &self.vague, more)?;
        let texts: Vec<(&str, Language)> = lines.iter().map(|(_, text, language)| (*text, *language)).collect();
        let read = self.lexicon.analyse_all(&texts, |mut analysis| {
            self.places.hide(&mut analysis);
            analysis
        });
        let sentences = signals::emergency_sentences(&signals::emergencies()?.emergency)?;
        let sense = self
            .detector
            .learn(&self.lexicon, &sentences, read.iter(), print_of_sense(&lines));
        let told = lines
            .iter()
            .zip(&read)
            .map(|((need, ..), analysis)| ranking::Told::new(*need, analysis));
        let classes = ranking::classes(&self.needs, &self.vague);
        let fingerprint = ranking::fingerprint(&classes, &lines);
        Ok(Learned {
            ranking: ranking::learn(&classes, told.collect(), fingerprint).bytes(),
            sense: sense.bytes(),
        })
    }

    /// Whether both were learned from the data as they are and `more`.
    ///
    /// # Errors
    /// `more` names a need that there is none of.
    pub fn has_learned(&self, more: &Phrasings) -> Result<bool, DataError> {
        let lines = ranking::lines(&self.needs, &self.vague, more)?;
        let classes = ranking::classes(&self.needs, &self.vague);
        let ranking = self.ranking.fingerprint() == ranking::fingerprint(&classes, &lines);
        Ok(ranking && self.detector.fingerprint() == print_of_sense(&lines))
    }
}

/// A number for all that the sense is learned from.
fn print_of_sense(lines: &[Line<'_>]) -> u64 {
    let calm = lines.iter().map(|(_, text, _)| *text);
    fnv(
        [files::EMERGENCIES, files::EMERGENCY_SENTENCES].into_iter().chain(calm),
        b'\n',
    )
}
