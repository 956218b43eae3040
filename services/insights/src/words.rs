//! What reasons, channels and steps are called on the page and in the drawings.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::batch::{JourneyStep, Reason};

/// The language of a page or drawing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Language {
    /// Swedish.
    #[default]
    Sv,
    /// English.
    En,
}

impl Language {
    /// The BCP 47 tag.
    pub(crate) const fn tag(self) -> &'static str {
        self.pick("sv", "en")
    }

    /// The text in this language.
    pub(crate) const fn pick<'t>(self, sv: &'t str, en: &'t str) -> &'t str {
        match self {
            Self::Sv => sv,
            Self::En => en,
        }
    }
}

pub(crate) const fn reason(reason: Reason, language: Language) -> &'static str {
    let (sv, en) = match reason {
        Reason::CouldNotFind => ("Hittade inte", "Could not find it"),
        Reason::DidNotUnderstand => ("Förstod inte", "Did not understand"),
        Reason::WantedStatus => ("Ville veta hur långt det kommit", "Wanted to know how far it had come"),
        Reason::WantedPerson => ("Ville tala med en människa", "Wanted to talk to a person"),
        Reason::Error => ("Något var fel", "Something was wrong"),
        Reason::Other => ("Annat", "Something else"),
    };
    language.pick(sv, en)
}

pub(crate) const fn step(step: JourneyStep, language: Language) -> &'static str {
    let (sv, en) = match step {
        JourneyStep::FindOut => ("Ta reda på", "Finding out"),
        JourneyStep::Apply => ("Ansöka", "Applying"),
        JourneyStep::Supplement => ("Komplettera", "Sending more"),
        JourneyStep::Wait => ("Vänta på beslut", "Waiting"),
        JourneyStep::Decision => ("Beslut", "Decision"),
        JourneyStep::Payment => ("Betalning", "Payment"),
        JourneyStep::Appeal => ("Överklaga", "Appealing"),
    };
    language.pick(sv, en)
}

/// A channel by its word on the wire; a word that is not known is shown as it is.
pub(crate) fn channel(channel: &str, language: Language) -> &str {
    let (sv, en) = match channel {
        "phone" => ("telefon", "phone"),
        "callback" => ("återuppringning", "call-back"),
        "chat" => ("chatt", "chat"),
        "email" => ("e-post", "e-mail"),
        "form" => ("e-tjänst", "form"),
        "visit" => ("besök", "visit"),
        "video" => ("video", "video"),
        "letter" => ("brev", "letter"),
        "digitalPost" => ("digital post", "digital post"),
        other => return other,
    };
    language.pick(sv, en)
}

/// A number with one decimal, with the decimal sign of the language.
pub(crate) fn decimal(number: f64, language: Language) -> String {
    let text = format!("{number:.1}");
    match language {
        Language::Sv => text.replace('.', ","),
        Language::En => text,
    }
}

/// Text for HTML and SVG.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
