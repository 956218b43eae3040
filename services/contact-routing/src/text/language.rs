//! Which language a question is written in: Swedish or English, told by its function words.

use std::sync::LazyLock;

use hashbrown::HashMap;

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

/// Of which language a word is a sign: Swedish, English.
static SIGNS: LazyLock<HashMap<&'static str, (bool, bool)>> = LazyLock::new(|| {
    let mut signs: HashMap<&str, (bool, bool)> = HashMap::new();
    for word in SWEDISH_SIGNS {
        signs.entry(word).or_default().0 = true;
    }
    for word in ENGLISH_SIGNS {
        signs.entry(word).or_default().1 = true;
    }
    signs
});

/// The language of the words; `fallback` when they say nothing either way.
#[must_use]
pub fn detect(words: &[Word], fallback: Language) -> Language {
    let (mut swedish, mut english) = (0, 0);
    for word in words {
        if let Some((is_swedish, is_english)) = SIGNS.get(word.norm.as_str()) {
            swedish += usize::from(*is_swedish);
            english += usize::from(*is_english);
        }
        // "i" and "a" are words in both languages, so a Swedish letter weighs more than either.
        if !word.norm.is_ascii() && word.norm.contains(['å', 'ä', 'ö']) {
            swedish += 2;
        }
    }
    match swedish.cmp(&english) {
        std::cmp::Ordering::Greater => Language::Swedish,
        std::cmp::Ordering::Less => Language::English,
        std::cmp::Ordering::Equal => fallback,
    }
}
