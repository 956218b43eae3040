//! What is rendered once, when the snapshot is built.

use crate::fixture::{api, compiled, draft, limit};
use snapshot::{KeyDraft, LifecycleState};

#[test]
fn lifecycle_headers_follow_the_rfcs() {
    let mut draft = draft();
    draft.apis[0].state = LifecycleState::Deprecated;
    draft.apis[0].deprecated_at = Some(1_767_225_600);
    draft.apis[0].sunset_at = Some(1_798_761_599);
    draft.apis[0].successor = Some("/cases/v2".into());
    draft.apis.push(api("cases", "2.0.0", &["GET /cases"]));
    let snapshot = compiled(&draft);
    let headers = |id: &str| -> Vec<String> {
        let api = snapshot.api(snapshot.find_api(id).unwrap());
        api.lifecycle_headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect()
    };
    assert_eq!(
        headers("cases-v1"),
        [
            "deprecation: @1767225600",
            "link: </cases/v1/docs>; rel=\"deprecation\"; type=\"text/html\"",
            "sunset: Thu, 31 Dec 2026 23:59:59 GMT",
            "link: </cases/v2>; rel=\"successor-version\"",
        ]
    );
    assert!(headers("cases-v2").is_empty());
}

#[test]
fn base_paths_hold_the_major_version_only() {
    let mut draft = draft();
    let mut beta = api("identity", "0.3.1-beta.2+7", &["GET /"]);
    beta.state = LifecycleState::Beta;
    draft.apis.push(beta);
    let snapshot = compiled(&draft);
    let bases: Vec<&str> = snapshot.apis().iter().map(|api| &*api.base_path).collect();
    assert_eq!(bases, ["/cases/v1", "/identity/v0"]);
}

#[test]
fn limits_are_listed_strictest_first_and_burst_defaults_to_the_quota() {
    let mut draft = draft();
    let mut hourly = limit("hourly");
    hourly.quota = 1_000;
    hourly.window = std::time::Duration::from_secs(3_600);
    let mut burst = limit("burst");
    burst.quota = 20;
    burst.window = std::time::Duration::from_secs(10);
    burst.burst = Some(5);
    draft.limits = vec![limit("minute"), hourly, burst];
    draft.apis[0].limits = vec!["minute".into(), "burst".into(), "hourly".into()];
    let snapshot = compiled(&draft);
    let limits: Vec<(&str, u32)> = snapshot.apis()[0]
        .limits
        .iter()
        .map(|it| (&*it.id, it.burst.get()))
        .collect();
    assert_eq!(limits, [("hourly", 1_000), ("burst", 5), ("minute", 600)]);
    assert_eq!(snapshot.limits().len(), 3);
}

#[test]
fn keys_lead_to_their_application() {
    let mut draft = draft();
    draft.applications[0].keys = vec![KeyDraft {
        id: "k1".into(),
        hash: [9; 32],
        expires_at: Some(5),
    }];
    let snapshot = compiled(&draft);
    let key = snapshot.find_key("k1").unwrap();
    assert_eq!((key.hash, key.expires_at), ([9; 32], Some(5)));
    assert_eq!(&*snapshot.application(key.application).id, "bank-app");
    assert_eq!(
        &*snapshot
            .organisation(snapshot.application(key.application).organisation)
            .id,
        "bank"
    );
    assert_eq!(snapshot.version(), 7);
}
