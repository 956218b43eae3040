//! Publishes an agency's document as callers of the gateway meet the API: nothing of the agency's is lost, everything the
//! gateway does to a call is said.
//!
//! What the gateway decides is the gateway's word: servers, credentials, trace and limit headers, its own problems and
//! `api-info`. What the agency wrote stays: an answer that is there is not replaced, only given the headers that the
//! gateway adds to it. Paths the gateway serves beside the API's resources (`openapi.json`, `openapi.yaml`, `docs`) are
//! left out: they are the documentation itself, and `openapi.json` is no resource name by RES.06.

mod api_info_path;
mod components;
mod edit;
mod headers;
mod problems;
mod security;
mod tidy;

use crate::facts::{ApiFacts, state_name};
use edit::{object, object_in};
use serde_json::{Value, json};
use snapshot::{Calendar, LifecycleState, LimitPer, LimitPolicy};

/// The document as it is served: OpenAPI 3.1, clean against the REST profile wherever the gateway can make it so.
///
/// `source` is the agency's document; `facts` what the registry knows. Total: a malformed part of `source` is passed on as
/// it is, or replaced where the gateway's own addition needs the place.
#[must_use]
pub fn publish(source: &Value, facts: &ApiFacts) -> Value {
    let mut document = source.clone();
    if !document.is_object() {
        document = json!({});
    }
    tidy::to_3_1(&mut document);
    tidy::parameters_to_operations(&mut document);
    tidy::examples_in_media(&mut document);
    general(&mut document, facts);
    api_info_path::add(&mut document, facts);
    security::add(&mut document, facts);
    problems::add(&mut document, facts);
    headers::add(&mut document, facts);
    document
}

/// Servers, and what the document as a whole lacks.
fn general(document: &mut Value, facts: &ApiFacts) {
    let info = object_in(document, "info");
    edit::fill(info, "title", || json!(facts.title));
    edit::fill(info, "version", || json!(facts.version));
    if !facts.limits.is_empty() {
        edit::fill(info, "x-limitations", || json!(limitations(&facts.limits)));
    }
    info.insert("x-api-status".to_owned(), json!(state_name(facts.state)));
    if let Some(sunset) = facts.sunset_at.and_then(|at| jiff::Timestamp::from_second(at).ok()) {
        info.insert("x-sunset".to_owned(), json!(sunset.to_string()));
    }
    let document = object(document);
    let servers = json!([{ "url": facts.base_url(), "description": facts.title }]);
    document.insert("servers".to_owned(), servers);
    edit::fill(document, "externalDocs", || {
        json!({
            "description": "Dokumentation: användning, gränser, servicenivå (SLA) och fel. Documentation: use, limits, service level and errors.",
            "url": facts.docs_url(),
        })
    });
    if facts.state == LifecycleState::Deprecated {
        edit::each_operation(document, |_, _, operation| {
            edit::fill(operation, "deprecated", || json!(true))
        });
    }
}

/// A period in Swedish and English.
pub(crate) fn calendar_words(calendar: Calendar) -> (&'static str, &'static str) {
    match calendar {
        Calendar::Day => ("kalenderdygn", "calendar day"),
        Calendar::Month => ("kalendermånad", "calendar month"),
    }
}

/// The limits in words: what DOK.09 asks for, from the only one who knows.
fn limitations(limits: &[std::sync::Arc<LimitPolicy>]) -> String {
    let each = limits.iter().map(|limit| {
        let (sv, en) = match limit.per {
            LimitPer::Application => ("applikation", "application"),
            LimitPer::Address => ("nätadress", "network address"),
            LimitPer::Person => ("person, alla applikationer tillsammans", "person, all applications together"),
            LimitPer::Agreement => ("överenskommelse", "agreement"),
            LimitPer::Api => ("API, alla anropare tillsammans", "API, all callers together"),
        };
        if let Some(calendar) = limit.calendar {
            let (quota, name) = (limit.quota, &limit.name);
            let (period_sv, period_en) = calendar_words(calendar);
            return format!("{name}: {quota} / {period_sv} (UTC) per {sv}. {quota} per {period_en} (UTC) and {en}.");
        }
        let (quota, window, burst) = (limit.quota, limit.window.as_secs_f64(), limit.burst);
        format!("{}: {quota} / {window} s per {sv} (max {burst} på en gång). {quota} per {window} s and {en} (at most {burst} at once).", limit.name)
    });
    format!("Anropsgränser / rate limits. {}", each.collect::<Vec<_>>().join(" "))
}
