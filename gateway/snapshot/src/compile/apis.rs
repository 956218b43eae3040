//! API versions: names, versions, lifecycle, and what every call to them needs.

use super::limits::named;
use super::names::Names;
use super::{Problem, Report, traffic};
use crate::model::{Api, ApiIndex, Authentication, LifecycleState, LimitPolicy, SenderConstraint};
use crate::{ApiDraft, Draft, lifecycle};
use hashbrown::HashMap;
use http::HeaderValue;
use std::sync::Arc;

/// Compiles the APIs; their routes follow in [`super::routes`].
pub(super) fn compile(
    draft: &Draft,
    names: &Names<'_>,
    limits: &[Arc<LimitPolicy>],
    problems: &mut Vec<Problem>,
) -> Vec<Api> {
    let mut apis: Vec<Api> = Vec::with_capacity(draft.apis.len());
    let mut bases: HashMap<Arc<str>, usize> = HashMap::new();
    for (position, api) in draft.apis.iter().enumerate() {
        let mut report = Report::new(problems, "apis", position);
        let compiled = one(api, draft, names, limits, &mut report);
        if let Some(taken) = bases.insert(compiled.base_path.clone(), position) {
            let base = &compiled.base_path;
            report.field(
                "version",
                format!("apis[{taken}] is already served at `{base}`: one major version, one API"),
            );
        }
        apis.push(compiled);
    }
    apis
}

/// APIs by the audience of their tokens; of several with the same audience the first.
pub(super) fn audiences(apis: &[Api]) -> HashMap<Box<str>, ApiIndex> {
    let mut audiences = HashMap::new();
    for (position, api) in apis.iter().enumerate() {
        let index = ApiIndex(u32::try_from(position).unwrap_or(u32::MAX));
        if !api.audience.is_empty() {
            audiences.entry(Box::from(&*api.audience)).or_insert(index);
        }
    }
    audiences
}

fn one(api: &ApiDraft, draft: &Draft, names: &Names<'_>, limits: &[Arc<LimitPolicy>], report: &mut Report<'_>) -> Api {
    check_texts(api, report);
    check_times(api, report);
    let base_path = base_path(api, report);
    Api {
        id: api.id.as_str().into(),
        name: api.name.as_str().into(),
        title: api.title.as_str().into(),
        version: api.version.as_str().into(),
        released: api.released.as_str().into(),
        organisation: names.organisation(&api.organisation, "organisation", report),
        state: api.state,
        lifecycle_headers: lifecycle::headers(api, &base_path, report),
        base_path_value: HeaderValue::from_str(&base_path).ok(),
        base_path: base_path.into(),
        sunset_at: api.sunset_at,
        authentication: api.authentication,
        audience: api.audience.as_str().into(),
        sender_constraint: api.sender_constraint,
        personal_data: api.personal_data,
        limits: named(&api.limits, names, limits, report),
        cors: api.cors.clone(),
        deadline: api.deadline,
        idle_timeout: api.idle_timeout,
        max_body_bytes: api.max_body_bytes,
        backend: api.backend.as_ref().map(|id| names.backend(id, "backend", report)),
        canary: api
            .traffic
            .canary
            .as_ref()
            .map(|canary| names.backend(&canary.backend, "canary.backend", report)),
        mirror: api
            .traffic
            .mirror
            .as_ref()
            .map(|mirror| names.backend(&mirror.backend, "mirror.backend", report)),
        traffic: traffic::api(api, draft, report),
    }
}

fn check_texts(api: &ApiDraft, report: &mut Report<'_>) {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let starts_well = api.name.starts_with(|first: char| first.is_ascii_lowercase());
    if !starts_well || !api.name.bytes().all(word) || api.name.ends_with('-') {
        // REST profile UFN.07 and UFN.08.
        report.field(
            "name",
            format!(
                "`{}` is not a URL name; use a-z, 0-9 and `-`, beginning with a letter",
                api.name
            ),
        );
    }
    report.not_empty("title", &api.title);
    if api.released.parse::<jiff::civil::Date>().is_err() || api.released.len() != "2026-01-31".len() {
        report.field(
            "released",
            format!("`{}` is not a date; write YYYY-MM-DD", api.released),
        );
    }
    if matches!(api.authentication, Authentication::Token | Authentication::KeyOrToken) {
        report.not_empty("audience", &api.audience);
    }
    if api.sender_constraint != SenderConstraint::None && api.authentication != Authentication::Token {
        report.field(
            "sender_constraint",
            "binds tokens to their sender, and the API can be called without one; set authentication to token",
        );
    }
    if api.personal_data && api.authentication == Authentication::None {
        report.field("authentication", "must not be none: the API holds personal data");
    }
    if api
        .cors
        .as_ref()
        .is_some_and(|cors| cors.any_origin && !cors.origins.is_empty())
    {
        report.field("cors", "allows any origin and names some; choose one");
    }
}

/// `/<name>/v<major>`, or where the draft puts it.
fn base_path(api: &ApiDraft, report: &mut Report<'_>) -> String {
    let major = major(api, report);
    let Some(own) = &api.base_path else {
        return format!("/{}/v{major}", api.name);
    };
    let segments = own.strip_prefix('/').unwrap_or_default().split('/');
    let good = |segment: &str| !segment.is_empty() && !segment.contains(['{', '}']);
    if !own.starts_with('/') || segments.clone().count() > 2 || !segments.clone().all(good) {
        report.field("base_path", format!("`{own}` is not a path of one or two segments"));
    }
    own.clone()
}

fn check_times(api: &ApiDraft, report: &mut Report<'_>) {
    if api.deadline.is_zero() {
        report.field("deadline", "must be longer than zero");
    }
    if api.idle_timeout.is_zero() {
        report.field("idle_timeout", "must be longer than zero");
    }
}

/// The version's major number, checked against the state (REST profile VER.11 and VER.12).
fn major(api: &ApiDraft, report: &mut Report<'_>) -> u64 {
    let Some(major) = parse_major(&api.version) else {
        report.field(
            "version",
            format!("`{}` is not a semantic version; write MAJOR.MINOR.PATCH", api.version),
        );
        return 0;
    };
    match api.state {
        LifecycleState::Alpha | LifecycleState::Beta if major != 0 => {
            let message = format!(
                "`{}` must begin with 0 while the state is alpha or beta (REST profile VER.11)",
                api.version
            );
            report.field("version", message);
        }
        LifecycleState::Active if major == 0 => {
            let message = format!(
                "`{}` must begin with 1 or more when the state is active (REST profile VER.12)",
                api.version
            );
            report.field("version", message);
        }
        _ => {}
    }
    major
}

/// Reads a semantic version (semver.org 2.0.0, rules 2, 9 and 10).
fn parse_major(version: &str) -> Option<u64> {
    let (version, build) = version
        .split_once('+')
        .map_or((version, None), |(rest, build)| (rest, Some(build)));
    let (numbers, pre_release) = version
        .split_once('-')
        .map_or((version, None), |(rest, pre)| (rest, Some(pre)));
    let identifiers = |text: &str| {
        let plain =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        text.split('.').all(plain)
    };
    let number = |text: &str| {
        let plain = text == "0" || !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
        if plain { text.parse::<u64>().ok() } else { None }
    };
    let numbers: Option<Vec<u64>> = numbers.split('.').map(number).collect();
    let tail_is_good = pre_release.is_none_or(identifiers) && build.is_none_or(identifiers);
    match numbers.as_deref() {
        Some([major, _, _]) if tail_is_good => Some(*major),
        _ => None,
    }
}
