//! Which language a question is written in: Swedish or English, told by its function words.

use crate::text::fold::Word;

/// A language that the engine understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// Swedish.
    Swedish,
    /// English.
    English,
}

const SWEDISH_SIGNS: &[&str] = &[
    "jag", "och", "att", "det", "är", "inte", "på", "för", "med", "hur", "vem", "var", "vart", "min", "mitt", "mina",
    "har", "som", "en", "ett", "till", "ska", "kan", "från", "av", "om", "vi", "ja", "o", "får", "när", "vad", "vill",
    "där", "eller", "den", "de",
];
const ENGLISH_SIGNS: &[&str] = &[
    "i", "the", "and", "my", "to", "is", "how", "do", "what", "who", "where", "can", "for", "of", "have", "a", "in",
    "we", "our", "are", "was", "not", "it", "from", "with", "should", "need", "which", "has", "does", "when", "get",
    "would", "does", "your",
];

/// The language of the words; `fallback` when they say nothing either way.
#[must_use]
pub fn detect(words: &[Word], fallback: Language) -> Language {
    let count = |signs: &[&str]| words.iter().filter(|word| signs.contains(&word.norm.as_str())).count();
    let letters = words.iter().filter(|word| word.norm.contains(['å', 'ä', 'ö'])).count();
    // "i" and "a" are words in both languages, so a Swedish letter weighs more than either.
    let swedish = count(SWEDISH_SIGNS) + 2 * letters;
    let english = count(ENGLISH_SIGNS);
    match swedish.cmp(&english) {
        std::cmp::Ordering::Greater => Language::Swedish,
        std::cmp::Ordering::Less => Language::English,
        std::cmp::Ordering::Equal => fallback,
    }
}
