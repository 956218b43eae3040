//! Which cases of those gathered a caller wants to see, and in what order. Pure.

use std::cmp::Reverse;

use jiff::Timestamp;
use model::Case;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

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
    /// Bara pågående (true) eller bara avslutade (false). Only those that go on, or only those that are closed.
    pub(crate) open: Option<bool>,
    /// Bara de som väntar på personen (true) eller inte (false). Only those that wait for the person, or do not.
    pub(crate) requires_action: Option<bool>,
    /// Bara en organisations ärenden; inga andra källor frågas. Only one organisation's; no other source is asked.
    pub(crate) organisation: Option<String>,
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

impl ListQuery {
    /// Whether the case is among those asked for.
    pub(crate) fn wants(&self, case: &Case) -> bool {
        self.open.is_none_or(|open| open != case.closed)
            && self
                .requires_action
                .is_none_or(|required| required == case.requires_action)
            && self
                .organisation
                .as_ref()
                .is_none_or(|organisation| *organisation == case.organisation_id)
    }

    /// Puts cases in the order asked for. Ties go by id, so that pages fit together from one request to the next.
    pub(crate) fn sort(&self, cases: &mut [Case]) {
        match self.sort.unwrap_or_default() {
            Sort::LastChangedFirst => cases.sort_by_key(|case| (Reverse(case.last_changed_at), case.case_id)),
            Sort::LastChangedLast => cases.sort_by_key(|case| (case.last_changed_at, case.case_id)),
            Sort::StartedFirst => cases.sort_by_key(|case| (Reverse(case.started_at), case.case_id)),
            Sort::StartedLast => cases.sort_by_key(|case| (case.started_at.unwrap_or(Timestamp::MAX), case.case_id)),
            Sort::DueFirst => cases.sort_by_key(|case| (due(case), case.case_id)),
            Sort::Title => cases.sort_by(|a, b| (&a.title.sv, a.case_id).cmp(&(&b.title.sv, b.case_id))),
        }
    }

    /// Every parameter but page and limit, for the links to other pages (FNS.12); percent-encoded.
    pub(crate) fn others(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let flags = [("open", self.open), ("requiresAction", self.requires_action)];
        for (name, value) in flags {
            if let Some(value) = value {
                query.append_pair(name, if value { "true" } else { "false" });
            }
        }
        if let Some(organisation) = &self.organisation {
            query.append_pair("organisation", organisation);
        }
        if let Some(sort) = self.sort
            && let Ok(serde_json::Value::String(name)) = serde_json::to_value(sort)
        {
            query.append_pair("sort", &name);
        }
        query.finish()
    }
}

/// The soonest last moment of what the person is to do.
fn due(case: &Case) -> Timestamp {
    case.next_steps
        .iter()
        .filter_map(|step| step.due_at)
        .min()
        .unwrap_or(Timestamp::MAX)
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
            sort: Some(Sort::DueFirst),
        };
        assert_eq!(
            query.others(),
            "open=true&requiresAction=false&organisation=g%C3%A4vle+kommun&sort=dueAt"
        );
        assert_eq!(ListQuery::default().others(), "");
    }
}
