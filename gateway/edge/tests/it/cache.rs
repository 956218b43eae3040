//! What is kept, for whom and for how long.

use crate::support::{Builder, Gateway, OriginBody, client, full, gateway, origin};
use http::{HeaderMap, Request, Response, StatusCode};
use hyper::body::Incoming;
use snapshot::{Authentication, Cache};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;

/// An origin whose answers carry these fields and a number of their own; it answers 304 to its own `ETag`.
#[derive(Clone)]
struct Own {
    fields: Arc<Mutex<Vec<(&'static str, &'static str)>>>,
    calls: Arc<AtomicUsize>,
    status: Arc<AtomicU16>,
    let_go: Arc<Semaphore>,
    seen: Arc<Mutex<HeaderMap>>,
}

impl Own {
    fn new(fields: &[(&'static str, &'static str)]) -> Self {
        Self {
            fields: Arc::new(Mutex::new(fields.to_vec())),
            calls: Arc::default(),
            status: Arc::new(AtomicU16::new(200)),
            let_go: Arc::new(Semaphore::new(10_000)),
            seen: Arc::default(),
        }
    }

    async fn start(&self) -> SocketAddr {
        let own = self.clone();
        origin(move |request: Request<Incoming>| {
            let own = own.clone();
            async move {
                let number = own.calls.fetch_add(1, Ordering::SeqCst) + 1;
                *own.seen.lock().unwrap() = request.headers().clone();
                own.let_go.acquire().await.unwrap().forget();
                let language = request
                    .headers()
                    .get("accept-language")
                    .map_or("", |value| value.to_str().unwrap());
                let mut answer: Response<OriginBody> = Response::new(full(format!("answer {number}{language}")));
                *answer.status_mut() = StatusCode::from_u16(own.status.load(Ordering::SeqCst)).unwrap();
                for (name, value) in own.fields.lock().unwrap().iter() {
                    answer.headers_mut().insert(*name, value.parse().unwrap());
                    if *name == "etag" && request.headers().get("if-none-match") == Some(&value.parse().unwrap()) {
                        *answer.status_mut() = StatusCode::NOT_MODIFIED;
                        *answer.body_mut() = full("");
                    }
                }
                answer
            }
        })
        .await
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

fn keeping(address: SocketAddr) -> Builder {
    gateway(address).api(|api| api.traffic.cache = Some(Cache::default()))
}

struct Told {
    status: u16,
    cache: String,
    text: String,
    headers: HeaderMap,
}

async fn get(gateway: &Gateway, headers: &[(&str, &str)]) -> Told {
    let answer = gateway.get("/test/v1/any/x?q=1", headers).await;
    let headers = answer.headers().clone();
    Told {
        status: answer.status().as_u16(),
        cache: headers
            .get("cache-status")
            .map_or(String::new(), |value| value.to_str().unwrap().to_owned()),
        text: answer.text().await.unwrap(),
        headers,
    }
}

#[tokio::test]
async fn a_fresh_answer_is_given_again_and_says_so() {
    let own = Own::new(&[("cache-control", "max-age=60"), ("etag", "\"v1\"")]);
    let gateway = keeping(own.start().await).start();
    let first = get(&gateway, &[]).await;
    assert_eq!(
        (first.text.as_str(), first.cache.as_str()),
        ("answer 1", "vagvisare; fwd=uri-miss; stored")
    );
    let again = get(&gateway, &[]).await;
    assert_eq!(again.text, "answer 1");
    assert!(again.cache.starts_with("vagvisare; hit; ttl="), "{}", again.cache);
    assert!(again.headers.contains_key("age") && again.headers.contains_key("traceparent"));
    let known = get(&gateway, &[("if-none-match", "W/\"v1\"")]).await;
    assert_eq!((known.status, known.text.as_str()), (304, ""));
    let head = client().head(gateway.url("/test/v1/any/x?q=1")).send().await.unwrap();
    assert_eq!((head.status().as_u16(), own.calls()), (200, 1));
    assert_eq!(
        gateway.get("/test/v1/any/x?q=2", &[]).await.text().await.unwrap(),
        "answer 2"
    );
    for insisting in [
        ("cache-control", "no-cache"),
        ("cache-control", "no-store"),
        ("cookie", "a=b"),
        ("range", "bytes=0-1"),
    ] {
        let before = own.calls();
        assert!(
            !get(&gateway, &[insisting]).await.cache.contains("hit"),
            "{insisting:?}"
        );
        assert_eq!(own.calls(), before + 1, "{insisting:?}");
    }
    let nothing = gateway
        .get("/test/v1/any/never", &[("cache-control", "only-if-cached")])
        .await;
    assert_eq!(nothing.status(), 504);
}

#[tokio::test]
async fn what_the_backend_does_not_allow_is_not_kept() {
    for fields in [
        &[("cache-control", "no-store")][..],
        &[("cache-control", "private, max-age=60")],
        &[("cache-control", "max-age=0")],
        &[("x-nothing", "said")],
        &[("cache-control", "max-age=60"), ("set-cookie", "a=b")],
        &[("cache-control", "max-age=60"), ("vary", "*")],
    ] {
        let own = Own::new(fields);
        let gateway = keeping(own.start().await).start();
        for turn in 1..=3 {
            assert_eq!(get(&gateway, &[]).await.text, format!("answer {turn}"), "{fields:?}");
        }
    }
    let own = Own::new(&[("cache-control", "max-age=60")]);
    let gateway = gateway(own.start().await).start();
    assert_eq!(get(&gateway, &[]).await.cache, "");
    assert_eq!(get(&gateway, &[]).await.text, "answer 2", "an API that has no cache");
}

#[tokio::test]
async fn vary_keeps_answers_apart() {
    let own = Own::new(&[("cache-control", "max-age=60"), ("vary", "Accept-Language")]);
    let gateway = keeping(own.start().await).start();
    for language in ["sv", "en", "sv", "en"] {
        let answer = get(&gateway, &[("accept-language", language)]).await;
        assert!(answer.text.ends_with(language), "{}", answer.text);
    }
    assert_eq!(own.calls(), 2);
}

#[tokio::test]
async fn an_answer_to_one_caller_is_never_anothers() {
    for (fields, kept) in [
        ("max-age=60", false),
        ("public, max-age=60", true),
        ("s-maxage=60", true),
    ] {
        let own = Own::new(&[]);
        own.fields.lock().unwrap().push(("cache-control", fields));
        let gateway = keeping(own.start().await)
            .api(|api| api.authentication = Authentication::KeyOrToken)
            .agreement(&["s"], None)
            .start();
        let callers = [
            ("x-api-key", "key-app"),
            ("authorization", "Bearer token-app-s-person1"),
            ("authorization", "Bearer token-app-s-person2"),
        ];
        for (number, caller) in callers.iter().enumerate() {
            assert_eq!(
                get(&gateway, &[*caller]).await.text,
                format!("answer {}", number + 1),
                "{fields}"
            );
        }
        let again = get(&gateway, &[callers[1]]).await;
        assert_eq!(again.text, if kept { "answer 2" } else { "answer 4" }, "{fields}");
        assert_eq!(get(&gateway, &[]).await.status, 401, "no credential, no answer");
    }
    // A credential on an open route is the backend's affair.
    let own = Own::new(&[("cache-control", "public, max-age=60")]);
    let gateway = keeping(own.start().await).start();
    for turn in 1..=2 {
        let answer = get(&gateway, &[("authorization", "Bearer anything")]).await;
        assert_eq!(
            (answer.text, answer.cache.as_str()),
            (format!("answer {turn}"), "vagvisare; fwd=bypass")
        );
    }
}

#[tokio::test]
async fn a_stale_answer_is_renewed_with_its_tag() {
    let own = Own::new(&[("cache-control", "no-cache"), ("etag", "\"v1\"")]);
    let gateway = keeping(own.start().await).start();
    assert_eq!(get(&gateway, &[]).await.text, "answer 1");
    let renewed = get(&gateway, &[("if-none-match", "\"other\"")]).await;
    assert_eq!((renewed.status, renewed.text.as_str()), (200, "answer 1"));
    assert_eq!(renewed.cache, "vagvisare; fwd=stale; fwd-status=304");
    assert_eq!(
        own.seen.lock().unwrap()["if-none-match"],
        "\"v1\"",
        "the cache's own condition, not the caller's"
    );
    own.fields.lock().unwrap()[1].1 = "\"v2\"";
    assert_eq!(get(&gateway, &[]).await.text, "answer 3");
}

#[tokio::test]
async fn an_old_answer_is_better_than_an_error_where_the_backend_says_so() {
    let own = Own::new(&[("cache-control", "max-age=0, stale-if-error=60"), ("etag", "\"v1\"")]);
    let gateway = keeping(own.start().await).start();
    assert_eq!(get(&gateway, &[]).await.text, "answer 1");
    own.fields.lock().unwrap().clear();
    own.status.store(503, Ordering::SeqCst);
    let old = get(&gateway, &[]).await;
    assert_eq!((old.status, old.text.as_str()), (200, "answer 1"));
    assert!(old.cache.contains("stale-if-error"), "{}", old.cache);
    own.status.store(404, Ordering::SeqCst);
    assert_eq!(get(&gateway, &[]).await.status, 404, "that is an answer, not a fault");
}

#[tokio::test]
async fn an_old_answer_is_given_at_once_while_it_is_renewed_behind() {
    let own = Own::new(&[
        ("cache-control", "max-age=0, stale-while-revalidate=60"),
        ("etag", "\"v1\""),
    ]);
    let gateway = keeping(own.start().await).start();
    assert_eq!(get(&gateway, &[]).await.text, "answer 1");
    *own.fields.lock().unwrap() = vec![("cache-control", "max-age=60"), ("etag", "\"v2\"")];
    own.let_go.forget_permits(10_000);
    for _ in 0..3 {
        let old = get(&gateway, &[]).await;
        assert!(
            old.text == "answer 1" && old.cache.contains("hit; ttl="),
            "{} {}",
            old.text,
            old.cache
        );
    }
    own.let_go.add_permits(100);
    let renewed = tokio::time::timeout(Duration::from_secs(5), async {
        while get(&gateway, &[]).await.text != "answer 2" {}
    });
    renewed.await.expect("the new answer comes");
    assert_eq!(own.calls(), 2, "one call renewed it, however many asked");
}

#[tokio::test]
async fn many_who_miss_at_once_make_one_call() {
    let own = Own::new(&[("cache-control", "max-age=60")]);
    own.let_go.forget_permits(10_000);
    let gateway = keeping(own.start().await).start();
    let client = client();
    let asked: Vec<_> = (0..20)
        .map(|_| tokio::spawn(client.get(gateway.url("/test/v1/any/x")).send()))
        .collect();
    let all_in = tokio::time::timeout(Duration::from_secs(5), async {
        while gateway.shared.in_flight() < 20 {
            tokio::task::yield_now().await;
        }
    });
    all_in.await.unwrap();
    own.let_go.add_permits(1);
    let mut collapsed = 0;
    for asked in asked {
        let answer = asked.await.unwrap().unwrap();
        collapsed += usize::from(answer.headers()["cache-status"].to_str().unwrap().contains("collapsed"));
        assert_eq!(answer.text().await.unwrap(), "answer 1");
    }
    assert!(
        own.calls() == 1 && collapsed >= 15,
        "{} calls, {collapsed} collapsed",
        own.calls()
    );
}

#[tokio::test]
async fn a_change_makes_what_is_kept_old() {
    let own = Own::new(&[("cache-control", "max-age=60")]);
    let gateway = keeping(own.start().await).start();
    assert_eq!(get(&gateway, &[]).await.text, "answer 1");
    let url = gateway.url("/test/v1/any/x?q=1");
    own.status.store(400, Ordering::SeqCst);
    client().put(&url).send().await.unwrap();
    assert_eq!(
        get(&gateway, &[]).await.text,
        "answer 1",
        "a refused change changes nothing"
    );
    own.status.store(200, Ordering::SeqCst);
    client().put(&url).send().await.unwrap();
    assert_eq!(get(&gateway, &[]).await.text, "answer 4");
}

#[tokio::test]
async fn a_long_answer_passes_whole_and_is_not_kept() {
    let own = Own::new(&[("cache-control", "max-age=60")]);
    let gateway = keeping(own.start().await)
        .api(|api| api.traffic.cache = Some(Cache { max_entry_bytes: 5 }))
        .start();
    for turn in 1..=2 {
        assert_eq!(get(&gateway, &[]).await.text, format!("answer {turn}"));
    }
}
