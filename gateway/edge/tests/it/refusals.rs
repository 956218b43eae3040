//! Every refusal is a problem with the right status, and of two faults the outer layer's wins.

use crate::support::{api, client, echo, gateway, origin, problem};
use snapshot::{Authentication, LifecycleState, LimitPer};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn unknown_places_are_told_apart() {
    let gateway = gateway(origin(echo).await).start();
    assert_eq!(problem(gateway.get("/nowhere", &[]).await).await["code"], "unknown-api");
    assert_eq!(
        problem(gateway.get("/test/v1/missing", &[]).await).await["code"],
        "unknown-path"
    );
    assert_eq!(
        problem(gateway.get("/test/v2/any/a", &[]).await).await["code"],
        "unknown-api"
    );
    let response = client().delete(gateway.url("/test/v1/items/1")).send().await.unwrap();
    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()["allow"], "GET, HEAD, OPTIONS");
    assert_eq!(problem(response).await["code"], "method-not-allowed");
}

#[tokio::test]
async fn options_lists_the_methods_without_a_credential() {
    let gateway = gateway(origin(echo).await)
        .with(|draft| draft.apis[0] = api("test", Authentication::Key))
        .start();
    let response = client()
        .request(http::Method::OPTIONS, gateway.url("/test/v1/items/1"))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 204);
    assert_eq!(response.headers()["allow"], "GET, HEAD, OPTIONS");
}

#[tokio::test]
async fn a_missing_credential_is_a_401_that_says_what_to_send() {
    let gateway = gateway(origin(echo).await)
        .with(|draft| draft.apis[0] = api("test", Authentication::KeyOrToken))
        .start();
    let response = gateway.get("/test/v1/any/a", &[]).await;
    assert_eq!(response.status(), 401);
    let challenges: Vec<_> = response
        .headers()
        .get_all("www-authenticate")
        .iter()
        .map(|value| value.to_str().unwrap().to_owned())
        .collect();
    assert!(
        challenges[0].starts_with("Bearer ") && challenges[1].starts_with("ApiKey "),
        "{challenges:?}"
    );
    let body = problem(response).await;
    assert_eq!(body["code"], "credential-missing");
    assert_eq!(body["documentation"], "/test/v1/docs");
}

#[tokio::test]
async fn refused_credentials_say_why_and_never_echo() {
    let gateway = gateway(origin(echo).await)
        .with(|draft| draft.apis[0] = api("test", Authentication::KeyOrToken))
        .agreement(&[], None)
        .start();
    for headers in [
        &[("X-Api-Key", "wrong-secret")][..],
        &[("Authorization", "Bearer wrong-secret")][..],
    ] {
        let response = gateway.get("/test/v1/any/a", headers).await;
        assert_eq!(response.status(), 401);
        let body = problem(response).await;
        assert_eq!(body["code"], "credential-refused");
        assert!(!body.to_string().contains("wrong-secret"));
    }
    let response = gateway
        .get("/test/v1/any/a", &[("Authorization", "Bearer unavailable")])
        .await;
    assert_eq!(
        (
            response.status().as_u16(),
            response.headers()["retry-after"].to_str().unwrap()
        ),
        (503, "7")
    );
    assert_eq!(
        gateway
            .get("/test/v1/any/a", &[("Authorization", "Bearer later-app-items")])
            .await
            .status(),
        200
    );
    let response = gateway.get("/test/v1/any/a?x_api_key=key-app", &[]).await;
    assert_eq!(response.status(), 400);
}

#[tokio::test]
async fn agreements_decide_who_may() {
    let base =
        || async { gateway(origin(echo).await).with(|draft| draft.apis[0] = api("test", Authentication::KeyOrToken)) };
    let key = [("X-Api-Key", "key-app")];
    assert_eq!(
        problem(base().await.start().get("/test/v1/any/a", &key).await).await["code"],
        "agreement-missing"
    );
    let ended = base().await.agreement(&[], Some(1_700_000_000)).start();
    let body = problem(ended.get("/test/v1/any/a", &key).await).await;
    assert_eq!(
        (body["code"].as_str().unwrap(), body["status"].as_u64().unwrap()),
        ("agreement-not-in-force", 403)
    );
    assert_eq!(body["detail"], "Agreement avtal-1 ended at 2023-11-14T22:13:20Z.");
    let narrow = base().await.agreement(&["other"], None).start();
    assert_eq!(
        problem(narrow.get("/test/v1/items/1", &key).await).await["code"],
        "scope-missing"
    );
    let wide = base().await.agreement(&["items", "other"], None).start();
    assert_eq!(wide.get("/test/v1/items/1", &key).await.status(), 200);
    let response = wide
        .get("/test/v1/items/1", &[("Authorization", "Bearer token-app-other")])
        .await;
    assert!(
        response.headers()["www-authenticate"]
            .to_str()
            .unwrap()
            .contains("insufficient_scope")
    );
    assert_eq!(problem(response).await["code"], "scope-missing");
}

#[tokio::test]
async fn a_reached_limit_names_itself_and_the_time_to_wait() {
    let gateway = gateway(origin(echo).await).limit(LimitPer::Address, 3, HOUR).start();
    for left in [2, 1, 0] {
        let response = gateway.get("/test/v1/any/a", &[]).await;
        assert_eq!(response.status(), 200);
        let standing = response.headers()["ratelimit"].to_str().unwrap();
        assert!(standing.starts_with(&format!("\"name-0\";r={left};t=")), "{standing}");
        assert_eq!(response.headers()["ratelimit-policy"], "\"name-0\";q=3;w=3600");
    }
    let response = gateway.get("/test/v1/any/a", &[]).await;
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["ratelimit-policy"], "\"name-0\";q=3;w=3600");
    let wait: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1190..=1200).contains(&wait), "{wait}");
    let body = problem(response).await;
    assert_eq!(body["violated-policies"][0], "name-0");
    assert_eq!(body["retryAfterSeconds"], wait);
}

fn with_another_application(draft: &mut snapshot::Draft) {
    let mut other = draft.applications[0].clone();
    other.id = "other".into();
    draft.applications.push(other);
}

#[tokio::test]
async fn one_person_is_not_harvested_by_many_applications() {
    let gateway = gateway(origin(echo).await)
        .with(|draft| draft.apis[0] = api("test", Authentication::Token))
        .with(with_another_application)
        .agreement(&[], None)
        .limit(LimitPer::Person, 3, HOUR)
        .start();
    let call = async |token: &str| {
        let bearer = format!("Bearer {token}");
        gateway.get("/test/v1/any/a", &[("Authorization", &bearer)]).await
    };
    for token in ["token-app-s-anna", "token-other-s-anna", "token-app-s-anna"] {
        assert_eq!(call(token).await.status(), 200);
    }
    for token in ["token-other-s-anna", "token-app-s-anna"] {
        let response = call(token).await;
        assert_eq!(response.status(), 429);
        let text = problem(response).await.to_string();
        assert!(
            text.contains("every application together") && !text.contains("anna"),
            "{text}"
        );
    }
    assert_eq!(
        call("token-app-s-bo").await.status(),
        200,
        "another person has a limit of their own"
    );
}

#[tokio::test]
async fn an_agreement_brings_a_plan_of_its_own() {
    let gateway = gateway(origin(echo).await)
        .with(|draft| draft.apis[0] = api("test", Authentication::Key))
        .with(with_another_application)
        .agreement(&[], None)
        .limit(LimitPer::Application, 100, HOUR)
        .limit(LimitPer::Agreement, 3, HOUR)
        .with(|draft| {
            draft.apis[0].limits.truncate(1);
            draft.agreements[0].limits = vec!["limit-1".into()];
        })
        .start();
    let call = async |key: &str| gateway.get("/test/v1/any/a", &[("X-Api-Key", key)]).await;
    for key in ["key-app", "key-other", "key-app"] {
        let response = call(key).await;
        assert_eq!(response.status(), 200);
        let policies: Vec<_> = response.headers().get_all("ratelimit-policy").iter().collect();
        assert_eq!(policies, ["\"name-0\";q=100;w=3600", "\"name-1\";q=3;w=3600"]);
    }
    let response = call("key-other").await;
    assert_eq!(response.status(), 429);
    let body = problem(response).await;
    assert_eq!(body["violated-policies"][0], "name-1");
    assert!(body["detail"].as_str().unwrap().contains("in the agreement"), "{body}");
}

#[tokio::test]
async fn of_two_faults_the_outer_layers_wins() {
    let gateway = gateway(origin(echo).await)
        .with(|draft| draft.apis[0] = api("test", Authentication::Key))
        .agreement(&["other"], None)
        .limit(LimitPer::Address, 1, HOUR)
        .start();
    // Ambiguous path before unknown path, unknown path before credential, credential before scope, scope before limit.
    assert_eq!(
        problem(gateway.get("/test/v1//x", &[]).await).await["code"],
        "malformed-request"
    );
    assert_eq!(
        problem(gateway.get("/test/v1/missing", &[]).await).await["code"],
        "unknown-path"
    );
    assert_eq!(
        problem(gateway.get("/test/v1/items/1", &[]).await).await["code"],
        "credential-missing"
    );
    for _ in 0..3 {
        assert_eq!(
            problem(gateway.get("/test/v1/items/1", &[("X-Api-Key", "key-app")]).await).await["code"],
            "scope-missing"
        );
    }
    // Refused calls were not charged: the one call of the limit is still there.
    assert_eq!(
        gateway
            .get("/test/v1/any/a", &[("X-Api-Key", "key-app")])
            .await
            .status(),
        200
    );
    assert_eq!(
        gateway
            .get("/test/v1/any/a", &[("X-Api-Key", "key-app")])
            .await
            .status(),
        429
    );
}

#[tokio::test]
async fn a_version_that_is_over_is_gone() {
    let retired = gateway(origin(echo).await)
        .api(|api| api.state = LifecycleState::Retired)
        .start();
    assert_eq!(
        problem(retired.get("/test/v1/any/a", &[]).await).await["code"],
        "api-gone"
    );
    let sunset = gateway(origin(echo).await)
        .api(|api| {
            api.state = LifecycleState::Deprecated;
            api.deprecated_at = Some(1_700_000_000);
            api.sunset_at = Some(4_000_000_000);
            api.successor = Some("https://api.example.se/test/v2".into());
        })
        .start();
    let response = sunset.get("/test/v1/any/a", &[]).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["deprecation"], "@1700000000");
    assert!(response.headers().contains_key("sunset"));
    let links: Vec<_> = response
        .headers()
        .get_all("link")
        .iter()
        .map(|link| link.to_str().unwrap())
        .collect();
    assert!(links.iter().any(|link| link.contains("successor-version")), "{links:?}");
}

#[tokio::test]
async fn a_panic_is_a_500_and_the_process_lives() {
    let gateway = gateway(origin(echo).await)
        .with(|draft| draft.apis[0] = api("test", Authentication::Key))
        .agreement(&[], None)
        .start();
    for _ in 0..3 {
        assert_eq!(
            problem(gateway.get("/test/v1/any/a", &[("X-Api-Key", "panic")]).await).await["code"],
            "internal"
        );
    }
    assert_eq!(
        gateway
            .get("/test/v1/any/a", &[("X-Api-Key", "key-app")])
            .await
            .status(),
        200
    );
    assert_eq!(gateway.shared.in_flight(), 0);
}

#[tokio::test]
async fn more_in_flight_than_the_cap_is_shed() {
    let held = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    let gate = std::sync::Arc::clone(&held);
    let origin = origin(move |request| {
        let gate = std::sync::Arc::clone(&gate);
        async move {
            let _permit = gate.acquire().await.unwrap();
            echo(request).await
        }
    })
    .await;
    let mut builder = gateway(origin);
    builder.settings.max_in_flight = 1;
    let gateway = builder.start();
    let first = tokio::spawn(client().get(gateway.url("/test/v1/any/a")).send());
    while gateway.shared.in_flight() == 0 {
        tokio::task::yield_now().await;
    }
    let response = gateway.get("/test/v1/any/a", &[]).await;
    assert_eq!(response.headers()["retry-after"], "1");
    assert_eq!(problem(response).await["code"], "overloaded");
    held.add_permits(1);
    assert_eq!(first.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn a_preflight_is_answered_and_a_refusal_is_readable() {
    let gateway = gateway(origin(echo).await)
        .with(|draft| draft.apis[0] = api("test", Authentication::Key))
        .api(|api| {
            api.cors = Some(snapshot::Cors {
                origins: vec!["https://app.example".parse().unwrap()],
                any_origin: false,
            })
        })
        .start();
    let preflight = client()
        .request(http::Method::OPTIONS, gateway.url("/test/v1/items/1"))
        .header("origin", "https://app.example")
        .header("access-control-request-method", "GET")
        .send()
        .await
        .unwrap();
    assert_eq!(preflight.status(), 204);
    assert_eq!(
        preflight.headers()["access-control-allow-origin"],
        "https://app.example"
    );
    assert_eq!(
        preflight.headers()["access-control-allow-methods"],
        "GET, HEAD, OPTIONS"
    );
    let refused = gateway
        .get("/test/v1/items/1", &[("origin", "https://app.example")])
        .await;
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.headers()["access-control-allow-origin"], "https://app.example");
    let stranger = gateway
        .get("/test/v1/items/1", &[("origin", "https://evil.example")])
        .await;
    assert!(!stranger.headers().contains_key("access-control-allow-origin"));
}
