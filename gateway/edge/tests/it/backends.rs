//! What the caller sees when a backend is down, slow or broken: a problem that names the agency, never a half answer.

use crate::support::{api, client, full, gateway, origin, problem, raw_origin};
use http::Response;
use snapshot::Authentication;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_dead_backend_is_a_502_that_names_the_agency() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let gateway = gateway(closed).start();
    let response = gateway.get("/test/v1/any/a", &[]).await;
    assert_eq!(response.status(), 502);
    assert_eq!(
        response.headers()["proxy-status"],
        "vagvisare; error=destination_unavailable; next-hop=\"origin\""
    );
    let body = problem(response).await;
    assert_eq!(body["code"], "agency-unreachable");
    let text = body.to_string();
    assert!(text.contains("The Agency") && !text.contains("127.0.0.1"), "{text}");
}

#[tokio::test]
async fn a_silent_backend_is_a_504_at_the_deadline() {
    let origin = origin(|_| std::future::pending::<Response<_>>()).await;
    let gateway = gateway(origin)
        .api(|api| api.deadline = Duration::from_millis(300))
        .start();
    let began = Instant::now();
    let body = problem(gateway.get("/test/v1/any/a", &[]).await).await;
    assert_eq!(body["code"], "agency-timeout");
    assert!((Duration::from_millis(290)..Duration::from_secs(2)).contains(&began.elapsed()));
}

#[tokio::test]
async fn broken_heads_are_502_and_broken_bodies_are_visibly_broken() {
    for answer in [
        &b"garbage\r\n\r\n"[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX : y\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        b"",
    ] {
        let gateway = gateway(raw_origin(answer).await).start();
        let response = gateway.get("/test/v1/any/a", &[]).await;
        assert_eq!(response.status(), 502, "{:?}", String::from_utf8_lossy(answer));
        let text = problem(response).await.to_string();
        assert!(text.contains("The Agency"), "{text}");
    }
    for answer in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"[..],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nxx\r\n",
    ] {
        let gateway = gateway(raw_origin(answer).await).start();
        let response = client().get(gateway.url("/test/v1/any/a")).send().await.unwrap();
        assert!(
            response.bytes().await.is_err(),
            "{:?} looked complete",
            String::from_utf8_lossy(answer)
        );
    }
}

#[tokio::test]
async fn a_body_over_the_cap_is_413_announced_or_not() {
    let origin = origin(|request| async {
        use http_body_util::BodyExt;
        let mut body = request.into_body();
        while let Some(Ok(_)) = body.frame().await {}
        Response::new(full("took it"))
    })
    .await;
    let gateway = gateway(origin).api(|api| api.max_body_bytes = 10).start();
    let announced = client()
        .post(gateway.url("/test/v1/items"))
        .body("12345678901")
        .send()
        .await
        .unwrap();
    assert_eq!(problem(announced).await["code"], "body-too-large");
    let parts = futures_util::stream::iter(["123456", "78901"].map(Ok::<_, std::io::Error>));
    let streamed = client()
        .post(gateway.url("/test/v1/items"))
        .body(reqwest::Body::wrap_stream(parts))
        .send()
        .await
        .unwrap();
    assert_eq!(problem(streamed).await["code"], "body-too-large");
    let fits = client()
        .post(gateway.url("/test/v1/items"))
        .body("1234567890")
        .send()
        .await
        .unwrap();
    assert_eq!(fits.text().await.unwrap(), "took it");
}

#[tokio::test]
async fn a_caller_that_stops_sending_is_told_and_let_go() {
    let origin = origin(|request| async {
        use http_body_util::BodyExt;
        let mut body = request.into_body();
        while let Some(Ok(_)) = body.frame().await {}
        Response::new(full("ok"))
    })
    .await;
    let gateway = gateway(origin)
        .api(|api| api.idle_timeout = Duration::from_millis(300))
        .start();
    let answer = gateway
        .raw(b"POST /test/v1/items HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n123")
        .await;
    assert_eq!(answer.get(9..12), Some("408"), "{answer}");
}

#[tokio::test]
async fn one_dead_backend_does_not_touch_another() {
    let alive = origin(|_| async { Response::new(full("alive")) }).await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let gateway = gateway(closed)
        .with(|draft| {
            let mut backend = draft.backends[0].clone();
            backend.id = "alive".into();
            backend.addresses = vec![format!("http://{alive}")];
            draft.backends.push(backend);
            let mut second = api("second", Authentication::None);
            second.backend = Some("alive".into());
            draft.apis.push(second);
        })
        .start();
    for _ in 0..5 {
        assert_eq!(gateway.get("/test/v1/any/a", &[]).await.status(), 502);
        assert_eq!(
            gateway.get("/second/v1/any/a", &[]).await.text().await.unwrap(),
            "alive"
        );
    }
}
