//! A call that carries an `Idempotency-Key` is carried out once.

use crate::support::{Builder, OriginBody, client, full, gateway, origin, problem};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use snapshot::{Authentication, Idempotency};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

/// An origin that answers 201 with a number of its own for each call, when it is let.
#[derive(Clone)]
struct Own {
    calls: Arc<AtomicUsize>,
    began: Arc<Semaphore>,
    let_go: Arc<Semaphore>,
    status: Arc<AtomicU16>,
}

impl Own {
    fn new() -> Self {
        Self {
            calls: Arc::default(),
            began: Arc::new(Semaphore::new(0)),
            let_go: Arc::new(Semaphore::new(1_000)),
            status: Arc::new(AtomicU16::new(201)),
        }
    }

    async fn start(&self) -> SocketAddr {
        let own = self.clone();
        origin(move |request: Request<Incoming>| {
            let own = own.clone();
            async move {
                let number = own.calls.fetch_add(1, Ordering::SeqCst) + 1;
                #[expect(clippy::disallowed_methods, reason = "the test's own callers")]
                let body = request.into_body().collect().await.unwrap().to_bytes();
                own.began.add_permits(1);
                own.let_go.acquire().await.unwrap().forget();
                let text = format!("order {number} of {} bytes", body.len());
                let mut answer: Response<OriginBody> = Response::new(full(text));
                *answer.status_mut() = StatusCode::from_u16(own.status.load(Ordering::SeqCst)).unwrap();
                answer.headers_mut().insert("location", "/orders/1".parse().unwrap());
                answer
            }
        })
        .await
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

fn once(address: SocketAddr) -> Builder {
    gateway(address).api(|api| api.traffic.idempotency = Some(Idempotency::default()))
}

struct Caller(reqwest::Client, String);

impl Caller {
    fn of(gateway: &crate::support::Gateway) -> Self {
        Self(client(), gateway.url("/test/v1/any/orders"))
    }

    async fn post(&self, key: &str, body: &'static str) -> reqwest::Response {
        let request = self.0.post(&self.1).header("idempotency-key", key).body(body);
        request.send().await.unwrap()
    }
}

#[tokio::test]
async fn the_stored_answer_is_given_again_and_nothing_is_done_twice() {
    let own = Own::new();
    let gateway = once(own.start().await).start();
    let caller = Caller::of(&gateway);
    let first = caller.post("\"k-1\"", "payload").await;
    assert_eq!(first.status(), 201);
    assert!(!first.headers().contains_key("idempotency-replayed"));
    assert_eq!(first.text().await.unwrap(), "order 1 of 7 bytes");
    let again = caller.post("k-1", "payload").await;
    assert_eq!(
        (again.status().as_u16(), &again.headers()["location"]),
        (201, &"/orders/1".parse().unwrap())
    );
    assert_eq!(again.headers()["idempotency-replayed"], "true");
    assert_eq!(again.text().await.unwrap(), "order 1 of 7 bytes");
    assert_eq!(
        caller.post("k-2", "payload").await.text().await.unwrap(),
        "order 2 of 7 bytes"
    );
    assert_eq!(own.calls(), 2);
    // Reading is not its affair.
    let read = caller
        .0
        .get(&caller.1)
        .header("idempotency-key", "k-1")
        .send()
        .await
        .unwrap();
    assert_eq!(read.text().await.unwrap(), "order 3 of 0 bytes");
}

#[tokio::test]
async fn another_payload_is_a_422_and_a_bad_key_a_400() {
    let own = Own::new();
    let gateway = once(own.start().await).start();
    let caller = Caller::of(&gateway);
    assert_eq!(caller.post("k", "payload").await.status(), 201);
    let other = caller.post("k", "another").await;
    assert_eq!(other.status(), 422);
    assert!(other.headers().contains_key("proxy-status"));
    assert_eq!(problem(other).await["code"], "idempotency-key-reused");
    let elsewhere = client()
        .post(gateway.url("/test/v1/any/others"))
        .header("idempotency-key", "k")
        .body("payload");
    assert_eq!(
        elsewhere.send().await.unwrap().status(),
        422,
        "the address is part of it"
    );
    let bad = caller.post("a b", "payload").await;
    assert_eq!(bad.status(), 400);
    assert_eq!(problem(bad).await["code"], "idempotency-key-refused");
    assert_eq!(own.calls(), 1);
}

#[tokio::test]
async fn a_key_can_be_asked_for() {
    let own = Own::new();
    let gateway = once(own.start().await)
        .api(|api| api.traffic.idempotency.as_mut().unwrap().required = true)
        .start();
    let answer = client().post(gateway.url("/test/v1/any/x")).send().await.unwrap();
    assert_eq!(answer.status(), 400);
    assert_eq!(
        client()
            .put(gateway.url("/test/v1/any/x"))
            .send()
            .await
            .unwrap()
            .status(),
        201
    );
}

#[tokio::test]
async fn while_the_first_is_under_way_another_is_a_409_and_a_caller_that_left_finds_the_answer() {
    let own = Own::new();
    own.let_go.forget_permits(1_000);
    let gateway = once(own.start().await).start();
    let caller = Caller::of(&gateway);
    let first = tokio::spawn(
        caller
            .0
            .post(&caller.1)
            .header("idempotency-key", "k")
            .body("payload")
            .send(),
    );
    own.began.acquire().await.unwrap().forget();
    let second = caller.post("k", "payload").await;
    assert_eq!(
        (second.status().as_u16(), &second.headers()["retry-after"]),
        (409, &"1".parse().unwrap())
    );
    assert_eq!(problem(second).await["code"], "idempotency-in-flight");
    first.abort();
    own.let_go.add_permits(1);
    let found = tokio::time::timeout(Duration::from_secs(5), async {
        loop {
            let answer = caller.post("k", "payload").await;
            if answer.status() == 201 {
                return answer.text().await.unwrap();
            }
        }
    });
    assert_eq!(found.await.unwrap(), "order 1 of 7 bytes");
    assert_eq!(own.calls(), 1);
}

#[tokio::test]
async fn what_was_not_done_may_be_tried_again_and_what_may_have_been_is_not() {
    let own = Own::new();
    own.status.store(503, Ordering::SeqCst);
    let gateway = once(own.start().await).start();
    let caller = Caller::of(&gateway);
    assert_eq!(caller.post("k", "payload").await.status(), 503);
    own.status.store(201, Ordering::SeqCst);
    assert_eq!(caller.post("k", "payload").await.status(), 201);
    assert_eq!(own.calls(), 2);

    let gateway = once(crate::support::raw_origin(b"").await).start();
    let caller = Caller::of(&gateway);
    assert_eq!(caller.post("k", "payload").await.status(), 502);
    let again = caller.post("k", "payload").await;
    assert_eq!(again.status(), 409);
    assert_eq!(problem(again).await["code"], "idempotency-outcome-unknown");
}

#[tokio::test]
async fn a_key_is_its_applications_own() {
    let own = Own::new();
    let gateway = once(own.start().await)
        .api(|api| api.authentication = Authentication::KeyOrToken)
        .agreement(&["s"], None)
        .start();
    let url = gateway.url("/test/v1/any/orders");
    let ask = |name: &'static str, value: &'static str| {
        client()
            .post(&url)
            .header(name, value)
            .header("idempotency-key", "k")
            .body("x")
            .send()
    };
    let answers = [
        ask("x-api-key", "key-app").await.unwrap(),
        ask("authorization", "Bearer token-app-s-person1").await.unwrap(),
        ask("authorization", "Bearer token-app-s-person2").await.unwrap(),
    ];
    for (number, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer.text().await.unwrap(), format!("order {} of 1 bytes", number + 1));
    }
    let again = ask("authorization", "Bearer token-app-s-person1").await.unwrap();
    assert_eq!(again.text().await.unwrap(), "order 2 of 1 bytes");
}
