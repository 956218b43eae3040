//! Lower case, composed letters, and words: the first step of every analysis.

use std::borrow::Cow;

/// One word as it stood in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Lower case, hyphens removed: `P-bot` becomes `pbot`.
    pub norm: String,
    /// Whether it began with a capital letter.
    pub capital: bool,
    /// Which sentence of the text it stood in, from 0.
    pub sentence: usize,
    /// The parts around hyphens, when there were any.
    pub parts: Vec<String>,
}

/// The words of a text in order, and the sentences that asked something.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// The words.
    pub words: Vec<Word>,
    /// For each sentence, whether it ended in a question mark.
    pub asks: Vec<bool>,
}

/// Composes a letter followed by a combining ring, diaeresis or acute (NFD input from some keyboards).
fn compose(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || !text.contains(['\u{30a}', '\u{308}', '\u{301}']) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let composed = match (out.chars().last(), c) {
            (Some('a'), '\u{30a}') => Some('å'),
            (Some('a'), '\u{308}') => Some('ä'),
            (Some('o'), '\u{308}') => Some('ö'),
            (Some('A'), '\u{30a}') => Some('Å'),
            (Some('A'), '\u{308}') => Some('Ä'),
            (Some('O'), '\u{308}') => Some('Ö'),
            (Some('e'), '\u{301}') => Some('é'),
            _ => None,
        };
        match composed {
            Some(letter) => {
                out.pop();
                out.push(letter);
            }
            None => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Lower case with the accents that people leave out made plain (`é` to `e`, `ü` to `u`).
#[must_use]
pub fn lower(text: &str) -> String {
    if text.is_ascii() && !text.contains('`') {
        return text.to_ascii_lowercase();
    }
    compose(text)
        .chars()
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            'é' | 'è' | 'ê' => 'e',
            'á' | 'à' => 'a',
            'ü' => 'u',
            '’' | '´' | '`' => '\'',
            'æ' => 'ä',
            'ø' => 'ö',
            other => other,
        })
        .collect()
}

/// Splits a text into words and sentences.
#[must_use]
pub fn words(text: &str) -> Words {
    let text = compose(text);
    let mut out = Words::default();
    let mut current = String::new();
    let mut sentence = 0;
    let mut in_sentence = false;
    let mut previous = ' ';
    for c in text.chars().chain(std::iter::once('\n')) {
        let joins = matches!(c, '-' | '\u{2010}' | '\u{2011}' | '’' | '\'') && !current.is_empty();
        if c.is_alphanumeric() || c == '§' || joins {
            current.push(if c == '’' { '\'' } else { c });
        } else {
            if !current.is_empty() {
                push(&mut out, &current, sentence);
                in_sentence = true;
                current.clear();
            }
            // "kl. 7" and "bl.a." do not end a sentence; a following capital would, but few write so.
            let ends = matches!(c, '?' | '!' | '\n') || (c == '.' && !previous.is_ascii_digit());
            if ends && in_sentence {
                out.asks.push(c == '?');
                sentence += 1;
                in_sentence = false;
            } else if c == '?'
                && let Some(last) = out.asks.last_mut()
            {
                *last = true;
            }
        }
        previous = c;
    }
    if out.asks.len() <= sentence {
        out.asks.push(false);
    }
    out
}

fn push(out: &mut Words, raw: &str, sentence: usize) {
    let raw = raw.trim_matches(['-', '\'', '\u{2010}', '\u{2011}']);
    if raw.is_empty() {
        return;
    }
    let capital = raw.chars().next().is_some_and(char::is_uppercase);
    let lowered = lower(raw);
    if !lowered.contains(['-', '\u{2010}', '\u{2011}']) {
        out.words.push(Word {
            norm: lowered,
            capital,
            sentence,
            parts: Vec::new(),
        });
        return;
    }
    let parts: Vec<String> = lowered
        .split(['-', '\u{2010}', '\u{2011}'])
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect();
    let norm = parts.concat();
    let parts = if parts.len() > 1 { parts } else { Vec::new() };
    out.words.push(Word {
        norm,
        capital,
        sentence,
        parts,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hyphens_are_closed_and_kept_as_parts() {
        let words = words("Jag fick P-bot, vad gör jag? Hej.");
        let norms: Vec<_> = words.words.iter().map(|word| word.norm.as_str()).collect();
        assert_eq!(norms, ["jag", "fick", "pbot", "vad", "gör", "jag", "hej"]);
        assert_eq!(words.words[2].parts, ["p", "bot"]);
        assert_eq!(words.asks, [true, false, false]);
    }

    #[test]
    fn combining_marks_are_composed() {
        assert_eq!(lower("Fa\u{308}rdtja\u{308}nst"), "färdtjänst");
    }
}
