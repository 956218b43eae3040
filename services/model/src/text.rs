//! Text tagged with its language, so that nobody has to guess which one they were given.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The same text in one or more languages; keys are BCP 47 tags.
///
/// Swedish is always there: it is the language the agencies write in. English is there when somebody
/// wrote it; a missing translation is left out rather than filled with Swedish under an English tag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"sv": "Ansökan om studiemedel", "en": "Application for student aid"}))]
pub struct LocalizedText {
    /// Swedish.
    pub sv: String,
    /// English, when there is a translation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub en: Option<String>,
    /// Any other language, by its BCP 47 tag.
    #[serde(flatten)]
    pub others: BTreeMap<String, String>,
}

impl LocalizedText {
    /// Text in Swedish and English.
    #[must_use]
    pub fn new(sv: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            sv: sv.into(),
            en: Some(en.into()),
            others: BTreeMap::new(),
        }
    }

    /// Text that exists in Swedish only, such as an agency's own words.
    #[must_use]
    pub fn swedish(sv: impl Into<String>) -> Self {
        Self {
            sv: sv.into(),
            en: None,
            others: BTreeMap::new(),
        }
    }

    /// Adds or replaces the text in another language (BCP 47 tag such as `fi`).
    #[must_use]
    pub fn with(mut self, language: &str, text: impl Into<String>) -> Self {
        match language {
            "sv" => self.sv = text.into(),
            "en" => self.en = Some(text.into()),
            other => {
                self.others.insert(other.to_owned(), text.into());
            }
        }
        self
    }

    /// The text in `language`, or in Swedish when there is none.
    #[must_use]
    pub fn in_language(&self, language: &str) -> &str {
        match language {
            "sv" => &self.sv,
            "en" => self.en.as_deref().unwrap_or(&self.sv),
            other => self.others.get(other).map_or(self.sv.as_str(), String::as_str),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_translation_is_left_out_of_the_json() {
        let json = serde_json::to_string(&LocalizedText::swedish("Bygglov")).unwrap();
        assert_eq!(json, r#"{"sv":"Bygglov"}"#);
    }

    #[test]
    fn other_languages_sit_beside_swedish_and_english() {
        let text = LocalizedText::new("Skatt", "Tax").with("fi", "Vero");
        let json = serde_json::to_string(&text).unwrap();
        assert_eq!(json, r#"{"sv":"Skatt","en":"Tax","fi":"Vero"}"#);
        assert_eq!(serde_json::from_str::<LocalizedText>(&json).unwrap(), text);
        assert_eq!(text.in_language("fi"), "Vero");
        assert_eq!(text.in_language("se"), "Skatt");
    }
}
