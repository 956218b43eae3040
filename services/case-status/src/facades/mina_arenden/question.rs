//! A question in the standard's words, and what it may hold.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// As in the standard's reference implementation.
const MOST_PARTS: usize = 100;
const MOST_EVENTS: u64 = 1000;

/// The question, as the standard wraps it.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "fraga": { "parter": [{ "arende": { "identifierare": "BYGG-2026-0042", "typ": "Producentarendereferens" } }],
    "behandling": { "sortering": [{ "attribut": "tidpunkt", "stigande": true }], "paginering": { "offset": 0, "limit": 100 } } } }))]
pub(super) struct Kundhandelsefraga {
    /// The question.
    pub(super) fraga: Fraga,
}

/// About which parts, and what of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fraga {
    /// About whom and which case; one to 100.
    #[schema(max_items = 100)]
    pub(super) parter: Vec<Part>,
    /// Types of events by their first parts; all if left out.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub(super) kundhandelse_typer: Vec<String>,
    /// Only events with one of these tags; all if left out.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub(super) taggar: Vec<String>,
    /// Only from this time on.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-01-31T10:00:00Z")]
    pub(super) start_datum: Option<String>,
    /// Only until this time.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-01-31T10:00:00Z")]
    pub(super) slut_datum: Option<String>,
    /// Order and page.
    #[serde(default)]
    pub(super) behandling: Option<Behandling>,
}

/// About whom, and which case. Without a customer it is about the person of the access token.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub(super) struct Part {
    /// The customer: must be the person of the access token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kund: Option<Identitet>,
    /// The case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) arende: Option<Identitet>,
}

/// A number and what kind of number it is.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub(super) struct Identitet {
    /// The number.
    pub(super) identifierare: String,
    /// What kind: `Personnummer`, `Producentarendereferens`, `Diarienummer`, `Kvittensnummer`, `Konsumentreferens`.
    pub(super) typ: String,
}

/// Order and page.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(super) struct Behandling {
    /// The order.
    #[serde(default)]
    #[schema(max_items = 1)]
    pub(super) sortering: Vec<Sortering>,
    /// The page.
    #[serde(default)]
    pub(super) paginering: Option<Paginering>,
}

/// An order.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(super) struct Sortering {
    /// `tidpunkt`.
    pub(super) attribut: String,
    /// Oldest first.
    pub(super) stigande: bool,
}

/// A page of each part's events.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
pub(super) struct Paginering {
    /// How many are left out first.
    #[schema(minimum = 0)]
    pub(super) offset: u64,
    /// How many are given at most.
    #[schema(minimum = 1, maximum = 1000)]
    pub(super) limit: u64,
}

impl Fraga {
    /// What is wrong with it, in the standard's language.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.parter.is_empty() || self.parter.len() > MOST_PARTS {
            return Err("Antalet parter ska vara 1 till 100.");
        }
        if self.kundhandelse_typer.len() > MOST_PARTS || self.taggar.len() > MOST_PARTS {
            return Err("Antalet kundhändelsetyper och taggar får vara högst 100.");
        }
        for kund in self.parter.iter().filter_map(|part| part.kund.as_ref()) {
            if !matches!(kund.typ.as_str(), "Personnummer" | "Samordningsnummer") {
                return Err("Kundens typ ska vara Personnummer eller Samordningsnummer.");
            }
            if kund.identifierare.len() != 12 || !kund.identifierare.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err("Kundens identifierare ska ha tolv siffror.");
            }
        }
        for time in [&self.start_datum, &self.slut_datum].into_iter().flatten() {
            if crate::forms::swedish_time::read(time).is_none() {
                return Err("startDatum och slutDatum ska vara datum eller tidpunkter.");
            }
        }
        let Some(behandling) = &self.behandling else {
            return Ok(());
        };
        if behandling.sortering.iter().any(|one| one.attribut != "tidpunkt") {
            return Err("Sortering kan ske på tidpunkt.");
        }
        match behandling.paginering {
            Some(_) if behandling.sortering.is_empty() => Err("Paginering kräver sortering."),
            Some(page) if !(1..=MOST_EVENTS).contains(&page.limit) => Err("Limit ska vara 1 till 1000."),
            _ => Ok(()),
        }
    }

    pub(super) fn oldest_first(&self) -> bool {
        let order = self
            .behandling
            .as_ref()
            .and_then(|behandling| behandling.sortering.first());
        order.is_none_or(|order| order.stigande)
    }

    pub(super) fn page(&self) -> (usize, usize) {
        let page = self.behandling.as_ref().and_then(|behandling| behandling.paginering);
        let page = page.unwrap_or(Paginering {
            offset: 0,
            limit: MOST_EVENTS,
        });
        let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        (count(page.offset), count(page.limit))
    }
}
