//! Ways to reach an organisation, from the register and from what is certain; never an invented number.

use model::LocalizedText;
use serde::{Deserialize, Serialize};

use crate::data::files::{self, DataError};

/// One way to reach an organisation. None of them needs an e-identification unless it says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    /// The kind as in `model::ContactKind`: phone, email, form, visit, letter.
    pub kind: String,
    /// The number, address or place.
    pub value: String,
    /// What it is for.
    pub label: LocalizedText,
    /// Where it comes from.
    pub source: String,
    /// When it is open, in the short form of `model::hours`; empty when that is not certain.
    #[serde(default)]
    pub hours: Vec<String>,
}

impl Contact {
    fn open(mut self, hours: &str) -> Self {
        self.hours = hours
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect();
        self
    }
}

fn contact(kind: &str, value: impl Into<String>, sv: &str, en: &str, source: &str) -> Contact {
    Contact {
        kind: kind.to_owned(),
        value: value.into(),
        label: LocalizedText::new(sv, en),
        source: source.to_owned(),
        hours: Vec::new(),
    }
}

const REGISTER: &str = "agency register 2026-01-02";
const OWN: &str = "written for this project 2026-11-23";

/// The contacts of a row of `agencies.csv`.
///
/// # Errors
/// `public-lines.csv` is not in its form.
pub fn of_agency(row: &[&str]) -> Result<Vec<Contact>, DataError> {
    let [_, name, _, _, _, _, web, phone, email, address, postcode, town] = row else {
        return Ok(Vec::new());
    };
    let mut all = Vec::new();
    for line in files::rows("public-lines.csv", files::PUBLIC_LINES, 6)? {
        if let [organisation, kind, value, hours, sv, en] = line[..]
            && organisation == *name
        {
            all.push(contact(kind, value, sv, en, OWN).open(hours));
        }
    }
    if !phone.is_empty() {
        // The register drops the leading zero of some numbers.
        let phone = if phone.starts_with('0') {
            (*phone).to_owned()
        } else {
            format!("0{phone}")
        };
        all.push(contact("phone", phone, "Växel", "Switchboard", REGISTER));
    }
    if !web.is_empty() {
        all.push(contact(
            "form",
            format!("https://{web}"),
            "Webbplats",
            "Website",
            REGISTER,
        ));
    }
    if !email.is_empty() {
        all.push(contact("email", *email, "Registrator", "Registry", REGISTER));
    }
    let place = [*address, *postcode, *town]
        .iter()
        .filter(|part| !part.is_empty())
        .copied()
        .collect::<Vec<_>>()
        .join(", ");
    if place.is_empty() {
        // A letter to the name is delivered to a state agency; there is always a way without e-identification.
        all.push(contact(
            "letter",
            *name,
            "Brev till myndigheten",
            "Letter to the agency",
            OWN,
        ));
    } else {
        all.push(contact(
            "letter",
            format!("{name}, {place}"),
            "Brev",
            "Letter",
            REGISTER,
        ));
    }
    Ok(all)
}

/// The contacts of a region: 1177 works in all of them.
#[must_use]
pub fn of_region(county: &str, name: &str, web: &str) -> Vec<Contact> {
    let _ = county;
    vec![
        contact(
            "phone",
            "1177",
            "Sjukvårdsrådgivning dygnet runt",
            "Medical advice round the clock",
            OWN,
        )
        .open("24/7"),
        contact(
            "form",
            format!("https://{web}"),
            "Regionens webbplats",
            "The region's website",
            OWN,
        ),
        contact(
            "form",
            "https://www.1177.se",
            "1177, råd och e-tjänster",
            "1177, advice and e-services",
            OWN,
        ),
        contact(
            "letter",
            format!("{name}, registrator"),
            "Brev till regionen",
            "Letter to the region",
            OWN,
        ),
    ]
}

/// Web addresses of municipalities that are certain.
const MUNICIPAL_WEBS: &[(&str, &str)] = &[
    ("0180", "https://start.stockholm"),
    ("1480", "https://goteborg.se"),
    ("1280", "https://malmo.se"),
    ("0380", "https://www.uppsala.se"),
    ("0580", "https://www.linkoping.se"),
    ("1880", "https://www.orebro.se"),
    ("1980", "https://www.vasteras.se"),
    ("1283", "https://helsingborg.se"),
    ("0581", "https://www.norrkoping.se"),
    ("0680", "https://www.jonkoping.se"),
    ("2480", "https://www.umea.se"),
    ("1281", "https://lund.se"),
    ("1490", "https://www.boras.se"),
    ("0980", "https://www.gotland.se"),
    ("2180", "https://www.gavle.se"),
    ("2281", "https://sundsvall.se"),
    ("2580", "https://www.lulea.se"),
    ("1380", "https://www.halmstad.se"),
    ("1780", "https://karlstad.se"),
    ("0780", "https://www.vaxjo.se"),
];

/// The contacts of a municipality. No open set of their numbers was found, so none is given.
#[must_use]
pub fn of_municipality(code: &str, name: &str) -> Vec<Contact> {
    let mut all = Vec::new();
    if let Some((_, web)) = MUNICIPAL_WEBS.iter().find(|(known, _)| *known == code) {
        all.push(contact(
            "form",
            *web,
            "Kommunens webbplats",
            "The municipality's website",
            OWN,
        ));
    }
    all.push(contact(
        "visit",
        format!("Kommunhuset i {name}"),
        "Kommunens reception eller medborgarservice, utan e-legitimation",
        "The municipality's reception or citizen service, without e-identification",
        OWN,
    ));
    all.push(contact(
        "letter",
        format!("{name}, kommunens registrator"),
        "Brev till kommunen",
        "Letter to the municipality",
        OWN,
    ));
    all
}
