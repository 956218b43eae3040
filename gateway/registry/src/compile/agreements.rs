//! Agreements that are signed, cut to what is there.

use super::Objects;
use super::convert;
use crate::model::{Agreement, AgreementRecord, AgreementState, Moment, PartyRole};
use jiff::civil::Date;
use snapshot::{AgreementDraft, Calendar, LimitDraft, LimitPer, OnStoreFailure};
use std::collections::HashSet;
use std::time::Duration;

/// The agreement, unless it was never signed or nothing that it covers is served.
pub(super) fn in_force(record: &AgreementRecord, objects: &Objects, served: &HashSet<&str>) -> Option<AgreementDraft> {
    // Who has signed once is told that the agreement has ended, not that there is none.
    if record.state() == AgreementState::Proposed {
        return None;
    }
    let mut draft = agreement(&record.terms);
    draft.producers.retain(|id| objects.organisations.contains_key(id));
    draft.consumers.retain(|id| objects.organisations.contains_key(id));
    draft.suppliers.retain(|id| objects.organisations.contains_key(id));
    draft.apis.retain(|id| served.contains(id.as_str()));
    if !draft.applications.is_empty() {
        draft
            .applications
            .retain(|id| objects.applications.get(id).is_some_and(|one| !one.suspended));
        // None left is not "all of them".
        if draft.applications.is_empty() {
            return None;
        }
    }
    if draft.apis.is_empty() || draft.producers.is_empty() || draft.consumers.is_empty() {
        return None;
    }
    let ends = [
        draft.valid_to,
        record.termination.as_ref().map(|end| end.at.seconds()),
        parties_end(&record.terms, objects),
    ];
    draft.valid_to = ends.into_iter().flatten().min();
    draft.suspended = record.suspension.is_some();
    // An end before the beginning is how a termination in advance reads: it was never in force.
    if draft.valid_to.is_some_and(|end| end <= draft.valid_from) {
        draft.valid_from = draft.valid_to.map_or(draft.valid_from, |end| end - 1);
    }
    Some(draft)
}

/// The agreement as it is written.
pub(crate) fn agreement(terms: &Agreement) -> AgreementDraft {
    let with = |role| terms.with_role(role).map(str::to_owned).collect();
    AgreementDraft {
        id: terms.agreement_id.clone(),
        kind: convert::agreement_kind(terms.kind),
        purpose: terms.purpose.clone(),
        producers: with(PartyRole::Producer),
        consumers: with(PartyRole::Consumer),
        suppliers: with(PartyRole::Supplier),
        applications: terms.application_ids.clone(),
        apis: terms.api_ids.clone(),
        scopes: terms.scopes.clone(),
        limits: limits(terms).into_iter().map(|limit| limit.id).collect(),
        valid_from: terms.valid_from.seconds(),
        valid_to: terms.valid_to.map(Moment::seconds),
        suspended: false,
    }
}

/// The calls that the agreement admits, as limits of its own.
pub(crate) fn limits(terms: &Agreement) -> Vec<LimitDraft> {
    let Some(admitted) = &terms.limits else {
        return Vec::new();
    };
    let minute = Duration::from_secs(60);
    let windows = [
        ("minute", admitted.per_minute, None),
        ("day", admitted.per_day, Some(Calendar::Day)),
        ("month", admitted.per_month, Some(Calendar::Month)),
    ];
    let limit = |(name, quota, calendar): (&str, Option<u32>, Option<Calendar>)| {
        quota.map(|quota| LimitDraft {
            id: format!("{}.{name}", terms.agreement_id),
            name: name.to_owned(),
            per: LimitPer::Agreement,
            quota,
            window: calendar.map_or(minute, Calendar::longest),
            burst: None,
            shared: Some(match calendar {
                None => OnStoreFailure::LocalShare,
                Some(_) => OnStoreFailure::Deny,
            }),
            calendar,
        })
    };
    windows.into_iter().filter_map(limit).collect()
}

/// The first day on which a producer or consumer no longer exists.
fn parties_end(terms: &Agreement, objects: &Objects) -> Option<i64> {
    terms
        .signatories()
        .filter_map(|id| objects.organisations.get(id)?.valid_to)
        .filter_map(midnight)
        .min()
}

fn midnight(date: Date) -> Option<i64> {
    date.to_zoned(jiff::tz::TimeZone::UTC)
        .ok()
        .map(|zoned| zoned.timestamp().as_second())
}
