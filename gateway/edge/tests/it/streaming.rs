//! Bodies stream both ways with back-pressure; trailers, events, upgrades and HEAD keep their meaning.

use crate::support::{client, echo, full, gateway, origin};
use bytes::Bytes;
use edge::BoxError;
use futures_util::StreamExt;
use http::{HeaderMap, Response};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Frame;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const GIB: u64 = 1 << 30;
const PART: usize = 1 << 20;

/// The process' resident memory in MiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gibibyte_up_and_down_stays_out_of_memory() {
    let origin = origin(|request| async {
        let mut received = 0u64;
        let mut body = request.into_body();
        while let Some(Ok(frame)) = body.frame().await {
            received += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        if received > 0 {
            return Response::new(full(received.to_string()));
        }
        let part = Bytes::from(vec![b'x'; PART]);
        let parts =
            futures_util::stream::iter(0..GIB / PART as u64).map(move |_| Ok::<_, BoxError>(Frame::data(part.clone())));
        Response::new(UnsyncBoxBody::new(http_body_util::StreamBody::new(parts)))
    })
    .await;
    let gateway = gateway(origin).start();
    let before = resident();

    let part = Bytes::from(vec![b'y'; PART]);
    let parts = futures_util::stream::iter(0..GIB / PART as u64).map(move |_| Ok::<_, std::io::Error>(part.clone()));
    let up = client()
        .post(gateway.url("/test/v1/items"))
        .body(reqwest::Body::wrap_stream(parts))
        .send()
        .await
        .unwrap();
    assert_eq!(up.text().await.unwrap(), GIB.to_string());

    let mut most = resident();
    let mut down = client()
        .get(gateway.url("/test/v1/any/a"))
        .send()
        .await
        .unwrap()
        .bytes_stream();
    let mut received = 0;
    while let Some(part) = down.next().await {
        received += part.unwrap().len() as u64;
        if received % (64 << 20) < PART as u64 {
            most = most.max(resident());
        }
    }
    assert_eq!(received, GIB);
    // Caller, gateway and origin together: all three are in this process.
    assert!(most < before + 64, "{most} MiB resident, {before} MiB before");
}

#[tokio::test]
async fn trailers_arrive_both_ways() {
    let origin = origin(|request| async {
        let collected = http_body_util::Limited::new(request.into_body(), 1000);
        let mut body = std::pin::pin!(collected);
        let mut seen = String::from("none");
        while let Some(Ok(frame)) = body.frame().await {
            if let Some(trailers) = frame.trailers_ref() {
                seen = trailers["x-sum"].to_str().unwrap().to_owned();
            }
        }
        let mut trailers = HeaderMap::new();
        trailers.insert("x-digest", "abc".parse().unwrap());
        let frames = [
            Ok::<_, BoxError>(Frame::data(Bytes::from(seen))),
            Ok(Frame::trailers(trailers)),
        ];
        let body = UnsyncBoxBody::new(http_body_util::StreamBody::new(futures_util::stream::iter(frames)));
        Response::builder().header("Trailer", "x-digest").body(body).unwrap()
    })
    .await;
    let gateway = gateway(origin).start();
    let answer = gateway
        .raw(b"POST /test/v1/items HTTP/1.1\r\nHost: h\r\nConnection: close, TE\r\nTE: trailers\r\nTrailer: x-sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 42\r\n\r\n")
        .await;
    assert!(answer.contains("\r\n42\r\n"), "{answer}");
    assert!(answer.contains("x-digest: abc"), "{answer}");
}

#[tokio::test]
async fn a_caller_that_expects_100_gets_it_before_it_sends() {
    let origin = origin(|request| async {
        let mut body = request.into_body();
        let mut text = Vec::new();
        while let Some(Ok(frame)) = body.frame().await {
            text.extend_from_slice(frame.data_ref().unwrap());
        }
        Response::new(full(text))
    })
    .await;
    let gateway = gateway(origin).start();
    let mut stream = TcpStream::connect(gateway.address).await.unwrap();
    stream.write_all(b"POST /test/v1/items HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut interim = [0; 25];
    tokio::time::timeout(Duration::from_secs(5), stream.read_exact(&mut interim))
        .await
        .expect("no interim answer")
        .unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"hello").await.unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.unwrap();
    assert!(rest.starts_with("HTTP/1.1 200") && rest.ends_with("hello"), "{rest}");
}

#[tokio::test]
async fn events_arrive_one_by_one_and_the_backend_hears_when_the_caller_leaves() {
    let (sender, receiver) = tokio::sync::mpsc::channel::<&'static str>(1);
    let receiver = std::sync::Arc::new(std::sync::Mutex::new(Some(receiver)));
    let origin = origin(move |_| {
        let receiver = receiver.lock().unwrap().take().unwrap();
        async move {
            let events = futures_util::stream::unfold(receiver, |mut receiver| async {
                let event = receiver.recv().await?;
                Some((Ok::<_, BoxError>(Frame::data(Bytes::from(event))), receiver))
            });
            let body = UnsyncBoxBody::new(http_body_util::StreamBody::new(events));
            Response::builder()
                .header("content-type", "text/event-stream")
                .body(body)
                .unwrap()
        }
    })
    .await;
    let gateway = gateway(origin).start();
    let response = gateway.get("/test/v1/any/a", &[]).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut events = response.bytes_stream();
    for event in ["data: 1\n\n", "data: 2\n\n"] {
        sender.send(event).await.unwrap();
        let seen = tokio::time::timeout(Duration::from_secs(5), events.next())
            .await
            .expect("the event is held back")
            .unwrap()
            .unwrap();
        assert_eq!(seen, event);
    }
    drop(events);
    tokio::time::timeout(Duration::from_secs(5), sender.closed())
        .await
        .expect("the backend goes on for nobody");
}

#[tokio::test]
async fn a_websocket_is_joined_after_the_backend_agreed() {
    let origin = origin(|mut request| async move {
        let upgrade = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let mut socket = hyper_util::rt::TokioIo::new(upgrade.await.unwrap());
            let mut word = [0; 4];
            socket.read_exact(&mut word).await.unwrap();
            word.reverse();
            socket.write_all(&word).await.unwrap();
        });
        Response::builder()
            .status(101)
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
            .body(full(""))
            .unwrap()
    })
    .await;
    let gateway = gateway(origin).start();
    let mut stream = TcpStream::connect(gateway.address).await.unwrap();
    stream
        .write_all(b"GET /test/v1/any/a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        .await
        .unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(
            tokio::time::timeout(Duration::from_secs(5), stream.read_u8())
                .await
                .unwrap()
                .unwrap(),
        );
    }
    let head = String::from_utf8(head).unwrap();
    assert!(
        head.starts_with("HTTP/1.1 101") && head.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        "{head}"
    );
    stream.write_all(b"abcd").await.unwrap();
    let mut word = [0; 4];
    stream.read_exact(&mut word).await.unwrap();
    assert_eq!(&word, b"dcba");
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let gateway = gateway(origin(echo).await).start();
    let response = client().head(gateway.url("/test/v1/items/1")).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(
        response.headers()["content-length"]
            .to_str()
            .unwrap()
            .parse::<u64>()
            .unwrap()
            > 10
    );
    assert!(response.bytes().await.unwrap().is_empty());
}

#[tokio::test]
async fn head_over_http2_tells_the_length_and_sends_nothing() {
    let gateway = gateway(origin(echo).await).start();
    let client = reqwest::Client::builder()
        .no_proxy()
        .http2_prior_knowledge()
        .build()
        .unwrap();
    let response = client.head(gateway.url("/nowhere")).send().await.unwrap();
    assert_eq!(response.status(), 404);
    assert_ne!(response.headers()["content-length"], "0");
    assert!(response.bytes().await.unwrap().is_empty());
}

#[tokio::test]
async fn http2_callers_get_the_same_answers() {
    let gateway = gateway(origin(echo).await).start();
    let client = reqwest::Client::builder()
        .no_proxy()
        .http2_prior_knowledge()
        .build()
        .unwrap();
    let response = client
        .get(gateway.url("/test/v1/any/a"))
        .header("x-kept", "1")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (response.version(), response.status().as_u16()),
        (http::Version::HTTP_2, 200)
    );
    let text = response.text().await.unwrap();
    assert!(
        text.contains("x-kept: 1")
            && text.contains("via: 2 vagvisare")
            && text.contains("forwarded: for=127.0.0.1;host=\"127.0.0.1:"),
        "{text}"
    );
    let up = client
        .post(gateway.url("/test/v1/items"))
        .body(vec![b'z'; 3 << 20])
        .send()
        .await
        .unwrap();
    assert_eq!(up.status(), 200);
}
