//! The words that are known, and how a text becomes terms with them.

use hashbrown::{HashMap, HashSet};

use crate::text::compound;
use crate::text::everyday::Everyday;
use crate::text::fold::{self, Word};
use crate::text::language::{self, Language};
use crate::text::spell::Speller;
use crate::text::stem::{self, Stems};
use crate::text::stopwords;

/// One word of an analysed text.
#[derive(Clone, Debug)]
pub struct Token {
    /// The word as written, lower case, hyphens closed.
    pub norm: String,
    /// The word that was probably meant, when the written one is unknown.
    pub meant: Option<String>,
    /// Swedish stem; empty when the word is taken as English only.
    pub swedish: String,
    /// English stem; empty when the word is taken as Swedish only.
    pub english: String,
    /// Stems of the parts of a compound, in order.
    pub parts: Vec<String>,
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
    pub concepts: Vec<String>,
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

/// The words that are known.
#[derive(Default)]
pub struct Lexicon {
    stems: Stems,
    swedish: HashMap<String, u32>,
    swedish_stems: HashSet<String>,
    english: HashSet<String>,
    speller: Speller,
    english_speller: Speller,
    concepts: HashMap<String, Vec<String>>,
    concept_starts: HashMap<String, Vec<String>>,
    everyday: Everyday,
    /// Parts of every known word: splitting tries many stems, and most words of a question are known.
    known_parts: HashMap<String, Vec<String>>,
}

impl Lexicon {
    /// A lexicon that knows the words of these texts, and families of words by name.
    #[must_use]
    pub fn new<'t>(
        swedish: impl Iterator<Item = &'t str>,
        english: impl Iterator<Item = &'t str>,
        concepts: &[(String, Vec<String>)],
        everyday: &[(String, Vec<String>)],
    ) -> Self {
        let mut lexicon = Self {
            everyday: Everyday::new(everyday),
            ..Self::default()
        };
        for (plain, _) in everyday {
            *lexicon.swedish.entry(plain.clone()).or_default() += 1;
        }
        for text in swedish {
            for word in fold::words(text).words {
                *lexicon.swedish.entry(word.norm).or_default() += 1;
            }
        }
        for text in english {
            lexicon
                .english
                .extend(fold::words(text).words.into_iter().map(|word| word.norm));
        }
        lexicon.file_concepts(concepts);
        let stems = lexicon
            .swedish
            .keys()
            .map(|word| lexicon.stems.stem(word, Language::Swedish));
        lexicon.swedish_stems = stems.collect();
        let (speller, english_speller, known_parts) = std::thread::scope(|scope| {
            let spellers = scope.spawn(|| lexicon.spellers());
            let parts = lexicon.swedish.keys().map(|word| (word.clone(), lexicon.split(word)));
            let parts = parts.filter(|(_, parts)| !parts.is_empty()).collect();
            let (swedish, english) = spellers.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (swedish, english, parts)
        });
        (lexicon.speller, lexicon.english_speller) = (speller, english_speller);
        lexicon.known_parts = known_parts;
        lexicon
    }

    fn file_concepts(&mut self, concepts: &[(String, Vec<String>)]) {
        for (name, words) in concepts {
            for word in words {
                let plain: String = fold::lower(word).chars().filter(|c| *c != '-').collect();
                let (plain, map) = match plain.strip_suffix('*') {
                    Some(start) => (start.to_owned(), &mut self.concept_starts),
                    None => (plain, &mut self.concepts),
                };
                map.entry(plain.clone()).or_default().push(name.clone());
                // Beginnings are not words that anything is spelt like.
                if self.concepts.contains_key(&plain) {
                    *self.swedish.entry(plain).or_default() += 1;
                }
            }
        }
    }

    /// The spellers of both languages.
    fn spellers(&self) -> (Speller, Speller) {
        let (mut swedish, mut english) = (Speller::default(), Speller::default());
        for (word, count) in self.swedish.iter().filter(|(word, _)| !stopwords::is_swedish(word)) {
            swedish.add(word, *count);
        }
        for word in self.english.iter().filter(|word| !stopwords::is_english(word)) {
            english.add(word, 1);
        }
        (swedish, english)
    }

    /// Analyses a text; `fallback` is its language when the words do not tell.
    #[must_use]
    pub fn analyse(&self, text: &str, fallback: Language) -> Analysis {
        let words = fold::words(text);
        let language = language::detect(&words.words, fallback);
        let tokens = words.words.iter().map(|word| self.token(word, language)).collect();
        self.whole(tokens, language, words.asks)
    }

    /// What neighbouring words say together.
    fn whole(&self, mut tokens: Vec<Token>, language: Language, asks: Vec<bool>) -> Analysis {
        self.join_neighbours(&mut tokens);
        self.read_rows(&mut tokens);
        mark_ages(&mut tokens);
        Analysis { tokens, language, asks }
    }

    /// Analyses many texts, on all processors: most words of a phrasing stand in others too and are read once.
    #[must_use]
    pub fn analyse_all(&self, texts: &[(&str, Language)]) -> Vec<Analysis> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(4);
        let share = texts.len().div_ceil(threads).max(1);
        let analyse = |texts: &[(&str, Language)]| -> Vec<Analysis> {
            let mut known = HashMap::new();
            let each = texts.iter();
            each.map(|(text, fallback)| self.analyse_knowing(text, *fallback, &mut known))
                .collect()
        };
        std::thread::scope(|scope| {
            let parts: Vec<_> = texts
                .chunks(share)
                .map(|part| scope.spawn(move || analyse(part)))
                .collect();
            let joined = parts
                .into_iter()
                .map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            joined.flatten().collect()
        })
    }

    fn analyse_knowing(
        &self,
        text: &str,
        fallback: Language,
        known: &mut HashMap<(String, Language), Token>,
    ) -> Analysis {
        let words = fold::words(text);
        let language = language::detect(&words.words, fallback);
        let mut read = |word: &Word| {
            if !word.parts.is_empty() {
                return self.token(word, language);
            }
            let known = known.entry((word.norm.clone(), language));
            let token = known.or_insert_with(|| self.token(word, language));
            Token {
                capital: word.capital,
                sentence: word.sentence,
                ..token.clone()
            }
        };
        let tokens: Vec<Token> = words.words.iter().map(&mut read).collect();
        self.whole(tokens, language, words.asks)
    }

    /// The stem of one word, as questions in that language would give it.
    #[must_use]
    pub fn stem(&self, word: &str, language: Language) -> String {
        self.stems.stem(word, language)
    }

    /// Whether a word is its own stem, or an irregular form of it.
    #[must_use]
    pub fn is_stem_of(&self, word: &str, stem: &str) -> bool {
        word.chars().count() <= stem.chars().count() || stem::is_irregular(word)
    }

    /// Whether a Swedish word or its stem is known.
    #[must_use]
    pub fn knows(&self, word: &str) -> bool {
        self.swedish.contains_key(word) || self.swedish_stems.contains(&self.stems.stem(word, Language::Swedish))
    }

    fn token(&self, word: &Word, language: Language) -> Token {
        let norm = word.norm.clone();
        let stop = match language {
            Language::Swedish => stopwords::is_swedish(&norm),
            Language::English => stopwords::is_english(&norm),
        } || norm.chars().count() < 2;
        let mut token = Token {
            meant: None,
            swedish: String::new(),
            english: String::new(),
            parts: Vec::new(),
            trust: 1.0,
            stop,
            common: language == Language::Swedish && stopwords::is_common(&norm),
            capital: word.capital,
            sentence: word.sentence,
            concepts: self.families(&norm),
            place: false,
            norm,
        };
        match language {
            Language::Swedish => self.read_swedish(&mut token, word),
            Language::English => self.read_english(&mut token),
        }
        token
    }

    /// The families that a word belongs to, by itself or by how it begins.
    fn families(&self, word: &str) -> Vec<String> {
        let starts = word
            .char_indices()
            .skip(1)
            .filter_map(|(at, c)| word.get(..at + c.len_utf8()));
        let mut all: Vec<String> = starts
            .filter_map(|start| self.concept_starts.get(start))
            .chain(self.concepts.get(word))
            .flatten()
            .cloned()
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn read_swedish(&self, token: &mut Token, word: &Word) {
        token.swedish = self.stems.stem(&token.norm, Language::Swedish);
        if token.stop {
            return;
        }
        let known = token.common || self.knows(&token.norm);
        if !token.common {
            token.parts = self.parts(&token.norm, word);
        }
        for plain in self.everyday.of(&token.norm.clone()) {
            self.read_as(token, plain);
        }
        if known {
            return;
        }
        if self.english.contains(&token.norm) {
            token.english = self.stems.stem(&token.norm, Language::English);
            return;
        }
        // A word that sounds like a known one is that word, even where it also falls into parts: "arbetstilstånd".
        let alike = self.speller.meant(&token.norm).filter(|meant| meant.trust > 0.85);
        if !token.parts.is_empty() && (alike.is_none() || token.norm.chars().count() < 8) {
            return;
        }
        if let Some(meant) = alike
            .or_else(|| self.speller.meant(&token.norm))
            .or_else(|| self.meant_compound(&token.norm))
        {
            token.swedish = self.stems.stem(&meant.word, Language::Swedish);
            token.parts = self.parts(
                &meant.word,
                &Word {
                    parts: Vec::new(),
                    ..word.clone()
                },
            );
            token.concepts = self.families(&meant.word);
            token.trust = meant.trust;
            token.meant = Some(meant.word);
        } else {
            token.parts = self.known_half(&token.norm);
        }
    }

    /// Lets a word be read as a plain one, too.
    fn read_as(&self, token: &mut Token, plain: &str) {
        token.parts.push(self.stems.stem(plain, Language::Swedish));
        token.concepts.extend(self.families(plain));
        token.concepts.sort_unstable();
        token.concepts.dedup();
    }

    /// Rows of words that together mean a plain one: "fick foten".
    fn read_rows(&self, tokens: &mut [Token]) {
        for at in 0..tokens.len() {
            let Some(plain) = self.everyday.row(tokens.get(at..).unwrap_or_default()) else {
                continue;
            };
            if let Some(token) = tokens.get_mut(at) {
                self.read_as(token, plain);
            }
        }
    }

    /// The known half of a compound whose other half is unknown: "padelhallen" is still about a hall.
    fn known_half(&self, norm: &str) -> Vec<String> {
        const SHORTEST: usize = 4;
        let bounds: Vec<usize> = norm.char_indices().map(|(at, _)| at).collect();
        let count = bounds.len();
        if count < 2 * SHORTEST {
            return Vec::new();
        }
        let stem_of = |part: &str| {
            let stem = self.stems.stem(part, Language::Swedish);
            let known =
                self.swedish.contains_key(part) || part.chars().count() > 5 && self.swedish_stems.contains(&stem);
            (known && !stopwords::is_swedish(part)).then_some(stem)
        };
        let cuts = || (SHORTEST..=count - 3).filter_map(|cut| bounds.get(cut).copied());
        // The last part says what the thing is; the longest that is known counts.
        let tail = cuts()
            .filter(|at| norm.len() - at >= SHORTEST)
            .find_map(|at| stem_of(norm.get(at..)?));
        let head = cuts().rev().find_map(|at| stem_of(norm.get(..at)?));
        tail.into_iter().chain(head).collect()
    }

    fn read_english(&self, token: &mut Token) {
        token.english = self.stems.stem(&token.norm, Language::English);
        if token.stop || self.english.contains(&token.norm) {
            return;
        }
        if self.knows(&token.norm) {
            // A Swedish word in an English question: "personnummer", "hyresvärd".
            token.swedish = self.stems.stem(&token.norm, Language::Swedish);
        } else if let Some(meant) = self.english_speller.meant(&token.norm) {
            token.english = self.stems.stem(&meant.word, Language::English);
            token.trust = meant.trust;
            token.meant = Some(meant.word);
        }
    }

    fn parts(&self, norm: &str, word: &Word) -> Vec<String> {
        if !word.parts.is_empty() {
            return word
                .parts
                .iter()
                .filter(|part| part.chars().count() > 1)
                .map(|part| self.stems.stem(part, Language::Swedish))
                .collect();
        }
        match self.known_parts.get(norm) {
            Some(parts) => parts.clone(),
            None if self.swedish.contains_key(norm) => Vec::new(),
            None => self.split(norm),
        }
    }

    fn split(&self, norm: &str) -> Vec<String> {
        let stem_of = |part: &str| {
            let plain = self.swedish.contains_key(part) && (part.chars().count() > 3 || !stopwords::is_swedish(part));
            if plain {
                return Some(self.stems.stem(part, Language::Swedish));
            }
            // An inflected tail is fine when its stem is known; three letters are too few to be sure.
            let stem = self.stems.stem(part, Language::Swedish);
            (part.chars().count() > 4 && self.swedish_stems.contains(&stem)).then_some(stem)
        };
        compound::split(norm, &stem_of).unwrap_or_default()
    }

    /// A misspelt compound: each half is looked up as its own misspelt word.
    fn meant_compound(&self, norm: &str) -> Option<crate::text::spell::Meant> {
        let bounds: Vec<usize> = norm.char_indices().map(|(at, _)| at).collect();
        if bounds.len() < 9 {
            return None;
        }
        for cut in (4..bounds.len() - 3).rev() {
            let (head, tail) = norm.split_at(*bounds.get(cut)?);
            let head_known = self.swedish.contains_key(head).then(|| head.to_owned());
            let tail_known = self.swedish.contains_key(tail).then(|| tail.to_owned());
            let fixed = match (head_known, tail_known) {
                (Some(head), None) => self.speller.meant(tail).map(|tail| format!("{head}{}", tail.word)),
                (None, Some(tail)) => self.speller.meant(head).map(|head| format!("{}{tail}", head.word)),
                _ => None,
            };
            if let Some(word) = fixed
                && self.knows(&word)
            {
                return Some(crate::text::spell::Meant { word, trust: 0.7 });
            }
        }
        None
    }

    /// "färd tjänst": two words that together are a known one are read as it, too.
    fn join_neighbours(&self, tokens: &mut [Token]) {
        for at in 1..tokens.len() {
            let (before, after) = tokens.split_at_mut(at);
            let (Some(left), Some(right)) = (before.last(), after.first_mut()) else {
                continue;
            };
            if left.norm.chars().count() < 2 || right.norm.chars().count() < 3 || left.sentence != right.sentence {
                continue;
            }
            let joined = [left.norm.as_str(), right.norm.as_str()].concat();
            let linked = [left.norm.as_str(), "s", right.norm.as_str()].concat();
            for word in [joined, linked] {
                if self.swedish.contains_key(&word) && !(left.stop && right.stop) {
                    right.parts.push(self.stems.stem(&word, Language::Swedish));
                }
            }
        }
    }
}

/// "86 år", "en 7-åring": an age tells an old person or a child.
fn mark_ages(tokens: &mut [Token]) {
    for at in 0..tokens.len() {
        let Some(token) = tokens.get(at) else { continue };
        let digits: String = token.norm.chars().take_while(char::is_ascii_digit).collect();
        let rest = token.norm.get(digits.len()..).unwrap_or_default();
        let next = tokens.get(at + 1).map(|next| next.norm.as_str()).unwrap_or_default();
        let is_age =
            |word: &str| word.starts_with("åring") || word.starts_with("årig") || word == "år" || word == "years";
        let Ok(age) = digits.parse::<u32>() else { continue };
        let concept = match age {
            0..=17 => "child",
            70..=115 => "elder",
            _ => continue,
        };
        // "15 år" may be a span of time; an old person's age hardly is.
        let span = next == "år" || next == "years";
        if ((rest.is_empty() && is_age(next) && !(span && age < 70)) || is_age(rest))
            && let Some(token) = tokens.get_mut(at)
        {
            token.concepts.push(concept.to_owned());
        }
    }
}
