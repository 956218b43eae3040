//! What a text is once it is read: words with their stems, parts and families.

use std::sync::Arc;

use crate::text::language::Language;

/// One word of an analysed text; its texts are shared with every other place where the word stands.
#[derive(Clone, Debug)]
pub struct Token {
    /// The word as written, lower case, hyphens closed.
    pub norm: Arc<str>,
    /// The word that was probably meant, when the written one is unknown.
    pub meant: Option<Arc<str>>,
    /// Swedish stem; empty when the word is taken as English only.
    pub swedish: Arc<str>,
    /// English stem; empty when the word is taken as Swedish only.
    pub english: Arc<str>,
    /// Stems of the parts of a compound, in order.
    pub parts: Vec<Arc<str>>,
    /// How far the stems can be trusted: 1 as written, less when corrected.
    pub trust: f32,
    /// Carries no matter by itself.
    pub stop: bool,
    /// Stands in a message about anything, and so says little.
    pub common: bool,
    /// Began with a capital letter.
    pub capital: bool,
    /// Index of its sentence.
    pub sentence: usize,
    /// Families of words it belongs to, such as `child`.
    pub concepts: Vec<Arc<str>>,
    /// Is (a part of) the name of a place.
    pub place: bool,
}

/// An analysed text.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// Its words.
    pub tokens: Vec<Token>,
    /// Its language.
    pub language: Language,
    /// For each sentence, whether it asks.
    pub asks: Vec<bool>,
}

impl Analysis {
    /// Those sentences alone of which `belongs` is true.
    #[must_use]
    pub fn part(&self, belongs: impl Fn(usize) -> bool) -> Self {
        let tokens = self.tokens.iter().filter(|token| belongs(token.sentence));
        Self {
            tokens: tokens.cloned().collect(),
            language: self.language,
            asks: self.asks.clone(),
        }
    }
}
