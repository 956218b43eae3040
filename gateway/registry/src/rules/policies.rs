//! Policies of carrying calls: what the compiler of the request path says of them, in the API's words, and what it cannot see.

use super::{Breach, check_length};
use crate::compile;
use crate::model::{Api, Maintenance};

/// The compiler's name of a field, and the API's.
pub(super) const FIELDS: [(&str, &str); 25] = [
    ("slow_start", "slowStartMilliseconds"),
    ("breaker.failure_percent", "breaker.failurePercent"),
    ("breaker.window", "breaker.windowMilliseconds"),
    ("breaker.min_calls", "breaker.minCalls"),
    ("breaker.open_for", "breaker.openForMilliseconds"),
    ("ejection.eject_for", "ejection.ejectForMilliseconds"),
    ("ejection.max_percent", "ejection.maxPercent"),
    ("health.path", "healthCheck.path"),
    ("health.interval", "healthCheck.intervalSeconds"),
    ("health.timeout", "healthCheck.timeoutMilliseconds"),
    ("health.unhealthy_after", "healthCheck.unhealthyAfter"),
    ("health.healthy_after", "healthCheck.healthyAfter"),
    ("retry.budget_percent", "retry.budgetPercent"),
    ("retry.try_timeout", "retry.tryTimeoutMilliseconds"),
    ("retry.max_replay_bytes", "retry.maxReplayBytes"),
    ("idempotency.keep_for", "idempotency.keepForSeconds"),
    ("idempotency.max_body_bytes", "idempotency.maxBodyBytes"),
    ("idempotency.max_answer_bytes", "idempotency.maxAnswerBytes"),
    ("cache.max_entry_bytes", "cache.maxEntryBytes"),
    ("validate.max_body_bytes", "validation.maxBodyBytes"),
    ("maintenance.message_en", "maintenance.messageEn"),
    ("maintenance.retry_after", "maintenance.retryAfterSeconds"),
    ("canary.backend", "canary.backendId"),
    ("canary.applications", "canary.applicationIds"),
    ("mirror.backend", "mirror.backendId"),
];

/// The API's name of a policy's field.
pub(super) fn renamed(field: &str) -> Option<String> {
    let known = FIELDS.iter().find(|(of_compiler, _)| *of_compiler == field);
    known.map(|(_, ours)| (*ours).to_owned())
}

/// What is said while an API is taken aside, by itself.
pub fn check_maintenance(maintenance: &Maintenance) -> Vec<Breach> {
    let problems = compile::maintenance_draft(maintenance).problems();
    let breach = |(field, message): (&str, &str)| {
        let field = renamed(field).unwrap_or_else(|| field.to_owned());
        Breach::new(field.trim_start_matches("maintenance."), message)
    };
    problems.into_iter().map(breach).collect()
}

/// An API's policies, as far as the request path's compiler does not judge them.
pub(super) fn check_api(api: &Api) -> Vec<Breach> {
    let mut breaches = Vec::new();
    if let Some(retry) = &api.retry {
        check_length(&mut breaches, "retry.statuses", &retry.statuses);
    }
    if let Some(canary) = &api.canary {
        check_length(&mut breaches, "canary.applicationIds", &canary.application_ids);
    }
    if let Some(validation) = api.validation.as_ref()
        && !validation.requests
        && !validation.responses
    {
        breaches.push(Breach::new(
            "validation",
            "looks at nothing: set requests or responses to true, or leave it out",
        ));
    }
    breaches
}
