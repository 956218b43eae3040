//! A call with a person's token is noted for the person, or it is not made.

use crate::support::{api, echo, gateway, origin, problem};
use http::HeaderValue;
use serde_json::json;
use snapshot::{Authentication, Document, Validate};
use std::sync::Arc;

#[tokio::test]
async fn what_cannot_be_noted_is_not_read() {
    let gateway = gateway(origin(echo).await)
        .with(|draft| draft.apis[0] = api("test", Authentication::Token))
        .agreement(&["items"], None)
        .start();
    let ask = async |token: &str| {
        let authorization = format!("Bearer told-app-items-{token}");
        let headers = [("authorization", authorization.as_str())];
        gateway.get("/test/v1/items/1", &headers).await
    };
    assert_eq!(ask("token1").await.status(), 200);
    assert_eq!(ask("late").await.status(), 200, "it waits until it is written");
    for unnoted in ["full", "lost"] {
        let refused = ask(unnoted).await;
        assert_eq!(refused.status(), 503, "{unnoted}");
        assert!(refused.headers().contains_key("retry-after"));
        assert_eq!(problem(refused).await["code"], "overloaded");
    }
}

#[tokio::test]
async fn a_call_that_is_refused_reads_nothing() {
    let document = json!({
        "openapi": "3.1.0",
        "info": { "title": "t", "version": "1.2.3" },
        "paths": { "/items/{id}": { "get": {
            "parameters": [
                { "name": "id", "in": "path", "required": true, "schema": { "type": "integer" } }
            ],
            "responses": { "200": { "description": "An item." } }
        } } }
    });
    let gateway = gateway(origin(echo).await)
        .with(|draft| {
            draft.apis[0] = api("test", Authentication::Token);
            draft.apis[0].traffic.validate = Some(Validate {
                requests: true,
                responses: false,
                max_body_bytes: 1000,
            });
            let published = Document {
                content_type: HeaderValue::from_static("application/json"),
                etag: HeaderValue::from_static("\"1\""),
                body: document.to_string().into(),
            };
            draft.apis[0]
                .documents
                .push(("/openapi.json".into(), Arc::new(published)));
        })
        .agreement(&["items"], None)
        .start();
    // Nothing can be noted with this token, so what is answered otherwise was not to be noted.
    let ask = async |path: &str, token: &str| {
        let authorization = format!("Bearer told-app-{token}-full");
        let headers = [("authorization", authorization.as_str())];
        gateway.get(path, &headers).await.status().as_u16()
    };
    assert_eq!(ask("/test/v1/items/one", "items").await, 400, "against its document");
    assert_eq!(ask("/test/v1/items/1", "other").await, 403, "without the scope");
    assert_eq!(ask("/test/v1/items/1", "items").await, 503);
}
