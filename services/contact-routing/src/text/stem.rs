//! Stems: Snowball for Swedish and English, and corrections for what the Swedish one leaves behind.
//!
//! Snowball keeps `-an`, `-ning` and some definite forms (`skolan`, `avstyckning`, `ärendets`); they are cut here so
//! that a noun meets its verb. A wrong cut does no harm as long as questions and phrasings are cut alike.

use std::sync::LazyLock;

use hashbrown::{HashMap, HashSet};
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
const IRREGULAR: &str = "
bok=böcker,boken,böckerna hand=händer tand=tänder,tanden stad=städer,stan natt=nätter dotter=döttrar,dottern
son=söner,sonen mor=mödrar,modern far=fäder,fadern man=män,mannen bror=bröder,brodern,brorsan,bror syster=syrran
mamma=morsan,mamman pappa=farsan,pappan bil=bilar,bilen träd=träd,trädet hus=hus,huset,husets
barn=barnen,barnet,barnets,barns pass=passet jobb=jobbet,jobba,jobbar,jobbat,jobbade kör=körde,köra,kört
dö=dog,dött,dör död=döda sälj=sålt,sålde,såld,sålda,sälja köp=köpte,köpt stjäl=stal,stulen,stulit,stulna,stulits
bryt=bröt,brutit,bruten skriv=skrev,skrivit ved=ved gift=gifta,gifter
skilj=skilja,skiljas,skiljer,skilda,skild,skilt fisk=fiskar slå=slog,slår,slagit bit=bit,bet,biter,bitit,biten
drick=drack,druckit,dricker väg=vägen,vägar,vägarna gata=gatan,gator hund=hunden,hundar laga=lagar
höj=höjt,höjer,höjde,höjd sjö=sjön bygg=byggt,byggde,bygga,bygger byt=byta,byter,bytt,bytte,byte
hyr=hyra,hyran,hyrs,hyr,hyror skatt=skatt,skatten,skatter katt=katt,katten lön=lön,lönen,löner ägar=ägare,ägaren
bo=bo jour=jour fru=fru,frun,frus veterinär=veterinär
";

static FORMS: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    IRREGULAR
        .split_whitespace()
        .filter_map(|entry| entry.split_once('='))
        .flat_map(|(stem, forms)| forms.split(',').map(move |form| (form, stem)))
        .collect()
});

/// Whether a word is a form that no rule joins to its stem.
#[must_use]
pub fn is_irregular(word: &str) -> bool {
    FORMS.contains_key(word)
}

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
        if let Some(stem) = FORMS.get(word) {
            return (*stem).to_owned();
        }
        let stem = self.swedish.stem(word);
        // Two rounds: "utredningarna" loses its article first and then "-ning".
        let once = cut(&stem);
        undouble(once.and_then(cut).or(once).unwrap_or(&stem)).to_owned()
    }
}

fn cut(stem: &str) -> Option<&str> {
    let letters = stem.chars().count();
    SWEDISH_ENDINGS.iter().find_map(|(ending, least)| {
        let rest = stem.strip_suffix(ending)?;
        let has_vowel = rest.contains(['a', 'e', 'i', 'o', 'u', 'y', 'å', 'ä', 'ö']);
        // Endings are plain letters, one byte each.
        (letters - ending.len() >= *least && has_vowel).then_some(rest)
    })
}

/// `hemm` and `rumm`: a final `mm` is written `m` when nothing follows (`hem`, `rum`).
fn undouble(stem: &str) -> &str {
    match stem.strip_suffix('m') {
        Some(shorter) if shorter.ends_with('m') => shorter,
        _ => stem,
    }
}

/// How known stems begin. A stem is a beginning of its word, so a word that begins like none has no known stem.
#[derive(Default)]
pub(super) struct StemStarts(HashSet<u64>);

impl StemStarts {
    /// Whole stems shorter than this, and the first letters of longer ones.
    const LETTERS: usize = 5;

    pub(super) fn add(&mut self, stem: &str) {
        self.0.extend(Self::keys(stem).last());
    }

    /// Whether some known stem may be a beginning of the word.
    pub(super) fn may_begin(&self, word: &str) -> bool {
        Self::keys(word).any(|key| self.0.contains(&key))
    }

    /// The word's first letters as numbers: one, two and so on.
    fn keys(word: &str) -> impl Iterator<Item = u64> {
        let letters = word.chars().take(Self::LETTERS);
        letters.scan(0, |key: &mut u64, letter| {
            *key = *key << 12 | u64::from(letter) & 0xfff;
            Some(*key)
        })
    }
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
            &["försäkringskassan", "försäkringskassans"],
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
