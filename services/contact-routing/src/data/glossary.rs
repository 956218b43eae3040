//! The glossary: official words with their plain explanation, and what each organisation calls the people it serves.

use hashbrown::HashMap;
use model::LocalizedText;

use crate::data::directory::{Kind, Organisation};
use crate::data::files::{self, DataError};
use crate::text::fold;

/// An official word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The word in Swedish, and its English counterpart.
    pub name: LocalizedText,
    /// What it means in plain words.
    pub explanation: LocalizedText,
    /// Official names of organisations that use it, and `+kind` for all of a kind.
    pub used_by: Vec<String>,
    /// Beginnings of the word as it stands in texts; several words parted by blanks.
    forms: Vec<Vec<String>>,
}

/// What an organisation calls the people it serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// The word.
    pub term: LocalizedText,
    /// Beginnings of it in Swedish texts.
    forms: Vec<String>,
}

/// All terms and relation words.
#[derive(Debug)]
pub struct Glossary {
    /// The terms, in the order of the alphabet.
    pub terms: Vec<Term>,
    relations: HashMap<String, Relation>,
}

/// A term where it stands in a text, in characters.
#[derive(Clone, Copy, Debug)]
pub struct Found<'g> {
    /// First character.
    pub start: usize,
    /// One after the last character.
    pub end: usize,
    /// The term.
    pub term: &'g Term,
}

/// A word for a person that the organisation does not use.
#[derive(Clone, Copy, Debug)]
pub struct WrongWord<'g> {
    /// First character.
    pub start: usize,
    /// One after the last character.
    pub end: usize,
    /// The word to use instead.
    pub instead: &'g Relation,
}

/// Words for a person that some organisation uses and others must not.
const RELATION_WORDS: &[&str] = &[
    "kund", "kunden", "kunder", "kunderna", "kundens", "brukare", "brukaren", "brukarna",
];

impl Glossary {
    /// The glossary of the data files.
    ///
    /// # Errors
    /// A file that is not in its form.
    pub fn read() -> Result<Self, DataError> {
        let mut terms = Vec::new();
        for row in files::rows("glossary.csv", files::GLOSSARY, 6)? {
            let [term, forms, sv, en, explanation_en, used_by] = row[..] else {
                continue;
            };
            let forms = if forms.is_empty() { term } else { forms };
            terms.push(Term {
                name: LocalizedText::new(term, en),
                explanation: LocalizedText::new(sv, explanation_en),
                used_by: used_by.split(',').map(|one| one.trim().to_owned()).collect(),
                forms: forms
                    .split(' ')
                    .map(|form| form.split('_').map(|word| fold::lower(word).replace('-', "")).collect())
                    .collect(),
            });
        }
        terms.sort_by_key(|term| fold::lower(&term.name.sv));
        let mut relations = HashMap::new();
        for row in files::rows("relations.csv", files::RELATIONS, 4)? {
            let [organisation, sv, en, forms] = row[..] else {
                continue;
            };
            let relation = Relation {
                term: LocalizedText::new(sv, en),
                forms: forms.split(' ').map(fold::lower).collect(),
            };
            relations.insert(organisation.to_owned(), relation);
        }
        Ok(Self { terms, relations })
    }

    /// Organisations that have relation words of their own, and `+kind` rows.
    pub fn relation_owners(&self) -> impl Iterator<Item = &str> {
        self.relations.keys().map(String::as_str)
    }

    /// What this organisation calls the people it serves.
    #[must_use]
    pub fn relation(&self, one: &Organisation) -> Option<&Relation> {
        let kind = kind(one);
        self.relations.get(&one.name).or_else(|| self.relations.get(kind))
    }

    /// Whether this organisation uses the term.
    #[must_use]
    pub fn uses(&self, one: &Organisation, term: &Term) -> bool {
        let kind = kind(one);
        term.used_by.iter().any(|name| *name == one.name || name == kind)
    }

    /// The terms in a text, where they stand; the longest one wins at each place.
    #[must_use]
    pub fn annotate(&self, text: &str) -> Vec<Found<'_>> {
        let words = spans(text);
        let mut found = Vec::new();
        let mut at = 0;
        while let Some((start, _, _)) = words.get(at) {
            let fits = |term: &Term| {
                let lengths = term
                    .forms
                    .iter()
                    .filter(|form| stands(form, words.get(at..).unwrap_or_default()));
                lengths.map(|form| (form.len(), form.concat().len())).max()
            };
            let best = self.terms.iter().filter_map(|term| fits(term).map(|size| (size, term)));
            let best = best.max_by_key(|(size, _)| *size);
            let Some(((count, _), term)) = best else {
                at += 1;
                continue;
            };
            let end = words.get(at + count - 1).map_or(*start, |(_, end, _)| *end);
            found.push(Found {
                start: *start,
                end,
                term,
            });
            at += count;
        }
        found
    }

    /// Words for a person in a text that the organisation did not register.
    #[must_use]
    pub fn wrong_words(&self, text: &str, one: &Organisation) -> Vec<WrongWord<'_>> {
        let Some(own) = self.relation(one) else {
            return Vec::new();
        };
        let others: Vec<&str> = self
            .relations
            .values()
            .flat_map(|relation| &relation.forms)
            .map(String::as_str)
            .filter(|form| {
                !own.forms
                    .iter()
                    .any(|mine| form.starts_with(mine.as_str()) || mine.starts_with(form))
            })
            .collect();
        let wrong = |word: &str| {
            let of_others = others.iter().any(|form| word.starts_with(form));
            let never = RELATION_WORDS.contains(&word);
            (of_others || never) && !own.forms.iter().any(|mine| word.starts_with(mine.as_str()))
        };
        spans(text)
            .into_iter()
            .filter(|(_, _, word)| wrong(word))
            .map(|(start, end, _)| WrongWord {
                start,
                end,
                instead: own,
            })
            .collect()
    }
}

const fn kind(one: &Organisation) -> &'static str {
    match one.kind {
        Kind::Municipality => "+municipality",
        Kind::Region => "+region",
        Kind::Court => "+court",
        Kind::StateAgency | Kind::ParliamentAgency | Kind::PensionFund | Kind::PublicUtility => "+state",
    }
}

/// Whether a form begins each of the next words: `allmän handling` stands in "allmänna handlingar" by its own form only.
fn stands(form: &[String], words: &[(usize, usize, String)]) -> bool {
    words.len() >= form.len()
        && form.iter().zip(words).all(|(wanted, (_, _, word))| {
            // Short forms must be the whole word: "vite" is not in "vitamin".
            word == wanted || wanted.chars().count() > 4 && word.starts_with(wanted.as_str())
        })
}

/// The words of a text with their places in characters, in lower case and without hyphens.
fn spans(text: &str) -> Vec<(usize, usize, String)> {
    let mut all = Vec::new();
    let mut current: Option<(usize, String)> = None;
    for (at, letter) in text.chars().chain(std::iter::once(' ')).enumerate() {
        if letter.is_alphanumeric() || letter == '-' && current.is_some() {
            current.get_or_insert_with(|| (at, String::new())).1.push(letter);
        } else if let Some((start, word)) = current.take() {
            all.push((start, at, fold::lower(&word).replace('-', "")));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::directory;

    #[test]
    fn there_are_150_terms_and_every_user_of_one_is_known() {
        let glossary = Glossary::read().unwrap();
        assert!(glossary.terms.len() >= 150, "{}", glossary.terms.len());
        let organisations = directory::organisations().unwrap();
        let names = glossary.terms.iter().flat_map(|term| &term.used_by).map(String::as_str);
        for name in names
            .chain(glossary.relation_owners())
            .filter(|name| !name.starts_with('+'))
        {
            assert!(organisations.iter().any(|one| one.name == name), "{name}");
        }
        for one in &organisations {
            assert!(glossary.relation(one).is_some(), "{} has no word for people", one.name);
        }
        for pair in glossary.terms.windows(2) {
            assert_ne!(pair[0].name.sv, pair[1].name.sv);
        }
    }

    #[test]
    fn terms_are_found_where_they_stand_in_a_text() {
        let glossary = Glossary::read().unwrap();
        let text =
            "Ert överklagande gäller betalningsföreläggandet. Gode mannen har ingen F-skatt. Vitaminer är inget vite.";
        let words: Vec<String> = glossary
            .annotate(text)
            .iter()
            .map(|found| text.chars().skip(found.start).take(found.end - found.start).collect())
            .collect();
        assert_eq!(
            words,
            [
                "överklagande",
                "betalningsföreläggandet",
                "Gode mannen",
                "F-skatt",
                "vite"
            ]
        );
    }

    #[test]
    fn a_text_uses_the_word_that_the_organisation_registered() {
        let glossary = Glossary::read().unwrap();
        let organisations = directory::organisations().unwrap();
        let named = |name: &str| organisations.iter().find(|one| one.name == name).unwrap();
        let text = "Som kund hos oss är du skattebetalare.";
        let wrong = glossary.wrong_words(text, named("Skatteverket"));
        assert_eq!(
            wrong.iter().map(|one| (one.start, one.end)).collect::<Vec<_>>(),
            [(4, 8)]
        );
        assert_eq!(wrong[0].instead.term.sv, "skattebetalare");
        assert_eq!(glossary.wrong_words(text, named("Försäkringskassan")).len(), 2);
        assert!(
            glossary
                .wrong_words("Du som är patient", named("Region Skåne"))
                .is_empty()
        );
    }
}
