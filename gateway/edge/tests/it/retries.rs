//! Calls that are sent again, and those that must not be.

use crate::support::{Builder, OriginBody, client, full, gateway, origin, problem};
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use snapshot::{Retry, RetryMethods};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// An origin that answers with these statuses in turn, the last one from then on; keeps the bodies it got.
async fn in_turn(answers: &'static [(u16, Option<&'static str>)]) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    let address = origin(move |request: Request<Incoming>| {
        let kept = Arc::clone(&kept);
        async move {
            #[expect(clippy::disallowed_methods, reason = "the test's own callers")]
            let body = request.into_body().collect().await.unwrap().to_bytes();
            let turn = {
                let mut kept = kept.lock().unwrap();
                kept.push(String::from_utf8_lossy(&body).into_owned());
                kept.len() - 1
            };
            let (status, retry_after) = answers[turn.min(answers.len() - 1)];
            let mut answer: Response<OriginBody> = Response::new(full(format!("turn {turn}")));
            *answer.status_mut() = StatusCode::from_u16(status).unwrap();
            if let Some(value) = retry_after {
                answer.headers_mut().insert("retry-after", value.parse().unwrap());
            }
            answer
        }
    })
    .await;
    (address, seen)
}

/// An origin that reads a request and closes without an answer, as long as `failures` lasts, and then answers 200.
async fn closing(failures: usize) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut part = [0; 4096];
            let _ = stream.read(&mut part).await;
            if counter.fetch_add(1, Ordering::SeqCst) >= failures {
                let _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
                    .await;
            }
        }
    });
    (address, seen)
}

fn retrying(address: SocketAddr, policy: Retry) -> Builder {
    gateway(address).api(|api| api.traffic.retry = Some(policy))
}

fn on(statuses: &[u16]) -> Retry {
    Retry {
        statuses: statuses.to_vec(),
        attempts: 2,
        ..Retry::default()
    }
}

#[tokio::test]
async fn a_broken_answer_is_asked_for_again_only_when_nothing_can_happen_twice() {
    let cases: [(Method, RetryMethods, Option<&str>, bool); 7] = [
        (Method::GET, RetryMethods::Safe, None, true),
        (Method::PUT, RetryMethods::Safe, None, false),
        (Method::PUT, RetryMethods::Idempotent, None, true),
        (Method::DELETE, RetryMethods::Idempotent, None, true),
        (Method::POST, RetryMethods::Idempotent, None, false),
        (Method::PATCH, RetryMethods::Idempotent, None, false),
        (Method::POST, RetryMethods::Safe, Some("\"8e03978e\""), true),
    ];
    for (method, methods, key, again) in cases {
        let (address, seen) = closing(1).await;
        let policy = Retry {
            methods,
            ..Retry::default()
        };
        let gateway = retrying(address, policy).start();
        let mut request = client().request(method.clone(), gateway.url("/test/v1/any/x"));
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let answer = request.send().await.unwrap();
        let expected = if again { 200 } else { 502 };
        assert_eq!(answer.status(), expected, "{method} {methods:?} {key:?}");
        assert_eq!(seen.load(Ordering::SeqCst), 1 + usize::from(again), "{method}");
    }
}

#[tokio::test]
async fn without_a_policy_nothing_that_may_have_been_acted_on_is_sent_twice() {
    let (address, seen) = closing(1).await;
    let gateway = gateway(address).start();
    let answer = gateway.get("/test/v1/any/x", &[("idempotency-key", "k")]).await;
    assert_eq!(answer.status(), 502);
    let body = problem(answer).await;
    assert!(
        body["detail"].as_str().unwrap().contains("check before you repeat it"),
        "{body}"
    );
    assert_eq!(seen.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_body_is_sent_again_whole_and_a_long_one_is_sent_once() {
    let (address, seen) = in_turn(&[(503, None), (200, None)]).await;
    let policy = Retry {
        methods: RetryMethods::Idempotent,
        max_replay_bytes: 1000,
        ..on(&[503])
    };
    let gateway = retrying(address, policy).start();
    let put = |body: String| client().put(gateway.url("/test/v1/any/x")).body(body).send();
    assert_eq!(put("a".repeat(1000)).await.unwrap().status(), 200);
    assert_eq!(*seen.lock().unwrap(), ["a".repeat(1000), "a".repeat(1000)]);

    let (address, seen) = in_turn(&[(503, None), (200, None)]).await;
    let gateway = retrying(
        address,
        Retry {
            methods: RetryMethods::Idempotent,
            max_replay_bytes: 1000,
            ..on(&[503])
        },
    )
    .start();
    let answer = client()
        .put(gateway.url("/test/v1/any/x"))
        .body("b".repeat(1001))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(*seen.lock().unwrap(), ["b".repeat(1001)]);
    // Of unknown length, and longer than the cap: what was read ahead is sent too.
    let parts = futures_util::stream::iter((0..30).map(|_| Ok::<_, std::io::Error>(vec![b'c'; 100])));
    let body = reqwest::Body::wrap_stream(parts);
    let answer = client()
        .put(gateway.url("/test/v1/any/x"))
        .body(body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(seen.lock().unwrap()[1], "c".repeat(3000));
}

#[tokio::test]
async fn retry_after_is_waited_for_when_it_fits_the_deadline_and_passed_on_when_not() {
    let (address, seen) = in_turn(&[(503, Some("0")), (200, None)]).await;
    let gateway = retrying(address, on(&[503])).start();
    assert_eq!(gateway.get("/test/v1/any/x", &[]).await.status(), 200);
    assert_eq!(seen.lock().unwrap().len(), 2);

    let (address, seen) = in_turn(&[(503, Some("60"))]).await;
    let gateway = retrying(address, on(&[503])).start();
    let answer = gateway.get("/test/v1/any/x", &[]).await;
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "60");
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_status_that_the_policy_does_not_name_is_the_answer() {
    let (address, seen) = in_turn(&[(500, None), (200, None)]).await;
    let gateway = retrying(address, on(&[503])).start();
    assert_eq!(gateway.get("/test/v1/any/x", &[]).await.status(), 500);
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_backend_that_always_fails_gets_a_fifth_more_calls_and_not_thrice_as_many() {
    let (address, seen) = in_turn(&[(503, None)]).await;
    let gateway = retrying(address, on(&[503])).start();
    let client = client();
    for _ in 0..50 {
        let answer = client.get(gateway.url("/test/v1/any/x")).send().await.unwrap();
        assert_eq!(answer.status(), 503);
    }
    let sent = seen.lock().unwrap().len();
    assert!((53..=60).contains(&sent), "{sent}");
}

#[tokio::test]
async fn another_address_is_tried_after_the_first_was_silent() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_address = silent.local_addr().unwrap();
    let (well, _) = in_turn(&[(200, None)]).await;
    let gateway = gateway(well)
        .with(|draft| draft.backends[0].addresses.push(format!("http://{silent_address}")))
        .api(|api| {
            api.traffic.retry = Some(Retry {
                try_timeout: Some(Duration::from_millis(100)),
                ..Retry::default()
            });
        })
        .start();
    let client = client();
    for _ in 0..20 {
        let answer = client.get(gateway.url("/test/v1/any/x")).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    drop(silent);
}
