//! Checks of the policies by which calls are carried.

use super::Report;
use crate::{ApiDraft, ApiTraffic, BackendTraffic, Draft, Maintenance};
use std::time::Duration;

/// Longest window and pause: counters are kept for so long.
const LONGEST: Duration = Duration::from_secs(3600);

/// Checks a backend's.
pub(super) fn backend(traffic: &BackendTraffic, addresses: usize, report: &mut Report<'_>) -> BackendTraffic {
    if !traffic.weights.is_empty() {
        if traffic.weights.len() != addresses {
            report.field(
                "weights",
                format!(
                    "are {}, the addresses {addresses}: give one for each, or none",
                    traffic.weights.len()
                ),
            );
        }
        if traffic.weights.iter().all(|weight| *weight == 0) {
            report.field("weights", "are all 0: no address would be used");
        }
        if traffic.weights.iter().any(|weight| *weight > 1000) {
            report.field("weights", "must be 1000 at most");
        }
    }
    if traffic.max_pending > 0 && traffic.max_concurrent.is_none() {
        report.field(
            "max_pending",
            "is of use beside max_concurrent only: without it no call waits",
        );
    }
    if traffic.max_pending > 100_000 {
        report.field("max_pending", "must be 100000 at most");
    }
    short("slow_start", traffic.slow_start, report);
    if let Some(breaker) = &traffic.breaker {
        percent("breaker.failure_percent", breaker.failure_percent, report);
        long_enough("breaker.window", breaker.window, Duration::from_millis(100), report);
        long_enough("breaker.open_for", breaker.open_for, Duration::from_millis(10), report);
        at_least_one("breaker.min_calls", breaker.min_calls, report);
        at_least_one("breaker.probes", breaker.probes.into(), report);
        if breaker.probes > 60 {
            report.field("breaker.probes", "must be 60 at most");
        }
    }
    if let Some(ejection) = &traffic.ejection {
        percent("ejection.max_percent", ejection.max_percent, report);
        at_least_one("ejection.failures", ejection.failures, report);
        long_enough(
            "ejection.eject_for",
            ejection.eject_for,
            Duration::from_millis(10),
            report,
        );
    }
    if let Some(health) = &traffic.health {
        if !health.path.starts_with('/') || health.path.parse::<http::uri::PathAndQuery>().is_err() {
            report.field("health.path", "must be a path that begins with `/`");
        }
        long_enough("health.interval", health.interval, Duration::from_millis(50), report);
        long_enough("health.timeout", health.timeout, Duration::from_millis(10), report);
        at_least_one("health.unhealthy_after", health.unhealthy_after, report);
        at_least_one("health.healthy_after", health.healthy_after, report);
    }
    traffic.clone()
}

/// Checks an API's.
pub(super) fn api(api: &ApiDraft, draft: &Draft, report: &mut Report<'_>) -> ApiTraffic {
    let traffic = &api.traffic;
    if let Some(retry) = &traffic.retry {
        if !(1..=5).contains(&retry.attempts) {
            report.field("retry.attempts", "must be 1 to 5; leave retry out to send once");
        }
        percent("retry.budget_percent", retry.budget_percent, report);
        if let Some(try_timeout) = retry.try_timeout {
            long_enough("retry.try_timeout", try_timeout, Duration::from_millis(10), report);
        }
        if let Some(status) = retry.statuses.iter().find(|status| !(500..=599).contains(*status)) {
            report.field(
                "retry.statuses",
                format!("{status} does not say that the backend failed; name statuses from 500 to 599"),
            );
        }
        if retry.max_replay_bytes > 16 << 20 {
            report.field(
                "retry.max_replay_bytes",
                "must be 16777216 at most: it is kept in memory for each call",
            );
        }
    }
    if let Some(idempotency) = &traffic.idempotency {
        if !(Duration::from_secs(60)..=Duration::from_secs(7 * 24 * 3600)).contains(&idempotency.keep_for) {
            report.field(
                "idempotency.keep_for",
                "must be a minute at least and seven days at most",
            );
        }
        kept("idempotency.max_body_bytes", idempotency.max_body_bytes, report);
        kept("idempotency.max_answer_bytes", idempotency.max_answer_bytes, report);
    }
    for (field, message) in traffic.maintenance.iter().flat_map(Maintenance::problems) {
        report.field(field, message);
    }
    let owner = |id: &str| {
        let backend = draft.backends.iter().find(|backend| backend.id == id);
        backend.map(|backend| backend.organisation.as_str())
    };
    let own = api.backend.as_deref().and_then(owner);
    let mut same_owner = |field: &str, id: &str| {
        if let (Some(own), Some(other)) = (own, owner(id))
            && own != other
        {
            report.field(
                field,
                format!("`{id}` belongs to `{other}`: calls would be shown to another organisation"),
            );
        }
    };
    if let Some(canary) = &traffic.canary {
        same_owner("canary.backend", &canary.backend);
    }
    if let Some(mirror) = &traffic.mirror {
        same_owner("mirror.backend", &mirror.backend);
    }
    if let Some(canary) = &traffic.canary {
        if !canary.gets_calls() {
            report.field("canary", "gets no call: give percent, header or applications");
        }
        if canary.percent > 100 {
            report.field("canary.percent", "must be 100 at most");
        }
        let header = canary.header.as_deref().unwrap_or("x");
        if header.parse::<http::HeaderName>().is_err() || header.to_ascii_lowercase().starts_with("vagvisare") {
            report.field(
                "canary.header",
                "must be the name of a header field that callers may send",
            );
        }
        for application in &canary.applications {
            if draft.applications.iter().all(|known| known.id != *application) {
                report.field("canary.applications", format!("`{application}` is no application"));
            }
        }
    }
    if let Some(mirror) = &traffic.mirror {
        percent("mirror.percent", mirror.percent, report);
    }
    if let Some(validate) = &traffic.validate {
        kept("validate.max_body_bytes", validate.max_body_bytes, report);
    }
    if let Some(cache) = &traffic.cache {
        kept("cache.max_entry_bytes", cache.max_entry_bytes, report);
    }
    traffic.clone()
}

fn kept(field: &str, bytes: u32, report: &mut Report<'_>) {
    if !(1..=16 << 20).contains(&bytes) {
        report.field(field, "must be 1 to 16777216: it is kept in memory for each call");
    }
}

fn percent(field: &str, value: u8, report: &mut Report<'_>) {
    if !(1..=100).contains(&value) {
        report.field(field, "must be 1 to 100");
    }
}

fn at_least_one(field: &str, value: u32, report: &mut Report<'_>) {
    if value == 0 {
        report.field(field, "must be at least 1");
    }
}

fn short(field: &str, value: Duration, report: &mut Report<'_>) {
    if value > LONGEST {
        report.field(field, "must be an hour at most");
    }
}

fn long_enough(field: &str, value: Duration, least: Duration, report: &mut Report<'_>) {
    if value < least {
        report.field(field, format!("must be {} ms at least", least.as_millis()));
    }
    short(field, value, report);
}
