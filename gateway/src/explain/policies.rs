//! Policies of carrying calls, in words.

use edge::error::ErrorKind;
use snapshot::{ApplicationIndex, Backend, RetryMethods, Route, Snapshot, Target};

/// An API that is taken aside answers nobody.
///
/// # Errors
/// It is.
pub(super) fn maintenance(snapshot: &Snapshot, route: &Route, lines: &mut Vec<String>) -> Result<(), ErrorKind> {
    let api = route.api.map(|index| snapshot.api(index));
    let aside = api.and_then(|api| api.traffic.maintenance.as_ref());
    match aside.filter(|_| matches!(route.target, Target::Upstream(_))) {
        Some(aside) => {
            lines.push(format!("maintenance: {}", aside.message));
            lines.extend(aside.message_en.iter().map(|en| format!("maintenance (en): {en}")));
            Err(ErrorKind::Maintenance)
        }
        None => Ok(()),
    }
}

/// What an API's owner has decided on how calls are carried.
pub(super) fn of_api(
    snapshot: &Snapshot,
    route: &Route,
    application: Option<ApplicationIndex>,
    lines: &mut Vec<String>,
) {
    let Some(api) = route.api.map(|index| snapshot.api(index)) else {
        return;
    };
    if matches!(route.target, Target::Document(_)) {
        return;
    }
    let traffic = &api.traffic;
    if traffic.mock_answers == Some(true) {
        lines.push("mock: a call with Prefer: code=... is answered from the document's examples".to_owned());
    }
    if let Some(validate) = &traffic.validate {
        let what = match (validate.requests, validate.responses) {
            (true, true) => "request and answer are",
            (false, true) => "the answer is",
            _ => "the request is",
        };
        lines.push(format!("validate: {what} held against the API's document"));
    }
    if let Some(idempotency) = &traffic.idempotency {
        let required = if idempotency.required {
            ", which POST and PATCH need"
        } else {
            ""
        };
        lines.push(format!(
            "idempotency: carried out once for each Idempotency-Key{required}"
        ));
    }
    if traffic.cache.is_some() {
        lines.push("cache: an answer may come from memory, for as long as the backend has said".to_owned());
    }
    if let Some(canary) = &traffic.canary {
        let named = application.is_some_and(|index| {
            let id = &snapshot.application(index).id;
            canary.applications.iter().any(|one| **one == **id)
        });
        let header = canary.header.as_deref();
        let why = match (named, header, canary.percent) {
            (true, ..) => "because the application is named".to_owned(),
            (_, Some(header), 0) => format!("if the call has {header}"),
            (_, Some(header), percent) => format!("if the call has {header}, or {percent} of 100 times"),
            (_, None, percent) => format!("{percent} of 100 times"),
        };
        lines.push(format!("canary: {} answers, {why}", canary.backend));
    }
    if let Some(mirror) = &traffic.mirror {
        lines.push(format!(
            "mirror: {} is shown {} of 100 reads",
            mirror.backend, mirror.percent
        ));
    }
    if let Some(retry) = &traffic.retry {
        let methods = match retry.methods {
            RetryMethods::Safe => "safe methods",
            RetryMethods::Idempotent => "idempotent methods",
        };
        lines.push(format!("retry: {methods}, at most {} times more", retry.attempts));
    }
    lines.push(format!("deadline: {} s", api.deadline.as_secs_f64()));
}

/// When the backend is left alone.
pub(super) fn of_backend(backend: &Backend, lines: &mut Vec<String>) {
    let traffic = &backend.traffic;
    if let Some(breaker) = &traffic.breaker {
        lines.push(format!(
            "breaker: pauses at {} % failures of at least {} calls in {} s",
            breaker.failure_percent,
            breaker.min_calls,
            breaker.window.as_secs_f64()
        ));
    }
    if let Some(most) = traffic.max_concurrent {
        lines.push(format!(
            "capacity: {most} calls at once from each node, {} may wait",
            traffic.max_pending
        ));
    }
}
