//! Malformed and ambiguous HTTP is refused, the connection closed, and nothing of it reaches the backend.

use crate::support::{Gateway, echo, gateway, origin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

async fn counting() -> (Gateway, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let origin = origin(move |request| {
        count.fetch_add(1, Ordering::Relaxed);
        echo(request)
    })
    .await;
    (gateway(origin).start(), asked)
}

#[tokio::test]
async fn every_ambiguous_request_is_refused_and_forwarded_nowhere() {
    let (gateway, asked) = counting().await;
    let get = |rest: &str| format!("GET /test/v1/any/a HTTP/1.1\r\n{rest}\r\n\r\n");
    let post = |rest: &str| format!("POST /test/v1/any/a HTTP/1.1\r\nHost: h\r\n{rest}");
    let path = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n");
    let cases = [
        get("X: no host"),
        get("Host: a\r\nHost: b"),
        get("Host: a\r\nHost: a"),
        get("Host: a, b"),
        get("Host: user@h"),
        get("Host: h/x"),
        get("Host: h\r\nX : space before colon"),
        get("Host: h\r\n folded: 1"),
        get("Host: h\r\nX: a\r\n folded"),
        get("Host: h\r\nX: a\0b"),
        get("Host: h\r\nX: a\rb"),
        get("Host: h\r\nContent-Length: 1\r\nContent-Length: 2"),
        get("Host: h\r\nContent-Length: +5"),
        get("Host: h\r\nContent-Length: -5"),
        get("Host: h\r\nContent-Length: 5, 5"),
        get("Host: h\r\nContent-Length: 0x5"),
        get("Host: h\r\nContent-Length: 5 5"),
        get("Host: h\r\nContent-Length: 99999999999999999999999"),
        post("Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n"),
        post("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        post("Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
        post("Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n"),
        post("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        post("Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n"),
        post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
        post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
        "GET http://other/test/v1/any/a HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
        "GET ftp://h/test/v1/any/a HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
        "GET /test/v1/any/a HTTP/1.1 x\r\nHost: h\r\n\r\n".to_owned(),
        "GET  /test/v1/any/a HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
        "GET /test/v1/any/a HTTP/3.0\r\nHost: h\r\n\r\n".to_owned(),
        "G@T /test/v1/any/a HTTP/1.1\r\nHost: h\r\n\r\n".replace('@', "("),
        path("/test/v1/any/../secret"),
        path("/test/v1/any/%2e%2e/secret"),
        path("/test/v1//any/a"),
        path("//test/v1/any/a"),
        path("/test/v1/any/a%2fb"),
        path("/test/v1/any/a%5cb"),
        path("/test/v1/any/a\\b"),
        path("/test/v1/any/a;b"),
        path("/test/v1/any/%00"),
        path("/test/v1/any/%c0%ae"),
        path("/test/v1/any/%252e"),
        path("/test/v1/any/%61"),
        path("test/v1/any/a"),
    ];
    for case in &cases {
        let answer = gateway.raw(case.as_bytes()).await;
        let status = answer.get(9..12).unwrap_or_default();
        assert!(
            matches!(status, "400" | "405" | "505" | "501"),
            "{case:?} was answered {answer:?}"
        );
        assert!(
            answer.to_ascii_lowercase().contains("connection: close"),
            "{case:?} left the connection open: {answer}"
        );
    }
    assert_eq!(asked.load(Ordering::Relaxed), 0, "something reached the backend");
}

#[tokio::test]
async fn what_follows_a_body_is_read_as_strictly_as_what_comes_first() {
    let (gateway, asked) = counting().await;
    let bodies = [
        "Content-Length: 0\r\n\r\n",
        "Content-Length: 2\r\n\r\nhi",
        "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    ];
    let seconds = [
        "POST /test/v1/any/b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /test/v1/any/b HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
        "GET /test/v1/any/b HTTP/1.1\nHost: h\n\n",
    ];
    for body in bodies {
        for second in seconds {
            let both = format!("POST /test/v1/any/a HTTP/1.1\r\nHost: h\r\n{body}{second}");
            let answer = gateway.raw(both.as_bytes()).await;
            assert!(answer.contains("HTTP/1.1 400"), "{both:?} was answered {answer:?}");
        }
    }
    assert_eq!(asked.load(Ordering::Relaxed), 0, "something reached the backend");
}

#[tokio::test]
async fn plain_requests_pass() {
    let (gateway, asked) = counting().await;
    let cases = [
        "GET /test/v1/any/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
        "GET /test/v1/any/a HTTP/1.0\r\n\r\n",
        "GET http://h/test/v1/any/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
        "POST /test/v1/any/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
        "POST /test/v1/any/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        "POST /test/v1/any/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n",
        "GET /test/v1/any/a HTTP/1.1\r\nHost: [::1]:8080\r\nConnection: close\r\n\r\n",
    ];
    for case in cases {
        let answer = gateway.raw(case.as_bytes()).await;
        assert_eq!(answer.get(9..12), Some("200"), "{case:?} was answered {answer:?}");
        assert!(
            !answer.contains("transfer-encoding: chunked\ncontent-length"),
            "{answer}"
        );
    }
    assert_eq!(asked.load(Ordering::Relaxed), cases.len());
}

#[tokio::test]
async fn too_long_targets_heads_and_expectations_have_their_own_status() {
    let (gateway, asked) = counting().await;
    let long = "a".repeat(9000);
    let answer = gateway
        .raw(format!("GET /test/v1/any/{long} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes())
        .await;
    assert_eq!(answer.get(9..12), Some("414"), "{answer}");
    let many = format!("X: {}\r\n", "b".repeat(1000)).repeat(200);
    let answer = gateway
        .raw(format!("GET /test/v1/any/a HTTP/1.1\r\nHost: h\r\n{many}\r\n").as_bytes())
        .await;
    assert_eq!(answer.get(9..12), Some("431"), "{answer}");
    for expected in ["Expect: miracles", "Expect: 100-continue\r\nExpect: miracles"] {
        let text = format!("POST /test/v1/any/a HTTP/1.1\r\nHost: h\r\n{expected}\r\nContent-Length: 1\r\n\r\nx");
        let answer = gateway.raw(text.as_bytes()).await;
        assert_eq!(answer.get(9..12), Some("417"), "{answer}");
    }
    assert_eq!(asked.load(Ordering::Relaxed), 0);
}
