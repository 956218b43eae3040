//! Texts that hold Swedish and English after one another: a page shows its reader's part.

use crate::facts::Language;

const SWEDISH: &str = "Svenska:";
const ENGLISH: &str = "English:";

/// The part of `text` in `language`. The published documents lead each part with its language's name, at the start of a
/// paragraph; a text without both names is shown whole.
pub(super) fn part(text: &str, language: Language) -> &str {
    let (Some(swedish), Some(english)) = (paragraph(text, SWEDISH), paragraph(text, ENGLISH)) else {
        return text;
    };
    let (start, other, label) = match language {
        Language::Swedish => (swedish, english, SWEDISH),
        Language::English => (english, swedish, ENGLISH),
    };
    let end = if other > start { other } else { text.len() };
    text.get(start + label.len()..end).unwrap_or(text).trim()
}

/// Where a paragraph begins with `label`.
fn paragraph(text: &str, label: &str) -> Option<usize> {
    text.match_indices(label)
        .map(|(position, _)| position)
        .find(|position| {
            text.get(..*position)
                .is_some_and(|before| before.is_empty() || before.ends_with('\n'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reader_gets_one_language_in_either_order() {
        let text = "Svenska: Ett.\n\nTvå.\n\nEnglish: One.\n\nTwo.";
        assert_eq!(part(text, Language::Swedish), "Ett.\n\nTvå.");
        assert_eq!(part(text, Language::English), "One.\n\nTwo.");
        let turned = "English: One.\n\nSvenska: Ett.";
        assert_eq!(part(turned, Language::Swedish), "Ett.");
        assert_eq!(part(turned, Language::English), "One.");
    }

    #[test]
    fn a_text_without_both_names_is_whole() {
        for text in ["", "Lånekön.", "Svenska: Ett.", "Välj Svenska: eller English: i menyn."] {
            assert_eq!(part(text, Language::English), text);
        }
    }
}
