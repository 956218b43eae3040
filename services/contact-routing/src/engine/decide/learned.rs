//! Learning the ranking anew, and whether that is needed.

use super::Engine;
use crate::data::files::DataError;
use crate::data::phrasings::Phrasings;
use crate::engine::ranking;
use crate::text::language::Language;

impl Engine {
    /// Learns the ranking anew: from the phrasings of needs and `more`, by the id of a need. Takes a minute.
    ///
    /// # Errors
    /// `more` names a need that there is none of.
    pub fn learn(&self, more: &Phrasings) -> Result<Vec<u8>, DataError> {
        let lines = ranking::lines(&self.needs, &self.vague, more)?;
        let texts: Vec<(&str, Language)> = lines.iter().map(|(_, text, language)| (*text, *language)).collect();
        let read = self.lexicon.analyse_all(&texts, |mut analysis| {
            self.places.hide(&mut analysis);
            analysis
        });
        let told = lines
            .iter()
            .zip(&read)
            .map(|((need, ..), analysis)| ranking::Told::new(*need, analysis));
        let classes = ranking::classes(&self.needs, &self.vague);
        let fingerprint = ranking::fingerprint(&classes, &lines);
        Ok(ranking::learn(&classes, told.collect(), fingerprint).bytes())
    }

    /// Whether the ranking was learned from the phrasings of needs and `more`.
    ///
    /// # Errors
    /// `more` names a need that there is none of.
    pub fn has_learned(&self, more: &Phrasings) -> Result<bool, DataError> {
        let lines = ranking::lines(&self.needs, &self.vague, more)?;
        let classes = ranking::classes(&self.needs, &self.vague);
        Ok(self.ranking.fingerprint() == ranking::fingerprint(&classes, &lines))
    }
}
