//! Examples of an API's document, as an agency offers them and a developer asks for them.

use crate::world::{Caller, Node, World};
use serde_json::{Value, json};

const DATABASE: &str = "sqlite:registry.sqlite";

fn document() -> Value {
    let content = json!({"application/json": {
        "schema": {"type": "object", "properties": {"things": {"type": "array", "items": {"type": "integer"}}}},
        "examples": {"none": {"value": {"things": []}}, "many": {"value": {"things": [7, 8, 9]}}}
    }});
    json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1.0.0"}, "paths": {
        "/things": {"get": {"responses": {"200": {"description": "ok", "content": content}}}}
    }})
}

fn api(serving: &Value, mock_answers: Option<bool>) -> Value {
    let mut api = json!({"name": "book", "title": "t", "version": "1.0.0", "state": "active", "authentication": "key",
        "personalData": false, "backendId": serving["backendId"]});
    if let Some(mock_answers) = mock_answers {
        api["mockAnswers"] = json!(mock_answers);
    }
    api
}

/// Publishes with this word on examples.
async fn publish(world: &World, node: &Node, by: &Caller, backend: &Value, mock_answers: Option<bool>) {
    let draft = api(backend, mock_answers);
    world.change(node, &by.key, "PUT", "/apis/book-v1", draft).await;
    world
        .change(node, &by.key, "POST", "/apis/book-v1/publications", json!({}))
        .await;
}

/// Asks until the answer is this one: a publication is served within a second.
async fn until(world: &World, node: &Node, key: &str, prefer: &str, wanted: (u16, &str)) -> reqwest::header::HeaderMap {
    let begun = std::time::Instant::now();
    loop {
        let request = world
            .client
            .get(format!("{}/book/v1/things", node.gateway))
            .header("X-Api-Key", key)
            .header("Prefer", prefer);
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.unwrap();
        if status == wanted.0 && text.contains(wanted.1) {
            return headers;
        }
        assert!(begun.elapsed().as_secs() < 30, "{status} {text}, not {wanted:?}");
    }
}

#[tokio::test]
async fn a_sandbox_answers_with_examples_and_elsewhere_the_owner_decides() {
    let world = World::begin(DATABASE);
    let node = world.node_with(
        "first",
        DATABASE,
        ("[gateway]\n", "[gateway]\nenvironment = \"sandbox\"\n"),
    );
    let serving = world.serving(&node).await;
    let agency = &serving.agency;
    let backends = world.get(&node, &agency.key, "/backends").await.body;
    let backend = backends["backends"][0].clone();
    world.make(&node, &agency.key, "/apis", api(&backend, None)).await;
    world
        .change(&node, &agency.key, "PUT", "/apis/book-v1/openapi", document())
        .await;
    publish(&world, &node, agency, &backend, None).await;

    // An example is not for everybody: the agreement decides, as for any call.
    until(&world, &node, &serving.key, "code=200", (403, "agreement-missing")).await;
    let agreement = json!({"kind": "avtal", "purpose": "p", "personalData": false, "validFrom": "2026-01-01T00:00:00Z",
        "parties": [{"organisationId": "agency", "role": "producer"}, {"organisationId": "bank", "role": "consumer"}],
        "apiIds": ["book-v1"]});
    let agreement = world.make(&node, &agency.key, "/agreements", agreement).await;
    let path = format!("/agreements/{}/signatures", agreement["agreementId"].as_str().unwrap());
    for key in [&agency.key, &serving.bank.key] {
        world.change(&node, key, "POST", &path, json!({})).await;
    }
    let many = (200, "{\"things\":[7,8,9]}");
    let headers = until(&world, &node, &serving.key, "code=200, example=many", many).await;
    assert_eq!(headers["preference-applied"], "code=200, example=many");
    assert_eq!(headers["content-type"], "application/json");
    until(&world, &node, &serving.key, "code=418", (400, "200 (`none`, `many`)")).await;
    until(&world, &node, &serving.key, "wait=1", (200, "{\"things\":[1]}")).await;
    let page = world
        .client
        .get(format!("{}/book/v1/docs/en", node.gateway))
        .send()
        .await
        .unwrap();
    assert!(page.text().await.unwrap().contains("Prefer: code=200"));

    publish(&world, &node, agency, &backend, Some(false)).await;
    let headers = until(
        &world,
        &node,
        &serving.key,
        "code=200, example=many",
        (200, "{\"things\":[1]}"),
    )
    .await;
    assert!(!headers.contains_key("preference-applied"));

    // Elsewhere examples are answered where the API's owner has said so, and only there.
    drop(node);
    let node = world.node("first", DATABASE);
    publish(&world, &node, agency, &backend, None).await;
    until(
        &world,
        &node,
        &serving.key,
        "code=200, example=many",
        (200, "{\"things\":[1]}"),
    )
    .await;
    publish(&world, &node, agency, &backend, Some(true)).await;
    until(&world, &node, &serving.key, "code=200, example=many", many).await;
}
