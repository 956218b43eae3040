//! The form of an entry, and how a contact point of it is shown.

use jiff::Timestamp;
use jiff::civil::Date;
use model::hours::Schedule;
use model::{ContactKind, ContactPoint, LocalizedText};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::data::contact::Contact;
use crate::data::directory::Organisation;

/// What an organisation says of itself. It replaces what the register says of how to reach it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    /// The ways to reach it. One of them must be open to a person without e-identification.
    #[schema(min_items = 1, max_items = 50)]
    pub contact_points: Vec<EntryPoint>,
    /// Where its own pages are; https.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500, example = "https://www.exempelby.se")]
    pub website: Option<String>,
    /// The last day it exists, when that is decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date, example = "2027-12-31")]
    pub valid_to: Option<Date>,
    /// The organisations that take over its tasks after that day. A single one is named in answers from then on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20)]
    pub successor_ids: Vec<String>,
}

/// One way to reach the organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EntryPoint {
    /// Stable id; given here when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100)]
    pub contact_point_id: Option<String>,
    /// What kind of channel it is.
    pub kind: ContactKind,
    /// What it is called.
    pub name: LocalizedText,
    /// Phone number, e-mail address or postal address, as a person writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 300)]
    pub value: Option<String>,
    /// Where it is on the web; https.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    pub url: Option<String>,
    /// Where it is for: kommunkod, länskod or `SE`; empty means everywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 300)]
    pub areas: Vec<String>,
    /// Which languages it speaks, as BCP 47 tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 30)]
    pub languages: Vec<String>,
    /// When it is open, as RFC 5545 recurrence: DTSTART, DURATION and RRULE on lines of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20)]
    pub schedules: Vec<String>,
    /// What it offers those who need something else: `signLanguage`, `textRelay`, `stepFree`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20)]
    pub accessibility: Vec<String>,
    /// Whether one must log in with an e-identification.
    #[serde(rename = "needsEId", default)]
    pub needs_e_id: bool,
    /// Whether sensitive matters may be taken up here.
    #[serde(default)]
    pub sensitive_allowed: bool,
    /// Something everyone should know just now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<LocalizedText>,
    /// The first day it is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date, example = "2026-12-01")]
    pub valid_from: Option<Date>,
    /// The last day it is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date, example = "2027-12-31")]
    pub valid_to: Option<Date>,
    /// When somebody last made sure that this is right; the time of the change when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-11-26T10:00:00Z")]
    pub assured_at: Option<Timestamp>,
}

impl Entry {
    /// What the register says of an organisation, in the form of an entry.
    #[must_use]
    pub fn of_register(organisation: &Organisation) -> Self {
        let point = |contact: &Contact| {
            let url = contact.value.starts_with("https://");
            EntryPoint {
                contact_point_id: None,
                kind: kind(&contact.kind),
                name: contact.label.clone(),
                value: (!url).then(|| contact.value.clone()),
                url: url.then(|| contact.value.clone()),
                areas: Vec::new(),
                languages: Vec::new(),
                schedules: contact
                    .hours
                    .iter()
                    .filter_map(|short| Schedule::from_short(short))
                    .map(|schedule| schedule.to_string())
                    .collect(),
                accessibility: Vec::new(),
                needs_e_id: false,
                sensitive_allowed: false,
                alert: None,
                valid_from: None,
                valid_to: None,
                assured_at: None,
            }
        };
        Self {
            contact_points: organisation.contacts.iter().map(point).collect(),
            website: organisation.web.as_ref().map(|web| format!("https://{web}")),
            valid_to: None,
            successor_ids: Vec::new(),
        }
    }
}

/// The kind by its word in the data files.
pub(crate) fn kind(written: &str) -> ContactKind {
    match written {
        "phone" => ContactKind::Phone,
        "email" => ContactKind::Email,
        "form" => ContactKind::Form,
        "visit" => ContactKind::Visit,
        _ => ContactKind::Letter,
    }
}

impl EntryPoint {
    /// Whether it is shown on a day.
    #[must_use]
    pub fn holds_on(&self, day: Date) -> bool {
        self.valid_from.is_none_or(|first| first <= day) && self.valid_to.is_none_or(|last| day <= last)
    }

    /// Whether it is for a place. A place that is not known rules nothing out.
    #[must_use]
    pub fn is_for(&self, municipality: Option<&str>, county: Option<&str>) -> bool {
        if self.areas.is_empty() || municipality.is_none() && county.is_none() {
            return true;
        }
        let inside = |area: &str| {
            area == "SE"
                || Some(area) == municipality
                || Some(area) == county
                // A county's code begins those of its municipalities.
                || area.len() == 2 && municipality.is_some_and(|code| code.starts_with(area))
                || municipality.is_none() && county.is_some_and(|county| area.starts_with(county))
        };
        self.areas.iter().any(|area| inside(area))
    }

    /// The point as answers show it, without its hours. It was assured by its organisation, never by a named person.
    pub(crate) fn shown(&self, organisation: &Organisation) -> ContactPoint {
        let id = self.contact_point_id.clone().unwrap_or_default();
        let mut point = ContactPoint::new(id, &organisation.id, self.kind);
        point.name = Some(self.name.clone());
        point.value.clone_from(&self.value);
        point.url.clone_from(&self.url);
        point.areas.clone_from(&self.areas);
        point.languages.clone_from(&self.languages);
        point.accessibility.clone_from(&self.accessibility);
        point.needs_e_id = self.needs_e_id;
        point.sensitive_allowed = self.sensitive_allowed;
        point.alert.clone_from(&self.alert);
        point.assured_at = self.assured_at;
        point.assured_by = Some(organisation.id.clone());
        point.source_ref = Some("the organisation itself".to_owned());
        point
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_shown_in_its_days_and_places() {
        let mut point: EntryPoint =
            serde_json::from_value(serde_json::json!({"kind": "phone", "name": {"sv": "Växel"}, "value": "1"}))
                .unwrap();
        let day = jiff::civil::date(2026, 11, 26);
        assert!(point.holds_on(day) && point.is_for(Some("1283"), Some("12")));
        (point.valid_from, point.valid_to) = (Some(day), Some(day));
        assert!(point.holds_on(day) && !point.holds_on(day.tomorrow().unwrap()));
        assert!(!point.holds_on(day.yesterday().unwrap()));
        for (areas, municipality, county, shown) in [
            (&["12"][..], Some("1283"), Some("12"), true),
            (&["12"], Some("1480"), Some("14"), false),
            (&["1283"], Some("1283"), Some("12"), true),
            (&["1283"], Some("1280"), Some("12"), false),
            (&["1283"], None, Some("12"), true),
            (&["1283"], None, Some("14"), false),
            (&["1283"], None, None, true),
            (&["SE"], Some("1480"), None, true),
        ] {
            point.areas = areas.iter().map(|area| (*area).to_owned()).collect();
            assert_eq!(
                point.is_for(municipality, county),
                shown,
                "{areas:?} {municipality:?} {county:?}"
            );
        }
    }
}
