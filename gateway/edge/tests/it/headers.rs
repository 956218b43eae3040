//! What crosses the gateway, in both directions.

use crate::support::{api, echo, full, gateway, origin};
use http::{HeaderMap, Response};
use http_body_util::BodyExt;
use snapshot::Authentication;

#[tokio::test]
async fn identity_headers_from_outside_never_reach_the_backend() {
    let gateway = gateway(origin(echo).await).start();
    let forged = [
        ("Vagvisare-Subject", "someone"),
        ("vagvisare_subject", "someone"),
        ("Forwarded", "for=6.6.6.6"),
        ("X-Forwarded-For", "6.6.6.6"),
        ("X_Forwarded_Proto", "https"),
        ("X-Real-IP", "6.6.6.6"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded", "for=6.6.6.6"),
        ("X-Forwarded.For", "6.6.6.6"),
        ("vagvisare.subject", "someone"),
        ("X-HTTP-Method", "evil"),
        ("baggage", "userId=1"),
    ];
    let text = gateway.get("/test/v1/any/a", &forged).await.text().await.unwrap();
    assert!(
        !text.contains("someone") && !text.contains("6.6.6.6") && !text.contains("evil") && !text.contains("userId"),
        "{text}"
    );
    assert!(text.contains("forwarded: for=127.0.0.1;host=\"127.0.0.1:"), "{text}");
    assert!(text.contains("via: 1.1 vagvisare"), "{text}");
    assert!(text.contains("vagvisare-forwarded-prefix: /test/v1"), "{text}");
}

#[tokio::test]
async fn connection_cannot_name_the_gateways_own_headers() {
    let gateway = gateway(origin(echo).await).start();
    let answer = gateway.raw(b"GET /test/v1/any/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nConnection: forwarded, via, x-secret\r\nX-Secret: 1\r\nX-Kept: 1\r\n\r\n").await;
    assert!(
        answer.contains("forwarded: ") && answer.contains("via: ") && answer.contains("x-kept: 1"),
        "{answer}"
    );
    assert!(!answer.contains("x-secret"), "{answer}");
}

#[tokio::test]
async fn trailers_carry_nothing_that_the_head_may_not() {
    let forged = [
        "Vagvisare-Subject",
        "vagvisare_application",
        "X-Forwarded-For",
        "Forwarded",
        "X-Api-Key",
        "Cookie",
        "Connection",
        "X-HTTP-Method-Override",
    ];
    let origin = origin(|request| async {
        let mut body = request.into_body();
        let mut names: Vec<String> = Vec::new();
        while let Some(Ok(frame)) = body.frame().await {
            let trailers = frame.trailers_ref().into_iter().flat_map(HeaderMap::keys);
            names.extend(trailers.map(ToString::to_string));
        }
        Response::new(full(format!("trailers: {names:?}")))
    })
    .await;
    let gateway = gateway(origin).start();
    let lines: String = forged.iter().map(|name| format!("{name}: forged\r\n")).collect();
    let answer = gateway
        .raw(
            format!(
                "POST /test/v1/items HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTrailer: x-sum, {}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 1\r\n{lines}\r\n",
                forged.join(", ")
            )
            .as_bytes(),
        )
        .await;
    assert!(answer.contains("trailers: [\"x-sum\"]"), "{answer}");
}

#[tokio::test]
async fn cookies_in_pieces_become_one_line() {
    let gateway = gateway(origin(echo).await).start();
    let answer = gateway
        .raw(b"GET /test/v1/any/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nCookie: a=1\r\nCookie: b=2\r\n\r\n")
        .await;
    assert!(answer.contains("cookie: a=1; b=2\n"), "{answer}");
}

#[tokio::test]
async fn credentials_checked_here_stay_here() {
    let gateway = gateway(origin(echo).await)
        .with(|draft| draft.apis[0] = api("test", Authentication::KeyOrToken))
        .agreement(&[], None)
        .start();
    let text = gateway
        .get("/test/v1/any/a", &[("X-Api-Key", "key-app")])
        .await
        .text()
        .await
        .unwrap();
    assert!(
        !text.contains("key-app")
            && text.contains("vagvisare-application: app")
            && text.contains("vagvisare-organisation: bank"),
        "{text}"
    );
    assert!(
        text.contains("vagvisare-agreement: avtal-1") && !text.contains("vagvisare-subject"),
        "{text}"
    );
    let text = gateway
        .get("/test/v1/any/a", &[("Authorization", "Bearer token-app-items")])
        .await
        .text()
        .await
        .unwrap();
    assert!(
        !text.contains("authorization")
            && text.contains("vagvisare-subject: party-1")
            && text.contains("vagvisare-scopes: items"),
        "{text}"
    );
}

#[tokio::test]
async fn the_trace_goes_on_through_the_gateway() {
    let gateway = gateway(origin(echo).await).start();
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let response = gateway
        .get("/test/v1/any/a", &[("traceparent", parent), ("tracestate", "a=1")])
        .await;
    let mine = response.headers()["traceparent"].to_str().unwrap().to_owned();
    let text = response.text().await.unwrap();
    let theirs = text
        .lines()
        .find_map(|line| line.strip_prefix("traceparent: "))
        .unwrap();
    let (mine, theirs): (Vec<_>, Vec<_>) = (mine.split('-').collect(), theirs.split('-').collect());
    assert_eq!(mine[1], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(theirs[1], mine[1]);
    assert!(
        theirs[2] != mine[2] && mine[2] != "00f067aa0ba902b7",
        "each hop has a span of its own"
    );
    assert!(text.contains("tracestate: a=1"));
}

#[tokio::test]
async fn backends_say_nothing_for_the_gateways_origin() {
    let origin = origin(|_| async {
        Response::builder()
            .header("Server", "secret/1.0")
            .header("X-Powered-By", "magic")
            .header("Alt-Svc", "h3=\":443\"")
            .header("Access-Control-Allow-Origin", "*")
            .header("Vagvisare-Subject", "x")
            .header("Connection", "x-hop")
            .header("X-Hop", "1")
            .header("X-Kept", "1")
            .body(full("ok"))
            .unwrap()
    })
    .await;
    let response = gateway(origin).start().get("/test/v1/any/a", &[]).await;
    let headers = response.headers();
    for gone in [
        "server",
        "x-powered-by",
        "alt-svc",
        "access-control-allow-origin",
        "vagvisare-subject",
        "x-hop",
    ] {
        assert!(!headers.contains_key(gone), "{gone}");
    }
    assert!(headers.contains_key("x-kept") && headers["via"] == "1.1 vagvisare");
}

#[tokio::test]
async fn path_and_query_arrive_byte_for_byte() {
    let gateway = gateway(origin(echo).await).start();
    for path in [
        "/test/v1/any/a%20b/%C3%A5?x=1&y=%2F..%2F",
        "/test/v1/any/a:b@c,(d)?q",
        "/test/v1/any/a/",
    ] {
        let text = gateway.get(path, &[]).await.text().await.unwrap();
        assert_eq!(text.lines().next().unwrap(), format!("GET {path}"));
    }
}
