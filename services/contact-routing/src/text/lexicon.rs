//! The words that are known, and how a text becomes terms with them.

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use crate::text::analysis::{Analysis, Token};
use crate::text::compound;
use crate::text::everyday::Everyday;
use crate::text::fold::{self, Word};
use crate::text::language::{self, Language};
use crate::text::spell::Speller;
use crate::text::stem::{self, StemStarts, Stems};
use crate::text::stopwords;

/// The words that are known.
#[derive(Default)]
pub struct Lexicon {
    stems: Stems,
    swedish: HashMap<String, Known>,
    swedish_stems: HashSet<Arc<str>>,
    stem_starts: StemStarts,
    english: HashSet<String>,
    speller: Speller,
    english_speller: Speller,
    concepts: HashMap<String, Vec<Arc<str>>>,
    concept_starts: HashMap<String, Vec<Arc<str>>>,
    everyday: Everyday,
}

/// What is known of a Swedish word: splitting tries many stems, and most words of a question are known.
#[derive(Default)]
struct Known {
    count: u32,
    stem: Arc<str>,
    parts: Vec<Arc<str>>,
}

/// Words that were read before, without hyphens, by language.
#[derive(Default)]
struct Read {
    swedish: HashMap<String, Token>,
    english: HashMap<String, Token>,
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
            lexicon.swedish.entry_ref(plain.as_str()).or_default().count += 1;
        }
        for text in swedish {
            for word in fold::words(text).words {
                lexicon.swedish.entry(word.norm).or_default().count += 1;
            }
        }
        for text in english {
            lexicon
                .english
                .extend(fold::words(text).words.into_iter().map(|word| word.norm));
        }
        lexicon.file_concepts(concepts);
        for (word, known) in &mut lexicon.swedish {
            let stem = lexicon.stems.stem(word, Language::Swedish);
            known.stem = Arc::clone(
                lexicon
                    .swedish_stems
                    .get_or_insert_with(stem.as_str(), |stem| stem.into()),
            );
        }
        for stem in &lexicon.swedish_stems {
            lexicon.stem_starts.add(stem);
        }
        let (speller, english_speller, parts) = std::thread::scope(|scope| {
            let spellers = scope.spawn(|| lexicon.spellers());
            let parts = lexicon.swedish.keys().map(|word| lexicon.split(word));
            let parts: Vec<Vec<Arc<str>>> = parts.collect();
            let (swedish, english) = spellers.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (swedish, english, parts)
        });
        (lexicon.speller, lexicon.english_speller) = (speller, english_speller);
        for (known, parts) in lexicon.swedish.values_mut().zip(parts) {
            known.parts = parts;
        }
        lexicon
    }

    fn file_concepts(&mut self, concepts: &[(String, Vec<String>)]) {
        for (name, words) in concepts {
            let name: Arc<str> = name.as_str().into();
            for word in words {
                let plain: String = fold::lower(word).chars().filter(|c| *c != '-').collect();
                let (plain, map) = match plain.strip_suffix('*') {
                    Some(start) => (start.to_owned(), &mut self.concept_starts),
                    None => (plain, &mut self.concepts),
                };
                map.entry(plain.clone()).or_default().push(Arc::clone(&name));
                // Beginnings are not words that anything is spelt like.
                if self.concepts.contains_key(&plain) {
                    self.swedish.entry(plain).or_default().count += 1;
                }
            }
        }
    }

    /// The spellers of both languages.
    fn spellers(&self) -> (Speller, Speller) {
        let swedish = self.swedish.iter().map(|(word, known)| (word.as_str(), known.count));
        let english = self.english.iter().map(|word| (word.as_str(), 1));
        (
            Speller::new(swedish.filter(|(word, _)| !stopwords::is_swedish(word))),
            Speller::new(english.filter(|(word, _)| !stopwords::is_english(word))),
        )
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

    /// Analyses many texts, on all processors, and gives what `with` makes of each: most words of a phrasing stand in
    /// others too and are read once.
    #[must_use]
    pub fn analyse_all<T: Send>(&self, texts: &[(&str, Language)], with: impl Fn(Analysis) -> T + Sync) -> Vec<T> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(4);
        let share = texts.len().div_ceil(threads).max(1);
        let analyse = |texts: &[(&str, Language)]| -> Vec<T> {
            let mut read = Read::default();
            let each = texts.iter();
            each.map(|(text, fallback)| with(self.analyse_again(text, *fallback, &mut read)))
                .collect()
        };
        let analyse = &analyse;
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

    fn analyse_again(&self, text: &str, fallback: Language, read: &mut Read) -> Analysis {
        let words = fold::words(text);
        let language = language::detect(&words.words, fallback);
        let read = match language {
            Language::Swedish => &mut read.swedish,
            Language::English => &mut read.english,
        };
        let mut token = |word: &Word| {
            if !word.parts.is_empty() {
                return self.token(word, language);
            }
            let known = read.entry_ref(word.norm.as_str());
            let token = known.or_insert_with(|| self.token(word, language));
            Token {
                capital: word.capital,
                sentence: word.sentence,
                ..token.clone()
            }
        };
        let tokens: Vec<Token> = words.words.iter().map(&mut token).collect();
        self.whole(tokens, language, words.asks)
    }

    /// The stem of one word, as questions in that language would give it.
    #[must_use]
    pub fn stem(&self, word: &str, language: Language) -> String {
        self.stems.stem(word, language)
    }

    /// The Swedish stem of a word, shared when the word or its stem is known.
    fn swedish_stem(&self, word: &str) -> Arc<str> {
        if let Some(known) = self.swedish.get(word) {
            return Arc::clone(&known.stem);
        }
        let stem = self.stems.stem(word, Language::Swedish);
        self.swedish_stems
            .get(stem.as_str())
            .map_or_else(|| stem.into(), Arc::clone)
    }

    /// The stem of a word when some known word has it.
    fn known_stem(&self, word: &str) -> Option<Arc<str>> {
        if !self.stem_starts.may_begin(word) && !stem::is_irregular(word) {
            return None;
        }
        let stem = self.stems.stem(word, Language::Swedish);
        self.swedish_stems.get(stem.as_str()).map(Arc::clone)
    }

    fn english_stem(&self, word: &str) -> Arc<str> {
        self.stems.stem(word, Language::English).into()
    }

    /// Whether a word is its own stem, or an irregular form of it.
    #[must_use]
    pub fn is_stem_of(&self, word: &str, stem: &str) -> bool {
        word.chars().count() <= stem.chars().count() || stem::is_irregular(word)
    }

    /// Whether a Swedish word or its stem is known.
    #[must_use]
    pub fn knows(&self, word: &str) -> bool {
        self.swedish.contains_key(word) || self.known_stem(word).is_some()
    }

    fn token(&self, word: &Word, language: Language) -> Token {
        let norm: Arc<str> = word.norm.as_str().into();
        let stop = match language {
            Language::Swedish => stopwords::is_swedish(&norm),
            Language::English => stopwords::is_english(&norm),
        } || norm.chars().count() < 2;
        let mut token = Token {
            meant: None,
            swedish: Arc::default(),
            english: Arc::default(),
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
    fn families(&self, word: &str) -> Vec<Arc<str>> {
        let starts = word
            .char_indices()
            .skip(1)
            .filter_map(|(at, c)| word.get(..at + c.len_utf8()));
        let mut all: Vec<Arc<str>> = starts
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
        token.swedish = self.swedish_stem(&token.norm);
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
        if self.english.contains(&*token.norm) {
            token.english = self.english_stem(&token.norm);
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
            token.swedish = self.swedish_stem(&meant.word);
            token.parts = self.parts(
                &meant.word,
                &Word {
                    parts: Vec::new(),
                    ..word.clone()
                },
            );
            token.concepts = self.families(&meant.word);
            token.trust = meant.trust;
            token.meant = Some(meant.word.into());
        } else {
            token.parts = self.known_half(&token.norm);
        }
    }

    /// Lets a word be read as a plain one, too.
    fn read_as(&self, token: &mut Token, plain: &str) {
        token.parts.push(self.swedish_stem(plain));
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
    fn known_half(&self, norm: &str) -> Vec<Arc<str>> {
        const SHORTEST: usize = 4;
        let bounds: Vec<usize> = norm.char_indices().map(|(at, _)| at).collect();
        let count = bounds.len();
        if count < 2 * SHORTEST {
            return Vec::new();
        }
        let stem_of = |part: &str| {
            if stopwords::is_swedish(part) {
                None
            } else if let Some(known) = self.swedish.get(part) {
                Some(Arc::clone(&known.stem))
            } else if part.chars().count() > 5 {
                self.known_stem(part)
            } else {
                None
            }
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
        token.english = self.english_stem(&token.norm);
        if token.stop || self.english.contains(&*token.norm) {
            return;
        }
        if self.knows(&token.norm) {
            // A Swedish word in an English question: "personnummer", "hyresvärd".
            token.swedish = self.swedish_stem(&token.norm);
        } else if let Some(meant) = self.english_speller.meant(&token.norm) {
            token.english = self.english_stem(&meant.word);
            token.trust = meant.trust;
            token.meant = Some(meant.word.into());
        }
    }

    fn parts(&self, norm: &str, word: &Word) -> Vec<Arc<str>> {
        if !word.parts.is_empty() {
            return word
                .parts
                .iter()
                .filter(|part| part.chars().count() > 1)
                .map(|part| self.swedish_stem(part))
                .collect();
        }
        match self.swedish.get(norm) {
            Some(known) => known.parts.clone(),
            None => self.split(norm),
        }
    }

    fn split(&self, norm: &str) -> Vec<Arc<str>> {
        let stem_of = |part: &str| {
            let letters = part.chars().count();
            if let Some(known) = self.swedish.get(part)
                && (letters > 3 || !stopwords::is_swedish(part))
            {
                return Some(Arc::clone(&known.stem));
            }
            // An inflected tail is fine when its stem is known; three letters are too few to be sure.
            if letters > 4 { self.known_stem(part) } else { None }
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
            let joined = [&*left.norm, &*right.norm].concat();
            let linked = [&*left.norm, "s", &*right.norm].concat();
            for word in [joined, linked] {
                if self.swedish.contains_key(&word) && !(left.stop && right.stop) {
                    right.parts.push(self.swedish_stem(&word));
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
        let next = tokens.get(at + 1).map(|next| &*next.norm).unwrap_or_default();
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
            token.concepts.push(concept.into());
        }
    }
}
