//! Whether the request path could serve an object: it is compiled, alone with what it refers to, and what the compiler
//! says is told in the API's words.

use super::{Breach, check_length, check_name, policies};
use crate::compile;
use crate::model::{Api, Application, Backend, CalendarPeriod, LimitPlan, OnStoreFailure, Organisation};
use snapshot::{ApplicationDraft, Draft, RouteDraft, Snapshot};

/// The compiler's name of a field, and the API's.
const FIELDS: [(&str, &str); 22] = [
    ("addresses", "targets"),
    ("connect_timeout", "connectTimeoutMilliseconds"),
    ("ca_file", "trustedRootsFile"),
    ("sender_constraint", "senderConstraint"),
    ("window", "windowSeconds"),
    ("deprecated_at", "deprecatedAt"),
    ("sunset_at", "sunsetAt"),
    ("limits", "limitPlanIds"),
    ("deadline", "deadlineMilliseconds"),
    ("idle_timeout", "idleTimeoutMilliseconds"),
    ("max_body_bytes", "maxBodyBytes"),
    ("personal_data", "personalData"),
    ("backend", "backendId"),
    ("routes", "operations"),
    ("organisation", "organisationId"),
    ("valid_from", "validFrom"),
    ("valid_to", "validTo"),
    ("apis", "apiIds"),
    ("applications", "applicationIds"),
    ("max_concurrent", "maxConcurrent"),
    ("max_pending", "maxPending"),
    ("id", "apiId"),
];

/// First parts of addresses that are the gateway's own.
const RESERVED: [&str; 9] = [
    "registry", "oauth2", "problems", "portal", "docs", "en", "sv", "ops", "health",
];

/// A backend, apart from whether its addresses may be called.
pub fn check_backend(backend: &Backend, organisation: &Organisation) -> Vec<Breach> {
    let mut breaches = Vec::new();
    check_name(&mut breaches, "name", &backend.name);
    check_length(&mut breaches, "targets", &backend.targets);
    for (number, target) in backend.targets.iter().enumerate() {
        if !(1..=1_000).contains(&target.weight) {
            breaches.push(Breach::new(format!("targets[{number}].weight"), "must be 1 to 1000"));
        }
    }
    if backend.connect_timeout_milliseconds > 60_000 {
        breaches.push(Breach::new("connectTimeoutMilliseconds", "must be 1 to 60000"));
    }
    if let Some(check) = &backend.health_check {
        if !check.path.starts_with('/') || check.path.bytes().any(|byte| !byte.is_ascii_graphic()) {
            breaches.push(Breach::new("healthCheck.path", "must be a path that begins with `/`"));
        }
        if !(1..=3_600).contains(&check.interval_seconds) {
            breaches.push(Breach::new("healthCheck.intervalSeconds", "must be 1 to 3600"));
        }
    }
    if backend.max_concurrent == Some(0) {
        breaches.push(Breach::new("maxConcurrent", "must be at least 1, or left out"));
    }
    let draft = Draft {
        organisations: vec![compile::organisation_draft(organisation)],
        backends: vec![compile::backend_draft(backend)],
        ..Draft::default()
    };
    breaches.extend(problems(&draft, "backends"));
    breaches
}

/// A limit plan.
pub fn check_limit_plan(plan: &LimitPlan) -> Vec<Breach> {
    let mut breaches = Vec::new();
    if plan.window_seconds > 31 * 24 * 60 * 60 {
        breaches.push(Breach::new("windowSeconds", "must be 1 to 2678400"));
    }
    if !plan.shared && plan.on_store_failure.is_some() {
        let message = "is of use to a shared limit only; set shared to true";
        breaches.push(Breach::new("onStoreFailure", message));
    }
    if let Some(period) = plan.calendar {
        let seconds = match period {
            CalendarPeriod::Day => 86_400,
            CalendarPeriod::Month => 31 * 86_400,
        };
        if plan.window_seconds != seconds {
            breaches.push(Breach::new(
                "windowSeconds",
                format!("must be {seconds}, as long as the calendar's period can be"),
            ));
        }
        if !plan.shared {
            let message = "must be true: a calendar quota is counted by all nodes together";
            breaches.push(Breach::new("shared", message));
        }
        if plan.on_store_failure == Some(OnStoreFailure::LocalShare) {
            let message = "must be deny or allow: there is no share of what only the ledger knows";
            breaches.push(Breach::new("onStoreFailure", message));
        }
    }
    let draft = Draft {
        limits: vec![compile::limit_plan_draft(plan)],
        ..Draft::default()
    };
    breaches.extend(problems(&draft, "limits"));
    breaches
}

/// What an API refers to, as far as it is there.
#[derive(Debug, Default)]
pub struct Referred {
    /// Backends that its calls may go to.
    pub backends: Vec<Backend>,
    /// Limits of every call.
    pub plans: Vec<LimitPlan>,
    /// Applications that a canary names.
    pub applications: Vec<Application>,
}

/// An API with the operations that it is to have.
pub fn check_api(api: &Api, routes: Vec<RouteDraft>, organisation: &Organisation, referred: &Referred) -> Vec<Breach> {
    let mut breaches = Vec::new();
    check_length(&mut breaches, "operations", &api.operations);
    check_length(&mut breaches, "limitPlanIds", &api.limit_plan_ids);
    if RESERVED.contains(&api.name.as_str()) {
        breaches.push(Breach::new("name", "is the gateway's own; choose another"));
    }
    for (field, value, most) in [
        ("deadlineMilliseconds", api.deadline_milliseconds, 300_000),
        ("idleTimeoutMilliseconds", api.idle_timeout_milliseconds, 3_600_000),
        ("maxBodyBytes", api.max_body_bytes, 1 << 30),
    ] {
        if value > most {
            breaches.push(Breach::new(field, format!("must be at most {most}")));
        }
    }
    if let Some(cors) = &api.cors {
        check_length(&mut breaches, "cors.origins", &cors.origins);
        for (number, origin) in cors.origins.iter().enumerate() {
            let host = origin
                .strip_prefix("https://")
                .or_else(|| origin.strip_prefix("http://"));
            let good = host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']));
            if !good || !origin.bytes().all(|byte| byte.is_ascii_graphic()) {
                let message = "must be an origin, https://host[:port]";
                breaches.push(Breach::new(format!("cors.origins[{number}]"), message));
            }
        }
    }
    breaches.extend(policies::check_api(api));
    let mut draft = compile::api_draft(api, routes);
    if draft.released.is_empty() {
        // It gets one when it is published.
        "1970-01-01".clone_into(&mut draft.released);
    }
    let draft = Draft {
        organisations: vec![compile::organisation_draft(organisation)],
        limits: referred.plans.iter().map(compile::limit_plan_draft).collect(),
        backends: referred.backends.iter().map(compile::backend_draft).collect(),
        applications: referred.applications.iter().map(plain_application).collect(),
        apis: vec![draft],
        ..Draft::default()
    };
    breaches.extend(problems(&draft, "apis"));
    breaches
}

/// As much of an application as it takes to be named.
fn plain_application(application: &Application) -> ApplicationDraft {
    ApplicationDraft {
        id: application.application_id.clone(),
        name: application.name.clone(),
        organisation: application.organisation_id.clone(),
        ..ApplicationDraft::default()
    }
}

fn problems(draft: &Draft, table: &str) -> Vec<Breach> {
    let Err(problems) = Snapshot::compile(draft) else {
        return Vec::new();
    };
    problems
        .into_iter()
        .filter(|problem| problem.table == table)
        .map(|problem| Breach::new(renamed(&problem.field), renamed_in(&problem.message)))
        .collect()
}

/// `addresses[0]` becomes `targets[0]`.
fn renamed(field: &str) -> String {
    if let Some(policy) = policies::renamed(field) {
        return policy;
    }
    let end = field.find(['[', '.']).unwrap_or(field.len());
    let (head, rest) = field.split_at(end);
    let known = FIELDS.iter().find(|(of_compiler, _)| *of_compiler == head);
    format!("{}{rest}", known.map_or(head, |(_, ours)| ours))
}

/// Names of fields with an underscore are never words of a sentence.
fn renamed_in(message: &str) -> String {
    FIELDS
        .iter()
        .chain(&policies::FIELDS)
        .filter(|(of_compiler, _)| of_compiler.contains('_'))
        .fold(message.to_owned(), |text, (of_compiler, ours)| {
            text.replace(of_compiler, ours)
        })
}
