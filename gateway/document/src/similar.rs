//! "Did you mean": the known word nearest to a misspelt one.

/// The word of `known` that is at most a third of its letters (and at most three) away from `word`.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let within = |(distance, candidate): &(usize, &str)| *distance <= 3.min(candidate.chars().count().div_ceil(3));
    known
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(within)
        .min()
        .map(|(_, word)| word)
}

/// Edits between two words: insert, delete or replace a letter, or swap two neighbours (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    let at = |rows: &[Vec<usize>], row: usize, column: usize| -> usize {
        rows.get(row)
            .and_then(|row| row.get(column))
            .copied()
            .unwrap_or(usize::MAX / 2)
    };
    for (i, left) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, right) in b.iter().enumerate() {
            let replace = at(&rows, i, j) + usize::from(left != right);
            let delete = at(&rows, i, j + 1) + 1;
            let insert = row.last().copied().unwrap_or(0) + 1;
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(right) && b.get(j - 1) == Some(left);
            let swap = if swapped {
                at(&rows, i - 1, j - 1) + 1
            } else {
                usize::MAX
            };
            row.push(replace.min(delete).min(insert).min(swap));
        }
        rows.push(row);
    }
    at(&rows, a.len(), b.len())
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_word_is_found_and_a_far_one_is_not() {
        let known = ["deadline", "idle_timeout", "limits", "id"];
        assert_eq!(nearest("deadlin", known), Some("deadline"));
        assert_eq!(nearest("limtis", known), Some("limits"));
        assert_eq!(nearest("idletimeout", known), Some("idle_timeout"));
        assert_eq!(nearest("ids", known), Some("id"));
        assert_eq!(nearest("colour", known), None);
    }
}
