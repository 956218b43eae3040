//! What may be published and agreed on: an active version keeps its promises, and the law its agreements.

use crate::world::{Call, Node, World};
use serde_json::{Value, json};

const DATABASE: &str = "sqlite:registry.sqlite";

fn document(version: &str, properties: Value, required: Value) -> Value {
    let schema = json!({"type": "object", "properties": properties, "required": required});
    json!({"openapi": "3.1.0", "info": {"title": "t", "version": version}, "paths": {
        "/things": {"get": {"responses": {"200": {"description": "ok", "content": {"application/json": {"schema": schema}}}}}},
        "/others": {"get": {"responses": {"200": {"description": "ok"}}}},
    }})
}

async fn begin() -> (World, Node, String) {
    let world = World::begin(DATABASE);
    let node = world.node("first", DATABASE);
    world.organisation(&node, "agency", "stateAgency").await;
    let key = world.member(&node, "agency", &["agencyAdmin"]).await.key;
    (world, node, key)
}

async fn api(world: &World, node: &Node, key: &str, state: &str) -> (String, Value) {
    let backend = json!({"name": "b", "targets": [{"url": "http://127.0.0.1:9"}], "privateNetwork": true});
    let backend = world.make(node, key, "/backends", backend).await;
    let version = if state == "beta" { "0.1.0" } else { "1.0.0" };
    let draft = json!({"name": "guide", "title": "t", "version": version, "state": state, "authentication": "keyOrToken",
        "audience": "https://api.example/guide", "personalData": false, "backendId": backend["backendId"]});
    let made = world.make(node, key, "/apis", draft.clone()).await;
    (format!("/apis/{}", made["apiId"].as_str().unwrap()), draft)
}

#[tokio::test]
async fn an_active_version_is_not_published_with_a_breaking_change() {
    let (world, node, key) = begin().await;
    let (path, mut draft) = api(&world, &node, &key, "active").await;
    let publish = format!("{path}/publications");
    let upload = async |document: Value| {
        world
            .change(&node, &key, "PUT", &format!("{path}/openapi"), document)
            .await
    };
    let try_to_publish = async || {
        let call = Call::new(&key, "POST", &publish).with(json!({})).seen("*");
        world.send(&node, &call).await
    };
    let both = json!({"a": {"type": "string"}, "b": {"type": "string"}});
    let report = upload(document("1.0.0", both, json!(["a"]))).await;
    assert_eq!(
        (&report["breakingChangeCount"], &report["changes"]),
        (&json!(0), &json!([]))
    );
    assert_eq!(try_to_publish().await.status, 201);

    let mut broken = document("1.3.0", json!({"b": {"type": "string"}}), json!([]));
    broken["paths"].as_object_mut().unwrap().remove("/others");
    let report = upload(broken).await;
    assert_eq!(report["changes"][0]["impact"], "breaking", "{report}");
    let refused = try_to_publish().await;
    assert_eq!(refused.status, 422, "{refused:?}");
    let errors = refused.body["errors"].as_array().unwrap();
    let said = |field: &str, rule: &str| {
        let found = errors
            .iter()
            .find(|error| error["field"] == field && error["message"].as_str().unwrap().contains(rule));
        assert!(found.is_some(), "{field} {rule}: {refused:?}");
    };
    said("/paths/~1others", "path-removed");
    said(
        "/paths/~1things/get/responses/200/content/application~1json/schema/properties/a",
        "property-removed",
    );

    // What is compatible is published, and what was served stayed until then.
    let wider = json!({"a": {"type": "string"}, "b": {"type": "string"}, "c": {"type": "string"}});
    let report = upload(document("1.3.0", wider, json!(["a"]))).await;
    assert_eq!(report["breakingChangeCount"], 0, "{report}");
    // Its number says that callers find more: neither the same number nor a patch does.
    for (version, status) in [("1.0.0", 422), ("1.0.1", 422), ("1.1.0", 201)] {
        draft["version"] = json!(version);
        world.change(&node, &key, "PUT", &path, draft.clone()).await;
        let answer = try_to_publish().await;
        assert_eq!(answer.status, status, "{version}: {answer:?}");
        if status == 422 {
            let error = &answer.body["errors"][0];
            let message = error["message"].as_str().unwrap();
            assert_eq!(error["field"], "version", "{answer:?}");
            assert!(message.starts_with("must be 1.1.0 or later: "), "{answer:?}");
        }
    }
    // Other words are a patch.
    let mut worded = document(
        "1.1.1",
        json!({"a": {"type": "string"}, "b": {"type": "string"}, "c": {"type": "string"}}),
        json!(["a"]),
    );
    worded["info"]["description"] = json!("Other words.");
    upload(worded).await;
    let refused = try_to_publish().await;
    let message = refused.body["errors"][0]["message"].as_str().unwrap();
    assert!(
        refused.status == 422 && message.starts_with("must be 1.1.1 or later: "),
        "{refused:?}"
    );
    draft["version"] = json!("1.1.1");
    world.change(&node, &key, "PUT", &path, draft.clone()).await;
    assert_eq!(try_to_publish().await.status, 201);

    // A version that callers have seen is not taken back.
    let mut later = draft.clone();
    for (version, status) in [("1.5.0", 201), ("1.4.9", 422), ("1.5.1", 201)] {
        later["version"] = json!(version);
        world.change(&node, &key, "PUT", &path, later.clone()).await;
        let answer = try_to_publish().await;
        assert_eq!(answer.status, status, "{version}: {answer:?}");
        if status == 422 {
            assert_eq!(answer.body["errors"][0]["field"], "version", "{answer:?}");
        }
    }
    draft["version"] = json!("1.5.1");

    // Nor is the promise shed by taking fewer credentials.
    let mut next = draft.clone();
    next["authentication"] = json!("token");
    world.change(&node, &key, "PUT", &path, next).await;
    let refused = try_to_publish().await;
    assert_eq!(
        (refused.status, &refused.body["errors"][0]["field"]),
        (422, &json!("authentication")),
        "{refused:?}"
    );

    // A new major version is another API, and may be what it likes.
    draft["version"] = json!("2.0.0");
    let second = world.make(&node, &key, "/apis", draft).await;
    assert_eq!(second["apiId"], "guide-v2");
    let next = document("2.0.0", json!({}), json!([]));
    world.change(&node, &key, "PUT", "/apis/guide-v2/openapi", next).await;
    world
        .change(&node, &key, "POST", "/apis/guide-v2/publications", json!({}))
        .await;
}

#[tokio::test]
async fn a_beta_may_still_break() {
    let (world, node, key) = begin().await;
    let (path, _) = api(&world, &node, &key, "beta").await;
    for (required, breaking) in [(json!(["a"]), 0), (json!([]), 1)] {
        let document = document("0.1.0", json!({"a": {"type": "string"}}), required);
        let report = world
            .change(&node, &key, "PUT", &format!("{path}/openapi"), document)
            .await;
        assert_eq!(report["breakingChangeCount"], breaking, "{report}");
        world
            .change(&node, &key, "POST", &format!("{path}/publications"), json!({}))
            .await;
    }
}

#[tokio::test]
async fn who_may_agree_with_whom_is_said_with_its_reason() {
    let (world, node, key) = begin().await;
    let (path, _) = api(&world, &node, &key, "active").await;
    world
        .change(
            &node,
            &key,
            "PUT",
            &format!("{path}/openapi"),
            document("1.0.0", json!({}), json!([])),
        )
        .await;
    world
        .change(&node, &key, "POST", &format!("{path}/publications"), json!({}))
        .await;
    for (id, kind) in [
        ("other", "stateAgency"),
        ("town", "municipality"),
        ("bank", "privateActor"),
        ("firm", "publicCompany"),
    ] {
        world.organisation(&node, id, kind).await;
    }
    for (kind, consumer, allowed) in [
        ("avtal", "other", Err("state agencies")),
        ("overenskommelse", "other", Ok(())),
        ("avtal", "town", Ok(())),
        ("overenskommelse", "town", Ok(())),
        ("overenskommelse", "firm", Ok(())),
        ("overenskommelse", "bank", Err("public parties")),
        ("avtal", "bank", Ok(())),
        ("anslutningsavtal", "bank", Ok(())),
    ] {
        let body = json!({"kind": kind, "purpose": "p", "personalData": false, "validFrom": "2026-01-01T00:00:00Z",
            "parties": [{"organisationId": "agency", "role": "producer"}, {"organisationId": consumer, "role": "consumer"}],
            "apiIds": ["guide-v1"]});
        let answer = world
            .send(&node, &Call::new(&key, "POST", "/agreements").with(body))
            .await;
        match allowed {
            Ok(()) => assert_eq!(answer.status, 201, "{kind} {consumer}: {answer:?}"),
            Err(why) => {
                assert_eq!(answer.status, 422, "{kind} {consumer}: {answer:?}");
                assert!(answer.body["detail"].as_str().unwrap().contains(why), "{answer:?}");
            }
        }
    }
}
