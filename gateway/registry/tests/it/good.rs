//! What a document says, arrives.

use crate::{GOOD, loaded, with};
use document::Source;
use http::Method;
use snapshot::{
    Access, Authentication, BackendTraffic, Breaker, Ejection, Found, HealthCheck, LifecycleState, LimitPer,
    OnStoreFailure, RetryMethods, RouteDraft,
};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

#[test]
fn a_document_becomes_a_snapshot() {
    let loaded = loaded(GOOD);
    let snapshot = loaded.compile().unwrap();
    let Found::Route(route) = snapshot.find(&Method::GET, "/cases/v1/cases") else {
        panic!("not found")
    };
    assert_eq!(&*snapshot.route(route).id, "GET /cases/v1/cases");
    let application = snapshot.find_application("app").unwrap();
    let second = 1_767_225_600;
    let at = |now| snapshot.access(application, snapshot.find_api("cases-v1").unwrap(), now);
    assert!(matches!(
        (at(second - 1), at(second)),
        (Access::NotYet(_), Access::Granted(_))
    ));
    assert_eq!(loaded.openapi, [None]);
}

#[test]
fn how_calls_are_carried_has_its_keys() {
    let text = with(
        "limits = [\"minute\"]\nbackend = \"cases\"",
        "limits = [\"minute\"]\nbackend = \"cases\"\nretry = { methods = \"idempotent\", attempts = 2, statuses = [502, 503], \
         try_timeout = \"2s\", budget_percent = 10, max_replay_bytes = 1000 }\n\
         idempotency = { keep_for = \"2h\", required = true, max_body_bytes = 10, max_answer_bytes = 20 }\n\
         cache = { max_entry_bytes = 30 }\n\
         maintenance = { message = \"Strax tillbaka.\", message_en = \"Back soon.\", retry_after = \"5m\" }\n\
         canary = { backend = \"several\", percent = 5, header = \"x-canary\", applications = [\"app\"] }\n\
         mirror = { backend = \"several\", percent = 10 }\n\
         validate = { responses = true, max_body_bytes = 40 }",
    ) + "[[backends]]\nid = \"several\"\norganisation = \"agency\"\naddresses = [\"https://a.example.se\", \"https://b.example.se\"]\n\
         weights = [3, 1]\nmax_concurrent = 200\nmax_pending = 50\nslow_start = \"30s\"\n\
         [backends.breaker]\nfailure_percent = 30\nwindow = \"20s\"\nmin_calls = 50\nopen_for = \"3s\"\nprobes = 5\n\
         [backends.ejection]\nfailures = 7\neject_for = \"20s\"\nmax_percent = 40\n\
         [backends.health]\npath = \"/ready\"\ninterval = \"2s\"\ntimeout = \"500ms\"\nunhealthy_after = 4\nhealthy_after = 3\n";
    let draft = loaded(&text).draft;
    let seconds = Duration::from_secs;
    let retry = draft.apis[0].traffic.retry.as_ref().unwrap();
    assert_eq!(
        (retry.methods, retry.attempts, retry.budget_percent),
        (RetryMethods::Idempotent, 2, 10)
    );
    assert_eq!(
        (retry.statuses.as_slice(), retry.try_timeout),
        ([502, 503].as_slice(), Some(seconds(2)))
    );
    assert_eq!(retry.max_replay_bytes, 1000);
    let kept = draft.apis[0].traffic.idempotency.as_ref().unwrap();
    assert_eq!((kept.keep_for, kept.required), (seconds(7200), true));
    assert_eq!((kept.max_body_bytes, kept.max_answer_bytes), (10, 20));
    let traffic = &draft.apis[0].traffic;
    let maintenance = traffic.maintenance.as_ref().unwrap();
    assert_eq!(
        (maintenance.message.as_str(), maintenance.retry_after),
        ("Strax tillbaka.", seconds(300))
    );
    assert_eq!(maintenance.message_en.as_deref(), Some("Back soon."));
    let canary = traffic.canary.as_ref().unwrap();
    assert_eq!((canary.backend.as_str(), canary.percent), ("several", 5));
    assert_eq!(
        (canary.header.as_deref(), canary.applications.as_slice()),
        (Some("x-canary"), ["app".to_owned()].as_slice())
    );
    assert_eq!(traffic.mirror.as_ref().unwrap().percent, 10);
    let validate = traffic.validate.as_ref().unwrap();
    assert_eq!(
        (validate.requests, validate.responses, validate.max_body_bytes),
        (true, true, 40)
    );
    assert_eq!(draft.apis[0].traffic.cache.as_ref().unwrap().max_entry_bytes, 30);
    let expected = BackendTraffic {
        weights: vec![3, 1],
        max_concurrent: NonZeroU32::new(200),
        max_pending: 50,
        slow_start: seconds(30),
        breaker: Some(Breaker {
            failure_percent: 30,
            window: seconds(20),
            min_calls: 50,
            open_for: seconds(3),
            probes: 5,
        }),
        ejection: Some(Ejection {
            failures: 7,
            eject_for: seconds(20),
            max_percent: 40,
        }),
        health: Some(HealthCheck {
            path: "/ready".into(),
            interval: seconds(2),
            timeout: Duration::from_millis(500),
            unhealthy_after: 4,
            healthy_after: 3,
        }),
    };
    assert_eq!(draft.backends.last().unwrap().traffic, expected);
    assert_eq!(draft.backends[0].traffic, BackendTraffic::default());
}

#[test]
fn every_field_has_its_key() {
    let text = with(
        "limits = [\"minute\"]\nbackend = \"cases\"",
        "id = \"my-cases\"\nlimits = [\"minute\"]\nbackend = \"cases\"\naudience = \"https://a.se\"\ndeprecated_at = 2026-02-01T12:00:00Z\n\
         sunset_at = 2027-02-01\nsuccessor = \"/cases/v2\"\ndeadline = \"1500ms\"\nidle_timeout = \"1m\"\nmax_body_bytes = 10\n\
         cors.origins = [\"https://www.example.se\", \"http://localhost:3000\"]",
    )
    .replace("apis = [\"cases-v1\"]", "apis = [\"my-cases\"]\nscopes = [\"cases.read\"]\napplications = [\"app\"]\nvalid_to = 2030-01-01")
    .replace("path = \"/cases\"", "path = \"/cases\"\nscopes = [\"cases.read\"]\nauthentication = \"keyOrToken\"\n[[apis.routes]]\npath = \"/{*rest}\"")
    .replace("window = \"1m\"", "window = \"1m\"\nname = \"per-minute\"\nburst = 5\nshared = true\non_store_failure = \"deny\"")
    .replace("state = \"active\"", "state = \"deprecated\"")
    + &format!("[[applications]]\nid = \"other\"\nname = \"Other\"\norganisation = \"bank\"\n[[applications.keys]]\nid = \"k\"\nhash = \"{}\"\nexpires_at = 2030-01-01\n", "0aFF".repeat(16));
    let draft = loaded(&text).draft;
    let api = &draft.apis[0];
    assert_eq!(
        (api.id.as_str(), api.state, api.audience.as_str()),
        ("my-cases", LifecycleState::Deprecated, "https://a.se")
    );
    assert_eq!(
        (api.deprecated_at, api.sunset_at),
        (Some(1_769_947_200), Some(1_801_440_000))
    );
    assert_eq!(
        (api.deadline, api.idle_timeout),
        (Duration::from_millis(1_500), Duration::from_secs(60))
    );
    assert_eq!((api.max_body_bytes, api.successor.as_deref()), (10, Some("/cases/v2")));
    assert_eq!(
        api.cors.as_ref().unwrap().origins,
        ["https://www.example.se", "http://localhost:3000"]
    );
    assert_eq!(api.routes[0].authentication, Some(Authentication::KeyOrToken));
    assert_eq!(
        (api.routes[1].method.clone(), api.routes[1].path.as_str()),
        (None, "/{*rest}")
    );
    let limit = &draft.limits[0];
    assert_eq!(
        (limit.name.as_str(), limit.per, limit.burst),
        ("per-minute", LimitPer::Application, Some(5))
    );
    assert_eq!(limit.shared, Some(OnStoreFailure::Deny));
    let key = &draft.applications[1].keys[0];
    assert_eq!(
        (key.id.as_str(), &key.hash[..4], key.expires_at),
        ("k", &[10, 255, 10, 255][..], Some(1_893_456_000))
    );
    assert_eq!(draft.agreements[0].valid_to, Some(1_893_456_000));
}

#[test]
fn operations_come_from_the_named_document() {
    let text = with(
        "[[apis.routes]]\nmethod = \"GET\"\npath = \"/cases\"\n",
        "openapi = \"openapi/cases.json\"\n",
    );
    let route = |method: Method, path: &str| RouteDraft {
        method: Some(method),
        path: path.into(),
        scopes: Vec::new(),
        authentication: None,
    };
    let operations = |path: &Path| {
        assert_eq!(path, Path::new("openapi/cases.json"));
        Ok(vec![
            route(Method::GET, "/cases/{id}"),
            route(Method::DELETE, "/cases/{id}"),
        ])
    };
    let loaded = registry::read(Source::from_text("r.toml", &text), &operations).unwrap();
    assert_eq!(loaded.openapi, [Some(PathBuf::from("openapi/cases.json"))]);
    let snapshot = loaded.compile().unwrap();
    assert!(matches!(
        snapshot.find(&Method::DELETE, "/cases/v1/cases/7"),
        Found::Route(_)
    ));
}

#[test]
fn a_draft_that_is_edited_wrongly_still_leads_to_its_line() {
    let mut loaded = loaded(GOOD);
    loaded.draft.backends[0].addresses = vec!["nonsense".into()];
    let problems = loaded.compile().unwrap_err().render();
    assert_eq!(
        problems,
        "r.toml:20:14: backends[0].addresses[0]: `nonsense` is not an absolute URL; write http://host or https://host\n"
    );
}
