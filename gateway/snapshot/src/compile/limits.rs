//! Limit policies.

use super::names::Names;
use super::{Problem, Report};
use crate::Draft;
use crate::model::{Calendar, LimitPolicy, OnStoreFailure};
use std::num::NonZeroU32;
use std::sync::Arc;

/// Compiles the limits.
pub(super) fn compile(draft: &Draft, problems: &mut Vec<Problem>) -> Vec<Arc<LimitPolicy>> {
    let each = |(position, limit)| Arc::new(policy(limit, &mut Report::new(problems, "limits", position)));
    draft.limits.iter().enumerate().map(each).collect()
}

/// The limits that an API or an agreement names, the strictest (fewest calls per second) first.
pub(super) fn named(
    ids: &[String],
    names: &Names<'_>,
    limits: &[Arc<LimitPolicy>],
    report: &mut Report<'_>,
) -> Vec<Arc<LimitPolicy>> {
    let mut found: Vec<Arc<LimitPolicy>> = Vec::with_capacity(ids.len());
    for (number, id) in ids.iter().enumerate() {
        let field = format!("limits[{number}]");
        let position = names.limit(id, &field, report);
        let Some(policy) = limits.get(position).filter(|policy| *policy.id == **id) else {
            continue;
        };
        if found.iter().any(|known| known.id == policy.id) {
            report.field(field, format!("`{id}` is named twice"));
        } else {
            found.push(policy.clone());
        }
    }
    found.sort_by(|a, b| {
        let cost = |one: &LimitPolicy, other: &LimitPolicy| u128::from(one.quota.get()) * other.window.as_nanos();
        cost(a, b).cmp(&cost(b, a))
    });
    found
}

fn policy(limit: &crate::LimitDraft, report: &mut Report<'_>) -> LimitPolicy {
    let name_is_plain = limit
        .name
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
    if limit.name.is_empty() || !name_is_plain {
        report.field(
            "name",
            "must be visible ASCII without quotes: it is sent in RateLimit-Policy",
        );
    }
    // RateLimit-Policy gives the window in whole seconds.
    if limit.window.is_zero() || limit.window.subsec_nanos() != 0 {
        report.field("window", "must be a whole number of seconds, at least one");
    }
    let quota = NonZeroU32::new(limit.quota).unwrap_or_else(|| {
        report.field("quota", "must be at least 1; to refuse every call, end the agreement");
        NonZeroU32::MIN
    });
    let burst = match limit.burst.map(NonZeroU32::new) {
        None => quota,
        Some(None) => {
            report.field("burst", "must be at least 1; a burst of nothing admits nothing");
            quota
        }
        Some(Some(burst)) => {
            if limit.quota > 0 && burst > quota {
                report.field("burst", format!("is {burst}, more than the quota of {quota}"));
            }
            burst
        }
    };
    if limit.calendar.is_some() && limit.burst.is_some() {
        report.field(
            "burst",
            "is not for a calendar quota, which is there to be used at any time",
        );
    }
    let (id, name) = (limit.id.as_str().into(), limit.name.as_str().into());
    LimitPolicy {
        id,
        name,
        per: limit.per,
        quota,
        window: limit.calendar.map_or(limit.window, Calendar::longest),
        burst,
        shared: match limit.calendar {
            None => limit.shared,
            // There is no share of what only the ledger knows.
            Some(_) => match limit.shared {
                Some(OnStoreFailure::Allow) => Some(OnStoreFailure::Allow),
                None | Some(OnStoreFailure::LocalShare | OnStoreFailure::Deny) => Some(OnStoreFailure::Deny),
            },
        },
        calendar: limit.calendar,
    }
}
