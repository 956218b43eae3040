//! Slang, dialect and nicknames, each read as the plain word that needs are written in.

use hashbrown::HashMap;

use crate::text::analysis::Token;
use crate::text::fold;

/// Everyday words with the plain word for each.
#[derive(Default)]
pub struct Everyday {
    words: HashMap<String, Vec<String>>,
    starts: HashMap<String, Vec<String>>,
    /// By the first word of a row: its other words, and the plain word.
    rows: HashMap<String, Vec<(Vec<String>, String)>>,
}

impl Everyday {
    /// From lists of words by the plain word: `start*` is a beginning, `two_words` a row.
    #[must_use]
    pub fn new(lists: &[(String, Vec<String>)]) -> Self {
        let mut all = Self::default();
        for (plain, words) in lists {
            for word in words {
                let word: String = fold::lower(word).chars().filter(|c| *c != '-').collect();
                if let Some((first, rest)) = word.split_once('_') {
                    let rest = rest.split('_').map(str::to_owned).collect();
                    all.rows
                        .entry(first.to_owned())
                        .or_default()
                        .push((rest, plain.clone()));
                } else if let Some(start) = word.strip_suffix('*') {
                    all.starts.entry(start.to_owned()).or_default().push(plain.clone());
                } else {
                    all.words.entry(word).or_default().push(plain.clone());
                }
            }
        }
        all
    }

    /// The plain words for a word.
    pub fn of<'s>(&'s self, word: &'s str) -> impl Iterator<Item = &'s str> {
        let starts = word
            .char_indices()
            .skip(2)
            .filter_map(|(at, c)| word.get(..at + c.len_utf8()))
            .filter_map(|start| self.starts.get(start));
        starts.chain(self.words.get(word)).flatten().map(String::as_str)
    }

    /// The plain word for the row that these words begin with.
    #[must_use]
    pub fn row(&self, tokens: &[Token]) -> Option<&str> {
        let (first, after) = tokens.split_first()?;
        let (_, plain) = self.rows.get(&*first.norm)?.iter().find(|(rest, _)| {
            rest.len() <= after.len() && rest.iter().zip(after).all(|(word, token)| **word == *token.norm)
        })?;
        Some(plain)
    }
}
