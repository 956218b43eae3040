//! Examples, asked for with `Prefer`: answered without the backend, under the rules of any call.

use crate::support::{Gateway, OriginBody, client, full, gateway, origin, problem};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use snapshot::{Authentication, LimitPer, Mock, MockAnswer, MockStatus, Mocks, RouteDraft};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const PATH: &str = "/test/v1/items/7";

fn answer(status: &str, media_type: Option<&'static str>, example: Option<&str>, body: &'static str) -> MockAnswer {
    MockAnswer {
        status: MockStatus::read(status).unwrap(),
        media_type: media_type.map(HeaderValue::from_static),
        example: example.map(Box::from),
        body: body.into(),
    }
}

fn mocks() -> Mocks {
    let json = Some("application/json");
    let answers = vec![
        answer("200", json, Some("one"), "{\"item\":1}"),
        answer("200", json, Some("the second"), "{\"item\":2}"),
        answer("404", Some("application/problem+json"), None, "{\"status\":404}"),
        answer("204", None, None, ""),
    ];
    let nothing = Mock::default();
    Mocks::from([
        ("GET /items/{id}".to_owned(), Arc::new(Mock { answers })),
        ("POST /items".to_owned(), Arc::new(nothing)),
    ])
}

/// An API with examples, in front of an origin that counts its calls and says which `Prefer` it was sent.
async fn start(change: impl FnOnce(crate::support::Builder) -> crate::support::Builder) -> (Gateway, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let address = origin(move |request: Request<Incoming>| {
        counted.fetch_add(1, Ordering::SeqCst);
        async move {
            let prefer = request.headers().get("prefer").and_then(|value| value.to_str().ok());
            let response: Response<OriginBody> = Response::new(full(format!("origin {prefer:?}")));
            response
        }
    })
    .await;
    let builder = gateway(address).api(|api| {
        api.routes = vec![
            RouteDraft {
                method: Some(Method::GET),
                path: "/items/{id}".into(),
                scopes: Vec::new(),
                authentication: None,
            },
            RouteDraft {
                method: Some(Method::POST),
                path: "/items".into(),
                scopes: Vec::new(),
                authentication: None,
            },
        ];
    });
    (change(builder).start(), calls)
}

async fn started() -> (Gateway, Arc<AtomicUsize>) {
    start(|builder| builder.with(|draft| drop(draft.mocks.insert("test-v1".to_owned(), Arc::new(mocks()))))).await
}

#[tokio::test]
async fn an_example_is_answered_and_the_backend_is_not_asked() {
    let (gateway, calls) = started().await;
    for (prefer, status, applied, media_type, body) in [
        (
            "code=200, example=one",
            200,
            "code=200, example=one",
            "application/json",
            "{\"item\":1}",
        ),
        ("code=200", 200, "code=200", "application/json", "{\"item\":1}"),
        (
            "respond-async, example=\"the second\"",
            200,
            "example=\"the second\"",
            "application/json",
            "{\"item\":2}",
        ),
        (
            "code=404",
            404,
            "code=404",
            "application/problem+json",
            "{\"status\":404}",
        ),
        ("code=204", 204, "code=204", "", ""),
    ] {
        let answer = gateway.get(PATH, &[("prefer", prefer)]).await;
        assert_eq!(answer.status(), status, "{prefer}");
        let header = |name: &str| answer.headers().get(name).map_or("", |value| value.to_str().unwrap());
        assert_eq!(header("preference-applied"), applied);
        assert_eq!(header("content-type"), media_type, "{prefer}");
        assert_eq!(header("cache-control"), "no-store");
        assert!(!header("traceparent").is_empty());
        assert_eq!(answer.text().await.unwrap(), body, "{prefer}");
    }
    let head = client()
        .head(gateway.url(PATH))
        .header("prefer", "code=200")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (head.status(), head.headers()["content-length"].to_str().unwrap()),
        (StatusCode::OK, "10")
    );
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn what_asks_for_no_example_goes_to_the_backend_with_its_preferences() {
    let (gateway, calls) = started().await;
    for prefer in ["return=minimal", "dynamic=true", ""] {
        let answer = gateway.get(PATH, &[("prefer", prefer)]).await.text().await.unwrap();
        assert_eq!(answer, format!("origin Some({prefer:?})"));
    }
    assert_eq!(gateway.get(PATH, &[]).await.text().await.unwrap(), "origin None");
    assert_eq!(calls.load(Ordering::SeqCst), 4);
    // Where examples may not be asked for, the preference is the backend's to know.
    let (gateway, calls) = start(|builder| builder).await;
    let answer = gateway.get(PATH, &[("prefer", "code=200")]).await.text().await.unwrap();
    assert_eq!(
        (answer.as_str(), calls.load(Ordering::SeqCst)),
        ("origin Some(\"code=200\")", 1)
    );
}

#[tokio::test]
async fn what_there_is_no_example_of_is_told_with_what_there_is() {
    let (gateway, calls) = started().await;
    for prefer in [
        "code=200, example=three",
        "code=500",
        "code=20",
        "code=abc",
        "code=+200",
        "code",
        "example=three",
    ] {
        let problem = problem(gateway.get(PATH, &[("prefer", prefer)]).await).await;
        assert_eq!(
            (problem["status"].as_u64(), problem["code"].as_str()),
            (Some(400), Some("example-unknown"))
        );
        assert_eq!(
            problem["detail"],
            "GET /test/v1/items/{id} has no such example. Its document has: 200 (`one`, `the second`), 404, 204."
        );
    }
    let post = client()
        .post(gateway.url("/test/v1/items"))
        .header("prefer", "code=201")
        .body("{}");
    let problem = problem(post.send().await.unwrap()).await;
    assert_eq!(
        problem["detail"],
        "The API's document describes no answer of POST /test/v1/items."
    );
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn agreements_and_limits_hold_for_examples_as_for_any_call() {
    let (gateway, calls) = start(|builder| {
        builder
            .api(|api| api.authentication = Authentication::Key)
            .limit(LimitPer::Application, 2, Duration::from_secs(600))
            .agreement(&[], None)
            .with(|draft| drop(draft.mocks.insert("test-v1".to_owned(), Arc::new(mocks()))))
    })
    .await;
    let prefer = ("prefer", "code=200");
    assert_eq!(gateway.get(PATH, &[prefer]).await.status(), 401);
    assert_eq!(
        gateway.get(PATH, &[prefer, ("x-api-key", "key-nobody")]).await.status(),
        401
    );
    for status in [200, 200, 429] {
        assert_eq!(
            gateway.get(PATH, &[prefer, ("x-api-key", "key-app")]).await.status(),
            status
        );
    }
    assert_eq!(calls.load(Ordering::SeqCst), 0);
    let (gateway, _) = start(|builder| {
        builder
            .api(|api| api.authentication = Authentication::Key)
            .with(|draft| drop(draft.mocks.insert("test-v1".to_owned(), Arc::new(mocks()))))
    })
    .await;
    assert_eq!(
        gateway.get(PATH, &[prefer, ("x-api-key", "key-app")]).await.status(),
        403
    );
}
