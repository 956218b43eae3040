//! Documents that are named by their address, and drafts that are looked at before they are published.

use crate::world::{Answer, Call, Node, World};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const DATABASE: &str = "sqlite:registry.sqlite";

fn document(port: u16) -> Value {
    // What it refers to elsewhere is never fetched.
    let schema = json!({"$ref": format!("http://127.0.0.1:{port}/outside.json")});
    json!({"openapi": "3.1.0", "info": {"title": "Guide", "version": "1.0.0"}, "paths": {
        "/things": {"get": {"summary": "List things", "responses": {
            "200": {"description": "ok", "content": {"application/json": {"schema": schema}}}
        }}}
    }})
}

/// An agency's own web server; its port, and how often it was asked.
pub(crate) async fn elsewhere() -> (u16, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let answer = move |uri: axum::http::Uri| {
        counted.fetch_add(1, Ordering::SeqCst);
        let document = document(port);
        async move {
            match uri.path() {
                "/openapi.json" => axum::Json(document).into_response(),
                "/openapi" => {
                    let yaml = "openapi: 3.1.0\ninfo: {title: Guide, version: 1.0.0}\npaths:\n  /others:\n    get:\n      responses: {}\n";
                    ([(header::CONTENT_TYPE, "application/yaml")], yaml).into_response()
                }
                "/moved" => (StatusCode::FOUND, [(header::LOCATION, "/openapi.json")]).into_response(),
                "/large" => "x".repeat(5 << 20).into_response(),
                "/words" => "no document".into_response(),
                _ => StatusCode::NOT_FOUND.into_response(),
            }
        }
    };
    let router = axum::Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (port, asked)
}

async fn draft(world: &World, node: &Node) -> String {
    world.organisation(node, "agency", "municipality").await;
    let key = world.member(node, "agency", &["agencyAdmin"]).await.key;
    let api = json!({"name": "guide", "title": "Vägledning", "version": "1.0.0", "state": "active", "authentication": "key",
        "personalData": false});
    world.make(node, &key, "/apis", api).await;
    key
}

async fn upload(world: &World, node: &Node, key: &str, body: Value) -> Answer {
    let call = Call::new(key, "PUT", "/apis/guide-v1/openapi").with(body).seen("*");
    world.send(node, &call).await
}

#[tokio::test]
async fn a_document_is_fetched_from_where_the_agency_says() {
    let world = World::begin(DATABASE);
    let node = world.node("first", DATABASE);
    let key = draft(&world, &node).await;
    let (port, asked) = elsewhere().await;
    let at = |path: &str| json!({"documentUrl": format!("http://127.0.0.1:{port}{path}")});

    let report = upload(&world, &node, &key, at("/openapi.json")).await;
    assert_eq!(
        (report.status, &report.body["operations"]),
        (200, &json!(["GET /things"])),
        "{report:?}"
    );
    assert_eq!(asked.load(Ordering::SeqCst), 1, "what it refers to was fetched");
    let sent = upload(&world, &node, &key, document(port)).await;
    assert_eq!(sent.body["documentHash"], report.body["documentHash"]);
    let yaml = upload(&world, &node, &key, at("/openapi")).await;
    assert_eq!(
        (yaml.status, &yaml.body["operations"]),
        (200, &json!(["GET /others"])),
        "{yaml:?}"
    );

    for (body, field, message) in [
        (at("/moved"), "documentUrl", "status 302; redirects are not followed"),
        (at("/nothing"), "documentUrl", "was answered with the status 404"),
        (at("/large"), "documentUrl", "answered with more than 4 MiB"),
        (at("/words"), "(document)", ""),
        (
            json!({"documentUrl": "http://127.0.0.1:9/a"}),
            "documentUrl",
            "cannot be reached",
        ),
        (
            json!({"documentUrl": "file:///etc/passwd"}),
            "documentUrl",
            "must begin with https://",
        ),
        (
            json!({"documentUrl": "https://a:b@example.se/"}),
            "documentUrl",
            "must have neither a user",
        ),
        (
            json!({"documentUrl": "https://example.se/", "more": 1}),
            "more",
            "does not exist",
        ),
    ] {
        let refused = upload(&world, &node, &key, body.clone()).await;
        let error = &refused.body["errors"][0];
        assert_eq!(
            (refused.status, &error["field"]),
            (422, &json!(field)),
            "{body}: {refused:?}"
        );
        assert!(
            error["message"].as_str().unwrap().contains(message),
            "{body}: {refused:?}"
        );
    }
    // What is tried out is refused as it would be.
    let try_out = async |body: &Value| {
        let change = json!({"method": "PUT", "path": "/apis/guide-v1/openapi", "body": body});
        let call = Call::new(&key, "POST", "/checks").with(json!({"changes": [change]}));
        world.send(&node, &call).await.body["results"][0].clone()
    };
    for wrong in [
        json!({"openapi": "2.0"}),
        json!([]),
        json!({"openapi": "3.1.0", "info": {}, "paths": {"a": {"get": {}}}}),
    ] {
        let refused = upload(&world, &node, &key, wrong.clone()).await;
        let tried = try_out(&wrong).await;
        assert_eq!(
            (&tried["status"], &tried["problem"]["errors"]),
            (&json!(422), &refused.body["errors"]),
            "{wrong}"
        );
    }
    assert_eq!(try_out(&document(port)).await, json!({"status": 200}));
    // The draft has what was taken last.
    let kept = world.get(&node, &key, "/apis/guide-v1/openapi").await.body;
    assert!(kept["paths"]["/others"].is_object(), "{kept}");

    // Who may not change the API makes the node ask nobody.
    world.organisation(&node, "other", "municipality").await;
    let other = world.member(&node, "other", &["agencyAdmin"]).await;
    let auditor = world.member(&node, "agency", &["auditor"]).await;
    let before = asked.load(Ordering::SeqCst);
    assert_eq!(upload(&world, &node, &other.key, at("/openapi.json")).await.status, 404);
    assert_eq!(
        upload(&world, &node, &auditor.key, at("/openapi.json")).await.status,
        403
    );
    // Neither does who only tries it out: other changes wait for that.
    let change = json!({"method": "PUT", "path": "/apis/guide-v1/openapi", "body": at("/openapi.json")});
    let tried = Call::new(&key, "POST", "/checks").with(json!({"changes": [change]}));
    let tried = world.send(&node, &tried).await;
    assert_eq!(
        (tried.status, &tried.body["errors"][0]["field"]),
        (422, &json!("changes[0].body.documentUrl")),
        "{tried:?}"
    );
    assert_eq!(asked.load(Ordering::SeqCst), before);
}

#[tokio::test]
async fn a_document_is_fetched_from_the_public_internet_only() {
    let world = World::begin(DATABASE);
    let node = world.node_with("first", DATABASE, ("allow_private_backends = true\n", ""));
    let key = draft(&world, &node).await;
    let (port, asked) = elsewhere().await;
    for (url, message) in [
        (
            format!("http://127.0.0.1:{port}/openapi.json"),
            "must begin with https://",
        ),
        (
            format!("https://127.0.0.1:{port}/openapi.json"),
            "must lead to the public internet",
        ),
        (
            format!("https://[::ffff:7f00:1]:{port}/openapi.json"),
            "must lead to the public internet",
        ),
        (
            "https://169.254.169.254/latest".to_owned(),
            "must lead to the public internet",
        ),
        // A name is judged by what it leads to when it is called.
        (
            format!("https://localhost:{port}/openapi.json"),
            "does not lead to the public internet",
        ),
    ] {
        let refused = upload(&world, &node, &key, json!({"documentUrl": url})).await;
        assert_eq!(refused.status, 422, "{url}: {refused:?}");
        assert!(
            refused.body["detail"].as_str().unwrap().contains(message),
            "{url}: {refused:?}"
        );
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_draft_is_looked_at_by_its_own_organisation_before_it_is_published() {
    let world = World::begin(DATABASE);
    let node = world.node("first", DATABASE);
    let key = draft(&world, &node).await;
    let path = "/apis/guide-v1/preview";
    assert_eq!(world.get(&node, &key, path).await.status, 404, "there is no document");
    let report = upload(&world, &node, &key, document(9)).await.body;
    let links = report["_links"].as_array().unwrap();
    let link = links.iter().find(|link| link["rel"] == "preview").unwrap();
    let url = link["href"].as_str().unwrap();
    assert_eq!(url, format!("{}/registry/v1{path}", node.gateway));

    let look = async |key: &str, headers: &[(&str, &str)]| {
        let mut request = world.client.get(url).header("X-Api-Key", key);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        let headers = answer.headers().clone();
        (answer.status().as_u16(), headers, answer.text().await.unwrap())
    };
    let (status, headers, page) = look(&key, &[]).await;
    assert_eq!(
        (status, headers["content-type"].to_str().unwrap()),
        (200, "text/html; charset=utf-8")
    );
    assert!(
        headers["content-security-policy"]
            .to_str()
            .unwrap()
            .starts_with("default-src 'none'")
    );
    assert!(
        page.contains("<h1>Vägledning</h1>") && page.contains("List things") && page.contains("lang=\"sv\""),
        "{page}"
    );
    let (_, _, page) = look(&key, &[("accept-language", "en-GB,en;q=0.9")]).await;
    assert!(page.contains("<html lang=\"en\""), "{page}");
    let (_, headers, text) = look(&key, &[("accept", "application/json")]).await;
    assert_eq!(headers["content-type"], "application/json");
    let shown: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(shown["servers"][0]["url"], format!("{}/guide/v1", node.gateway));

    world.organisation(&node, "other", "municipality").await;
    let other = world.member(&node, "other", &["agencyAdmin"]).await;
    assert_eq!(look(&other.key, &[]).await.0, 404);
    assert_eq!(world.client.get(url).send().await.unwrap().status(), 401);
    // It is nobody else's yet.
    assert_eq!(world.served(&node, &key, "/guide/v1/docs").await.0, 404);
}
