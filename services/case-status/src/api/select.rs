//! Which cases of those gathered a caller wants to see, in what order, and from where on. Pure.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use model::{Case, PartyRole};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use service_host::Caller;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::api::shown::Whose;

/// What a caller may ask of the list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Vilken sida; den första är 1. Which page; the first is 1.
    #[param(default = 1, minimum = 1)]
    pub(crate) page: Option<u64>,
    /// Högst så många ärenden på en sida. At most so many cases on a page.
    #[param(default = 20, minimum = 1, maximum = 100)]
    pub(crate) limit: Option<u64>,
    /// I stället för `page`: fortsätt efter det sista ärendet på sidan före, hämtad ur dess länk `next`. Sidorna hänger
    /// ihop även om något ändras under tiden. In place of `page`: go on after the last case of the page before, taken
    /// from its `next` link; pages fit together even when something changes meanwhile. Empty: from the beginning.
    pub(crate) cursor: Option<String>,
    /// Bara pågående (true) eller bara avslutade (false). Only those that go on, or only those that are closed.
    pub(crate) open: Option<bool>,
    /// Bara de som väntar på personen (true) eller inte (false). Only those that wait for the person, or do not.
    pub(crate) requires_action: Option<bool>,
    /// Bara en organisations ärenden; inga andra källor frågas. Only one organisation's; no other source is asked.
    pub(crate) organisation: Option<String>,
    /// Bara en tjänsts ärenden, som `bygglov`. Only one service's cases.
    pub(crate) service: Option<String>,
    /// Vems ärenden, en eller flera åtskilda av komma: personens egna, ett barns, någon annans som personen företräder.
    /// Whose cases, one or several with commas between: the person's own, a child's, somebody's whom the person represents.
    #[serde(deserialize_with = "several")]
    #[param(value_type = Option<Vec<Whose>>, style = Form, explode = false, inline)]
    pub(crate) whose: Option<Vec<Whose>>,
    /// Bara ärenden som personen har i denna roll. Only cases that the person has this part in.
    #[param(inline)]
    pub(crate) role: Option<PartyRole>,
    /// Bara de som har ändrats vid eller efter denna tid. Only those that changed at or after this time.
    #[param(value_type = Option<String>, format = DateTime)]
    pub(crate) changed_since: Option<Timestamp>,
    /// Ordning; ett minustecken vänder den. The order; a minus turns it round.
    #[param(inline)]
    pub(crate) sort: Option<Sort>,
}

/// The orders that the list can come in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(default = "-lastChangedAt")]
pub(crate) enum Sort {
    /// What changed last comes first.
    #[default]
    #[serde(rename = "-lastChangedAt")]
    LastChangedFirst,
    /// What changed longest ago comes first.
    #[serde(rename = "lastChangedAt")]
    LastChangedLast,
    /// The newest case comes first.
    #[serde(rename = "-startedAt")]
    StartedFirst,
    /// The oldest case comes first.
    #[serde(rename = "startedAt")]
    StartedLast,
    /// What the person must do soonest comes first; then cases without such a time.
    #[serde(rename = "dueAt")]
    DueFirst,
    /// By the title, in Swedish.
    #[serde(rename = "title")]
    Title,
}

/// A case's place in an order: first by time, then by text, then by id, so that no two are equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Place(i64, String, Uuid);

impl Place {
    /// A place from a link in this order; none when it is not one.
    fn read(cursor: &str, wanted: Sort) -> Option<Self> {
        let (sort, place): (Sort, Self) = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        (sort == wanted).then_some(place)
    }
}

/// Several words with commas between.
fn several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Whose>>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let word = |word: &str| serde_json::from_value(word.into()).ok();
    let words: Option<Vec<Whose>> = text.split(',').map(word).collect();
    words.map(Some).ok_or_else(|| {
        D::Error::custom("invalid, expected one or several of own, child and represented, with commas between")
    })
}

impl ListQuery {
    /// Whether the case is among those asked for.
    pub(crate) fn wants(&self, case: &Case, caller: &Caller) -> bool {
        let is = |wanted: &Option<String>, found: Option<&str>| wanted.is_none() || wanted.as_deref() == found;
        self.open.is_none_or(|open| open != case.closed)
            && self
                .requires_action
                .is_none_or(|required| required == case.requires_action)
            && is(&self.organisation, Some(&case.organisation_id))
            && is(&self.service, case.service_id.as_deref())
            && self
                .whose
                .as_ref()
                .is_none_or(|whose| whose.contains(&Whose::of(case, caller)))
            // The person's own part stands first.
            && self
                .role
                .is_none_or(|role| case.parties.first().is_some_and(|party| party.role == role))
            && self.changed_since.is_none_or(|since| case.last_changed_at >= since)
    }

    /// Puts cases in the order asked for. Ties go by id, so that pages fit together from one request to the next.
    pub(crate) fn sort(&self, cases: &mut [Case]) {
        cases.sort_by_cached_key(|case| self.place(case));
    }

    /// Where the case stands in the order asked for.
    pub(crate) fn place(&self, case: &Case) -> Place {
        let sort = self.sort.unwrap_or_default();
        let (time, text) = match sort {
            Sort::LastChangedFirst => (-case.last_changed_at.as_microsecond(), String::new()),
            Sort::LastChangedLast => (case.last_changed_at.as_microsecond(), String::new()),
            Sort::StartedFirst => (
                case.started_at.map_or(i64::MAX, |at| -at.as_microsecond()),
                String::new(),
            ),
            Sort::StartedLast => (
                case.started_at.map_or(i64::MAX, Timestamp::as_microsecond),
                String::new(),
            ),
            Sort::DueFirst => (due(case).map_or(i64::MAX, Timestamp::as_microsecond), String::new()),
            Sort::Title => (0, case.title.sv.clone()),
        };
        Place(time, text, case.case_id)
    }

    /// A place as it travels in a link.
    pub(crate) fn cursor(&self, place: &Place) -> String {
        let text = serde_json::to_vec(&(self.sort.unwrap_or_default(), place)).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(text)
    }

    /// The place that the cursor names; `Ok(None)` at the beginning.
    ///
    /// # Errors
    /// A cursor that was not given out for this order.
    pub(crate) fn after(&self) -> Result<Option<Place>, NotACursor> {
        match self.cursor.as_deref() {
            None | Some("") => Ok(None),
            Some(cursor) => Place::read(cursor, self.sort.unwrap_or_default())
                .map(Some)
                .ok_or(NotACursor),
        }
    }

    /// Every parameter but page, cursor and limit, for the links to other pages (FNS.12); percent-encoded.
    pub(crate) fn others(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let flags = [("open", self.open), ("requiresAction", self.requires_action)];
        for (name, value) in flags {
            if let Some(value) = value {
                query.append_pair(name, if value { "true" } else { "false" });
            }
        }
        for (name, value) in [("organisation", &self.organisation), ("service", &self.service)] {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        if let Some(whose) = &self.whose {
            let words: Vec<_> = whose.iter().filter_map(|one| name_of(Some(one))).collect();
            query.append_pair("whose", &words.join(","));
        }
        for (name, value) in [("role", name_of(self.role)), ("sort", name_of(self.sort))] {
            if let Some(value) = value {
                query.append_pair(name, &value);
            }
        }
        if let Some(since) = self.changed_since {
            query.append_pair("changedSince", &since.to_string());
        }
        query.finish()
    }
}

/// A cursor that leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotACursor;

/// The word that stands for it in a query.
fn name_of(value: Option<impl Serialize>) -> Option<String> {
    match serde_json::to_value(value?) {
        Ok(serde_json::Value::String(name)) => Some(name),
        _ => None,
    }
}

/// The soonest last moment of what the person is to do.
fn due(case: &Case) -> Option<Timestamp> {
    case.next_steps.iter().filter_map(|step| step.due_at).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_other_pages_keep_every_other_parameter() {
        let query = ListQuery {
            page: Some(2),
            limit: Some(5),
            open: Some(true),
            requires_action: Some(false),
            organisation: Some("gävle kommun".to_owned()),
            service: Some("bygglov".to_owned()),
            whose: Some(vec![Whose::Own, Whose::Child]),
            role: Some(PartyRole::Guardian),
            changed_since: Some("2026-11-01T00:00:00Z".parse().unwrap()),
            sort: Some(Sort::DueFirst),
            ..ListQuery::default()
        };
        assert_eq!(
            query.others(),
            "open=true&requiresAction=false&organisation=g%C3%A4vle+kommun&service=bygglov&whose=own%2Cchild&role=guardian\
             &sort=dueAt&changedSince=2026-11-01T00%3A00%3A00Z"
        );
        assert_eq!(ListQuery::default().others(), "");
    }

    #[test]
    fn a_cursor_of_another_order_or_of_nobodys_making_is_refused() {
        let place = Place(0, "Bygglov".to_owned(), Uuid::from_u128(7));
        let with = |cursor: &str, sort| ListQuery {
            cursor: Some(cursor.to_owned()),
            sort: Some(sort),
            ..ListQuery::default()
        };
        let cursor = with("", Sort::Title).cursor(&place);
        assert_eq!(with(&cursor, Sort::Title).after(), Ok(Some(place)));
        assert_eq!(with(&cursor, Sort::DueFirst).after(), Err(NotACursor));
        assert_eq!(with("å", Sort::Title).after(), Err(NotACursor));
        assert_eq!(with("", Sort::Title).after(), Ok(None));
    }
}
