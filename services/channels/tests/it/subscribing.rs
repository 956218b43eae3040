//! Subscriptions: whose they are, what they may lead to, and how their secrets change.

use channels::Channels;
use serde_json::json;

use crate::support::{Running, both};

#[tokio::test]
async fn nothing_is_sent_before_the_endpoint_has_answered_with_the_challenge() {
    for service in both().await {
        service.endpoint.answer_with(404);
        let (path, _) = service.subscribe("alva").await;
        service.news.tell("alva", 1);
        service.go_on().await;
        assert_eq!(
            (service.endpoint.verifications(), service.endpoint.events().len()),
            (1, 0)
        );
        let view = service.get("alva", &path).await;
        assert_eq!(view["state"], "unverified");
        assert!(view["stateReason"].as_str().unwrap().contains("2xx"), "{view}");
        service.endpoint.answer_with(200);
        service.go_on().await;
        assert_eq!(service.endpoint.verifications(), 1, "the wait has not passed");
        service.hands.forward(6);
        service.go_on().await;
        assert_eq!(service.get("alva", &path).await["state"], "active");
        assert_eq!(
            service.endpoint.events().len(),
            1,
            "what happened meanwhile comes after"
        );
    }
}

#[tokio::test]
async fn a_subscription_is_seen_and_touched_by_its_own_application_for_its_own_person_only() {
    let service = Running::start(None).await;
    let (path, _) = service.subscribe("alva").await;
    for (method, path) in [
        ("GET", path.clone()),
        ("DELETE", path.clone()),
        ("GET", format!("{path}/deliveries")),
    ] {
        assert_eq!(service.call(method, "bo", &path, None).await.0, 404, "{method}");
    }
    assert_eq!(
        service
            .call("POST", "bo", &format!("{path}/replays"), Some(json!({ "after": 0 })))
            .await
            .0,
        404
    );
    assert_eq!(service.get("bo", "/subscriptions").await["_meta"]["totalRecords"], 0);
    assert_eq!(service.get("alva", "/subscriptions").await["_meta"]["totalRecords"], 1);
    let listed = service.get("alva", "/subscriptions").await;
    assert!(listed["subscriptions"][0]["secret"].is_null(), "a secret is shown once");
    assert_eq!(service.call("DELETE", "alva", &path, None).await.0, 204);
    service.news.tell("alva", 1);
    service.go_on().await;
    assert_eq!(
        (service.endpoint.verifications(), service.endpoint.events().len()),
        (0, 0)
    );
}

#[tokio::test]
async fn a_place_before_the_first_is_refused_by_name() {
    let service = Running::start(None).await;
    let (path, _) = service.subscribe("alva").await;
    let again = format!("{path}/replays");
    for (method, path, body, status) in [
        ("GET", "/events?after=-1".to_owned(), None, 400),
        ("GET", format!("{path}/deliveries?after=-1"), None, 400),
        ("POST", again.clone(), Some(json!({ "after": -1 })), 422),
    ] {
        let (answered, problem) = service.call(method, "alva", &path, body).await;
        assert_eq!(
            (answered, &problem["errors"][0]["field"]),
            (status, &json!("after")),
            "{path}"
        );
        assert_eq!(
            problem["errors"][0]["message"], "must be a whole number from 0",
            "{path}"
        );
    }
    assert_eq!(service.call("GET", "alva", "/events?after=0", None).await.0, 200);
    assert_eq!(
        service
            .call("POST", "alva", &again, Some(json!({ "after": 0 })))
            .await
            .0,
        202
    );
}

#[tokio::test]
async fn secrets_change_without_a_gap() {
    let service = Running::start(None).await;
    let (path, _) = service.subscribe("alva").await;
    let signatures = async |case| {
        service.news.tell("alva", case);
        service.go_on().await;
        service.endpoint.events().last().unwrap().signature.split(' ').count()
    };
    assert_eq!(signatures(1).await, 1);
    let first = service.get("alva", &path).await["secretIds"][0]
        .as_str()
        .unwrap()
        .to_owned();
    let remove = format!("{path}/secrets/{first}");
    assert_eq!(
        service.call("DELETE", "alva", &remove, None).await.0,
        422,
        "the only one stays"
    );
    let (status, second) = service.call("POST", "alva", &format!("{path}/secrets"), None).await;
    assert!(
        status == 201 && second["secret"].as_str().unwrap().starts_with("whsec_"),
        "{second}"
    );
    assert_eq!(signatures(2).await, 2);
    assert_eq!(service.call("DELETE", "alva", &remove, None).await.0, 204);
    assert_eq!(service.call("DELETE", "alva", &remove, None).await.0, 404);
    assert_eq!(signatures(3).await, 1);
}

#[tokio::test]
async fn an_endpoint_in_a_forbidden_network_is_refused_and_one_that_moves_there_gets_nothing() {
    let service = Running::start(None).await;
    // A name passes when the subscription is made; where it leads is judged when it is connected to.
    let careful = Channels::open(channels::ChannelsConfig {
        allow_private_network: false,
        ..service.config.clone()
    })
    .await
    .unwrap();
    let (path, _) = service.subscribe("alva").await;
    careful.deliver().await.unwrap();
    assert_eq!(service.endpoint.verifications(), 0);
    let view = service.get("alva", &path).await;
    assert!(view["stateReason"].as_str().unwrap().contains("https"), "{view}");
    for (url, status) in [
        ("ftp://example.com/", 422),
        ("nonsense", 422),
        ("http://user:secret@127.0.0.1/", 422),
    ] {
        let (answered, body) = service
            .call("POST", "alva", "/subscriptions", Some(json!({ "url": url })))
            .await;
        assert_eq!(
            (answered, body["errors"][0]["field"].as_str()),
            (status, Some("url")),
            "{url}"
        );
    }
}
