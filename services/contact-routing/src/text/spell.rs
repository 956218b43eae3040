//! Forgiving spelling: words that sound alike, and words one or two slips of a finger away.
//!
//! Every known word is filed under how it sounds and under its sound with each letter left out (symmetric delete); an
//! unknown word is looked up the same way. No word list is walked through, so the cost does not grow with the lexicon.

/// Known words by sound.
#[derive(Default)]
pub struct Speller {
    /// Hashes of sounds with their words, in order. Two sounds with one hash do no harm: every word found is compared.
    exact: Vec<(u64, u32)>,
    /// Hashes of sounds with one letter left out.
    deletes: Vec<(u64, u32)>,
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
    /// A speller of known words; how common each is breaks ties.
    #[must_use]
    pub fn new<'w>(words: impl Iterator<Item = (&'w str, u32)>) -> Self {
        let mut speller = Self::default();
        for ((word, weight), id) in words.zip(0_u32..) {
            speller.words.push(word.to_owned());
            speller.weight.push(weight);
            let letters: Vec<char> = sound(word).chars().collect();
            if letters.len() >= SHORTEST {
                speller.deletes.extend(deletes(&letters).map(|shorter| (shorter, id)));
            }
            speller.exact.push((hash(&letters), id));
        }
        speller.exact.sort_unstable();
        speller.deletes.sort_unstable();
        speller.deletes.dedup();
        speller
    }

    /// The best known word for an unknown one.
    #[must_use]
    pub fn meant(&self, word: &str) -> Option<Meant> {
        let length = word.chars().count();
        if !(SHORTEST..=40).contains(&length) || word.bytes().any(|b| b.is_ascii_digit()) {
            return None;
        }
        let letters: Vec<char> = sound(word).chars().collect();
        let sound = hash(&letters);
        if let Some(best) = self.best(word, filed(&self.exact, sound), 3) {
            return Some(Meant { word: best, trust: 0.9 });
        }
        let found = deletes(&letters)
            .flat_map(|key| filed(&self.deletes, key).chain(filed(&self.exact, key)))
            .chain(filed(&self.deletes, sound));
        let most = match length {
            0..=4 => 1,
            5..=7 => 1,
            _ => 2,
        };
        let best = self.best(word, found, most)?;
        let trust = if length >= 7 { 0.8 } else { 0.65 };
        Some(Meant { word: best, trust })
    }

    fn best(&self, word: &str, ids: impl Iterator<Item = u32>, most: usize) -> Option<String> {
        let first = word.chars().next();
        ids.filter_map(|id| {
            let at = usize::try_from(id).ok()?;
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

/// The words filed under a hash.
fn filed(list: &[(u64, u32)], hash: u64) -> impl Iterator<Item = u32> {
    let from = list.partition_point(|(key, _)| *key < hash);
    let rest = list.get(from..).unwrap_or_default().iter();
    rest.take_while(move |(key, _)| *key == hash).map(|(_, id)| *id)
}

/// The hash of a sound: the same in every run.
fn hash<'l>(letters: impl IntoIterator<Item = &'l char>) -> u64 {
    let mixed = letters.into_iter().fold(0xcbf2_9ce4_8422_2325_u64, |all, letter| {
        (all ^ u64::from(*letter)).wrapping_mul(0x0100_0000_01b3)
    });
    mixed ^ mixed >> 29
}

/// The hashes of a sound with each letter left out.
fn deletes(letters: &[char]) -> impl Iterator<Item = u64> {
    let skips = if letters.len() < 3 { 0 } else { letters.len() };
    (0..skips).map(|skip| {
        let (before, after) = letters.split_at(skip);
        hash(before.iter().chain(after.iter().skip(1)))
    })
}

/// Which bytes a text has, some sharing a bit: a text without one of them cannot hold what has it.
const fn bytes(text: &str) -> u64 {
    let mut rest = text.as_bytes();
    let mut all = 0;
    while let [first, after @ ..] = rest {
        all |= 1 << (*first & 63);
        rest = after;
    }
    all
}

/// How a Swedish word sounds, roughly: sje and tje sounds, doubled letters, silent letters, vowels that are mixed up.
#[must_use]
pub fn sound(word: &str) -> String {
    let mut text = soft(word);
    let mut has = bytes(&text);
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
        let needs = bytes(from);
        if has & needs == needs && text.contains(from) {
            text = text.replace(from, to);
            has = bytes(&text);
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
        let known = [
            "trängselskatt",
            "försäkringskassan",
            "körkort",
            "bostadsbidrag",
            "sjukpenning",
            "skilsmässa",
            "parkering",
        ];
        let speller = Speller::new(known.into_iter().map(|word| (word, 1)));
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
