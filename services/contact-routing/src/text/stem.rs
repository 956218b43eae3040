//! Stems: Snowball for Swedish and English, and corrections for what the Swedish one leaves behind.
//!
//! Snowball keeps `-an`, `-ning` and some definite forms (`skolan`, `avstyckning`, `ärendets`); they are cut here so
//! that a noun meets its verb. A wrong cut does no harm as long as questions and phrasings are cut alike.

use rust_stemmers::{Algorithm, Stemmer};

use crate::text::language::Language;

/// Both stemmers; cheap to share, made once.
pub struct Stems {
    swedish: Stemmer,
    english: Stemmer,
}

impl Default for Stems {
    fn default() -> Self {
        Self {
            swedish: Stemmer::create(Algorithm::Swedish),
            english: Stemmer::create(Algorithm::English),
        }
    }
}

/// Endings cut after Snowball, with the shortest stem that may remain (in letters).
const SWEDISH_ENDINGS: &[(&str, usize)] = &[
    ("ningarna", 3),
    ("ningen", 3),
    ("ningar", 3),
    ("nings", 4),
    ("ning", 4),
    ("andet", 4),
    ("elser", 4),
    ("else", 4),
    ("ansk", 5),
    ("ets", 4),
    ("et", 4),
    ("ans", 4),
    ("an", 4),
    ("na", 4),
    ("er", 4),
    ("ar", 4),
    ("or", 4),
    ("en", 4),
    ("it", 5),
    ("at", 5),
    ("ad", 5),
    ("t", 5),
    ("s", 4),
    ("n", 5),
    ("e", 3),
    ("a", 3),
];

/// Words whose forms no rule joins: irregular plurals, vowel changes, short definite forms.
const IRREGULAR: &[(&str, &str)] = &[
    ("böcker", "bok"), ("boken", "bok"), ("böckerna", "bok"), ("händer", "hand"), ("tänder", "tand"), ("tanden", "tand"),
    ("städer", "stad"), ("stan", "stad"), ("nätter", "natt"), ("döttrar", "dotter"), ("dottern", "dotter"), ("söner", "son"),
    ("sonen", "son"), ("mödrar", "mor"), ("fäder", "far"), ("män", "man"), ("mannen", "man"), ("bröder", "bror"),
    ("brodern", "bror"), ("brorsan", "bror"), ("syrran", "syster"), ("morsan", "mamma"), ("farsan", "pappa"), ("mamman", "mamma"),
    ("pappan", "pappa"), ("bilar", "bil"), ("bilen", "bil"), ("träd", "träd"), ("trädet", "träd"), ("hus", "hus"),
    ("huset", "hus"), ("husets", "hus"), ("barnen", "barn"), ("barnet", "barn"), ("barnets", "barn"), ("barns", "barn"),
    ("passet", "pass"), ("jobbet", "jobb"), ("jobba", "jobb"), ("jobbar", "jobb"), ("jobbat", "jobb"), ("jobbade", "jobb"),
    ("körde", "kör"), ("köra", "kör"), ("kört", "kör"), ("dog", "dö"), ("dött", "dö"), ("dör", "dö"), ("döda", "död"),
    ("sålt", "sälj"), ("sålde", "sälj"), ("såld", "sälj"), ("sålda", "sälj"), ("sälja", "sälj"), ("köpte", "köp"), ("köpt", "köp"),
    ("stal", "stjäl"), ("stulen", "stjäl"), ("stulit", "stjäl"), ("stulna", "stjäl"), ("stulits", "stjäl"), ("bröt", "bryt"),
    ("brutit", "bryt"), ("bruten", "bryt"), ("skrev", "skriv"), ("skrivit", "skriv"), ("ved", "ved"), ("gifta", "gift"),
    ("gifter", "gift"), ("skilja", "skilj"), ("skiljas", "skilj"), ("skiljer", "skilj"), ("skilda", "skilj"), ("skild", "skilj"),
    ("skilt", "skilj"), ("fiskar", "fisk"), ("slog", "slå"), ("slår", "slå"), ("slagit", "slå"), ("bit", "bit"), ("bet", "bit"),
    ("biter", "bit"), ("bitit", "bit"), ("biten", "bit"), ("drack", "drick"), ("druckit", "drick"), ("dricker", "drick"),
    ("vägen", "väg"), ("vägar", "väg"), ("vägarna", "väg"), ("gatan", "gata"), ("gator", "gata"), ("hunden", "hund"),
    ("hundar", "hund"), ("lagar", "laga"), ("höjt", "höj"), ("höjer", "höj"), ("höjde", "höj"), ("höjd", "höj"), ("sjön", "sjö"),
    ("byggt", "bygg"), ("byggde", "bygg"), ("bygga", "bygg"), ("bygger", "bygg"), ("byta", "byt"), ("byter", "byt"), ("bytt", "byt"),
    ("bytte", "byt"), ("byte", "byt"), ("hyra", "hyr"), ("hyran", "hyr"), ("hyrs", "hyr"), ("hyr", "hyr"), ("hyror", "hyr"),
    ("skatt", "skatt"), ("skatten", "skatt"), ("skatter", "skatt"), ("katt", "katt"), ("katten", "katt"), ("lön", "lön"),
    ("lönen", "lön"), ("löner", "lön"), ("ägare", "ägar"), ("ägaren", "ägar"), ("bo", "bo"), ("jour", "jour"), ("fru", "fru"),
    ("frun", "fru"), ("frus", "fru"), ("bror", "bror"), ("fadern", "far"), ("modern", "mor"), ("veterinär", "veterinär"),
];

impl Stems {
    /// The stem of a lower-case word in a language.
    #[must_use]
    pub fn stem(&self, word: &str, language: Language) -> String {
        match language {
            Language::Swedish => self.swedish(word),
            Language::English => self.english.stem(word.trim_end_matches("'s")).into_owned(),
        }
    }

    fn swedish(&self, word: &str) -> String {
        if let Some((_, stem)) = IRREGULAR.iter().find(|(form, _)| *form == word) {
            return (*stem).to_owned();
        }
        let mut stem = self.swedish.stem(word).into_owned();
        // Two rounds: "utredningarna" loses its article first and then "-ning".
        for _ in 0..2 {
            let Some(shorter) = cut(&stem) else { break };
            stem = shorter;
        }
        undouble(stem)
    }
}

fn cut(stem: &str) -> Option<String> {
    let letters = stem.chars().count();
    SWEDISH_ENDINGS.iter().find_map(|(ending, least)| {
        let rest = stem.strip_suffix(ending)?;
        let has_vowel = rest.contains(['a', 'e', 'i', 'o', 'u', 'y', 'å', 'ä', 'ö']);
        (letters - ending.chars().count() >= *least && has_vowel).then(|| rest.to_owned())
    })
}

/// `hemm` and `rumm`: a final `mm` is written `m` when nothing follows (`hem`, `rum`).
fn undouble(mut stem: String) -> String {
    if stem.ends_with("mm") {
        stem.pop();
    }
    stem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_one_word_share_a_stem() {
        let stems = Stems::default();
        let groups: &[&[&str]] = &[
            &["skola", "skolan", "skolor", "skolans"],
            &["ärende", "ärenden", "ärendet", "ärendets"],
            &["avstycka", "avstyckning", "avstyckningen"],
            &["flytta", "flyttar", "flyttat", "flyttade"],
            &["försäkringskassan", "försäkringskassans", "försäkringskassa"],
            &["handläggning", "handläggningen"],
            &["hyresvärd", "hyresvärden", "hyresvärdens"],
        ];
        for group in groups {
            let first = stems.stem(group[0], Language::Swedish);
            for word in *group {
                assert_eq!(stems.stem(word, Language::Swedish), first, "{word}");
            }
        }
    }
}
