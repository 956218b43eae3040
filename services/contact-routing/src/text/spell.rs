//! Forgiving spelling: words that sound alike, and words one or two slips of a finger away.
//!
//! Every known word is filed under how it sounds and under its sound with each letter left out (symmetric delete); an
//! unknown word is looked up the same way. No word list is walked through, so the cost does not grow with the lexicon.

use hashbrown::HashMap;

/// Known words by sound.
#[derive(Default)]
pub struct Speller {
    exact: HashMap<String, Vec<u32>>,
    deletes: HashMap<String, Vec<u32>>,
    words: Vec<String>,
    weight: Vec<u32>,
}

/// A known word that may have been meant.
#[derive(Clone, Debug, PartialEq)]
pub struct Meant {
    /// The known word.
    pub word: String,
    /// How sure, from 0 to 1.
    pub trust: f32,
}

/// Shorter words have too many neighbours to guess among.
const SHORTEST: usize = 4;

impl Speller {
    /// Files a known word; `weight` is how common it is and breaks ties.
    pub fn add(&mut self, word: &str, weight: u32) {
        let Ok(id) = u32::try_from(self.words.len()) else {
            return;
        };
        self.words.push(word.to_owned());
        self.weight.push(weight);
        let sound = sound(word);
        if sound.chars().count() >= SHORTEST {
            for shorter in deletes(&sound) {
                self.deletes.entry(shorter).or_default().push(id);
            }
        }
        self.exact.entry(sound).or_default().push(id);
    }

    /// The best known word for an unknown one.
    #[must_use]
    pub fn meant(&self, word: &str) -> Option<Meant> {
        let length = word.chars().count();
        if !(SHORTEST..=40).contains(&length) || word.bytes().any(|b| b.is_ascii_digit()) {
            return None;
        }
        let sound = sound(word);
        if let Some(best) = self.best(word, self.exact.get(&sound).into_iter().flatten(), 3) {
            return Some(Meant { word: best, trust: 0.9 });
        }
        let shorter = deletes(&sound);
        let found = shorter
            .iter()
            .flat_map(|key| self.deletes.get(key).into_iter().chain(self.exact.get(key)).flatten())
            .chain(self.deletes.get(&sound).into_iter().flatten());
        let most = match length {
            0..=4 => 1,
            5..=7 => 1,
            _ => 2,
        };
        let best = self.best(word, found, most)?;
        let trust = if length >= 7 { 0.8 } else { 0.65 };
        Some(Meant { word: best, trust })
    }

    fn best<'s>(&'s self, word: &str, ids: impl Iterator<Item = &'s u32>, most: usize) -> Option<String> {
        let first = word.chars().next();
        ids.filter_map(|id| {
            let at = usize::try_from(*id).ok()?;
            let candidate = self.words.get(at)?;
            let distance = distance(word, candidate);
            (distance <= most).then(|| {
                let other_start = usize::from(candidate.chars().next() != first);
                (
                    distance + other_start,
                    u32::MAX - self.weight.get(at).copied().unwrap_or(0),
                    candidate,
                )
            })
        })
        .min()
        .map(|(_, _, word)| word.clone())
    }
}

fn deletes(sound: &str) -> Vec<String> {
    let letters: Vec<char> = sound.chars().collect();
    if letters.len() < 3 {
        return Vec::new();
    }
    (0..letters.len())
        .map(|skip| {
            letters
                .iter()
                .enumerate()
                .filter(|(at, _)| *at != skip)
                .map(|(_, c)| *c)
                .collect()
        })
        .collect()
}

/// How a Swedish word sounds, roughly: sje and tje sounds, doubled letters, silent letters, vowels that are mixed up.
#[must_use]
pub fn sound(word: &str) -> String {
    let mut text = soft(word);
    for (from, to) in [
        ("stj", "6"),
        ("skj", "6"),
        ("sch", "6"),
        ("sj", "6"),
        ("tion", "6on"),
        ("sion", "6on"),
        ("ssion", "6on"),
        ("tj", "7"),
        ("kj", "7"),
        ("ch", "7"),
        ("dj", "j"),
        ("gj", "j"),
        ("hj", "j"),
        ("lj", "j"),
        ("hv", "v"),
        ("ck", "k"),
        ("qu", "kv"),
        ("ph", "f"),
        ("th", "t"),
        ("dt", "t"),
        ("gt", "kt"),
        ("x", "ks"),
        ("z", "s"),
        ("w", "v"),
        ("q", "k"),
        ("é", "e"),
        ("å", "o"),
        ("ä", "e"),
        ("ö", "o"),
        ("gn", "ngn"),
        ("ngngn", "ngn"),
        ("nk", "ngk"),
        ("aa", "o"),
        ("ae", "e"),
        ("oe", "o"),
    ] {
        if text.contains(from) {
            text = text.replace(from, to);
        }
    }
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        let soft = letters.peek().is_some_and(|next| "eiy".contains(*next));
        let c = match c {
            'c' if soft => 's',
            'c' => 'k',
            other => other,
        };
        // A doubled letter sounds as one.
        if !out.ends_with(c) {
            out.push(c);
        }
    }
    out
}

/// A soft "g" sounds as "j", and "sk" before a soft vowel as "sj".
fn soft(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut letters = word.chars().peekable();
    while let Some(c) = letters.next() {
        let before_soft = letters.peek().is_some_and(|next| "eiyäö".contains(*next));
        match c {
            'g' if before_soft => out.push('j'),
            'k' if before_soft && out.ends_with('s') => {
                out.pop();
                out.push('6');
            }
            other => out.push(other),
        }
    }
    out
}

/// Edits between two words (Damerau-Levenshtein, adjacent letters may change places).
#[must_use]
pub fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    if a.len().abs_diff(b.len()) > 3 {
        return usize::MAX / 2;
    }
    let width = b.len() + 1;
    let mut before: Vec<usize> = vec![0; width];
    let mut last: Vec<usize> = (0..width).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
            let mut best = (at(&last, j + 1) + 1)
                .min(at(&row, j) + 1)
                .min(at(&last, j) + usize::from(x != y));
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                best = best.min(at(&before, j - 1) + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_who_spell_by_ear_are_understood() {
        let mut speller = Speller::default();
        for word in [
            "trängselskatt",
            "försäkringskassan",
            "körkort",
            "bostadsbidrag",
            "sjukpenning",
            "skilsmässa",
            "parkering",
        ] {
            speller.add(word, 1);
        }
        for (written, meant) in [
            ("trängselskat", "trängselskatt"),
            ("försekringskasan", "försäkringskassan"),
            ("körkårt", "körkort"),
            ("bostadbidrag", "bostadsbidrag"),
            ("sjukpening", "sjukpenning"),
            ("skilsmesa", "skilsmässa"),
            ("pakrering", "parkering"),
            ("korkort", "körkort"),
        ] {
            assert_eq!(
                speller.meant(written).map(|m| m.word).as_deref(),
                Some(meant),
                "{written}"
            );
        }
        assert_eq!(speller.meant("hund"), None);
    }
}
