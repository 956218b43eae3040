//! Splitting Swedish compounds into words that are known: `trängselskattebeslut` into `trängsel`, `skatt`, `beslut`.

/// Letters that join the parts of a compound.
const LINKS: &[&str] = &["", "s", "e", "o", "u", "a", "es"];
/// No part is shorter than this (letters), or everything splits.
const SHORTEST: usize = 3;
/// Words longer than this are not words.
const LONGEST: usize = 48;

/// Splits `word` into two or more known parts, or gives nothing. `stem_of` gives the stem of a part when it is known.
///
/// The split with the longest last part wins: in Swedish the last part says what the thing is.
pub fn split<S>(word: &str, stem_of: &impl Fn(&str) -> Option<S>) -> Option<Vec<S>> {
    let letters: Vec<usize> = word.char_indices().map(|(at, _)| at).collect();
    if letters.len() < 2 * SHORTEST || letters.len() > LONGEST {
        return None;
    }
    parts(word, stem_of, 3)
}

fn parts<S>(word: &str, stem_of: &impl Fn(&str) -> Option<S>, depth: usize) -> Option<Vec<S>> {
    let bounds: Vec<usize> = word.char_indices().map(|(at, _)| at).collect();
    let count = bounds.len();
    if depth == 0 || count < 2 * SHORTEST {
        return None;
    }
    for cut in SHORTEST..=count - SHORTEST {
        let (head, tail) = word.split_at(*bounds.get(cut)?);
        let Some(tail_stem) = stem_of(tail) else { continue };
        if let Some(head_stem) = known_head(head, stem_of) {
            return Some(vec![head_stem, tail_stem]);
        }
        if let Some(mut found) = unlinked(head).find_map(|head| parts(head, stem_of, depth - 1)) {
            found.push(tail_stem);
            return Some(found);
        }
    }
    None
}

fn known_head<S>(head: &str, stem_of: &impl Fn(&str) -> Option<S>) -> Option<S> {
    unlinked(head).find_map(stem_of)
}

/// The head without each possible joining letter, itself first.
fn unlinked(head: &str) -> impl Iterator<Item = &str> {
    LINKS
        .iter()
        .filter_map(move |link| head.strip_suffix(link))
        .filter(|head| head.chars().count() >= SHORTEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compound_falls_into_known_words() {
        let known = ["trängsel", "skatt", "beslut", "skol", "skjuts", "ansökan"];
        let stem_of = |word: &str| known.contains(&word).then(|| word.to_owned());
        assert_eq!(
            split("trängselskattebeslut", &stem_of).unwrap(),
            ["trängsel", "skatt", "beslut"]
        );
        assert_eq!(
            split("skolskjutsansökan", &stem_of).unwrap(),
            ["skol", "skjuts", "ansökan"]
        );
        assert_eq!(split("skruvmejsel", &stem_of), None);
    }
}
