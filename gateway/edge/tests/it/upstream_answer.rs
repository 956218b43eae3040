//! Answers that are cut, malformed, silent or switched: never passed on as complete, never kept.

use crate::upstream_support::*;
use edge::upstream::{self, BodyError, Timing, UpstreamError};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

#[tokio::test]
async fn answer_that_breaks_off_is_an_error_and_its_connection_is_gone() {
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\nnonsense\r\n",
    ] {
        let origin = Origin::start(move |mut peer, _| async move {
            peer.request().await;
            peer.say(answer).await;
        })
        .await;
        let backend = origin.backend();
        let response = send(&backend, get("/")).await.unwrap();
        let error = read(response).await.unwrap_err();
        assert!(
            matches!(error.downcast_ref(), Some(BodyError::Broken(_))),
            "{answer:?}: {error:?}"
        );
        let _ = send(&backend, get("/")).await;
        assert_eq!(origin.accepted(), 2);
    }
}

#[tokio::test]
async fn what_is_no_http_answer_is_refused() {
    for answer in [
        "hello\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nx: a\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx : y\r\n\r\n",
        "",
    ] {
        let origin = Origin::start(move |mut peer, _| async move {
            peer.request().await;
            peer.say(answer).await;
        })
        .await;
        let error = send(&origin.backend(), get("/")).await.unwrap_err();
        assert!(matches!(error, UpstreamError::BrokenAnswer(_)), "{answer:?}: {error:?}");
        assert!(!error.nothing_was_sent());
        assert_eq!(origin.accepted(), 1, "not sent again");
    }
}

#[tokio::test]
async fn bytes_after_an_answer_do_not_become_the_next_one() {
    let origin = Origin::start(|mut peer, number| async move {
        peer.request().await;
        peer.say(if number == 0 {
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwrong"
        } else {
            OK
        })
        .await;
        peer.until_closed().await;
    })
    .await;
    let backend = origin.backend();
    assert_eq!(call(&backend).await.0, "ok");
    assert_eq!(call(&backend).await.0, "ok");
    assert_eq!(origin.accepted(), 2);
}

#[tokio::test]
async fn silence_in_the_middle_of_an_answer_ends_it_with_an_error() {
    let origin = Origin::start(|mut peer, _| async move {
        peer.request().await;
        peer.say("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n").await;
        for _ in 0..10 {
            peer.say("part").await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        peer.until_closed().await;
    })
    .await;
    let backend = origin.backend();
    let idle = Duration::from_millis(200);
    let response = upstream::send(&backend, get("/"), idle, &mut Timing::default())
        .await
        .unwrap();
    let mut body = response.into_body();
    let mut bytes = 0;
    let mut last = Instant::now();
    let error = loop {
        match body.frame().await.expect("an error, not an end") {
            Ok(frame) => bytes += frame.into_data().unwrap().len(),
            Err(error) => break error,
        }
        last = Instant::now();
    };
    assert_eq!(
        bytes, 40,
        "parts that come in time are passed on, however long the whole takes"
    );
    assert!(
        matches!(error.downcast_ref(), Some(BodyError::Idle(limit)) if *limit == idle),
        "{error:?}"
    );
    let waited = last.elapsed();
    assert!(
        waited >= idle - Duration::from_millis(20) && waited < Duration::from_secs(2),
        "{waited:?}"
    );
}

#[tokio::test]
async fn slow_caller_is_not_the_backends_silence() {
    let origin =
        Origin::answering("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n2\r\nok\r\n0\r\n\r\n").await;
    let backend = origin.backend();
    let idle = Duration::from_millis(40);
    let mut response = upstream::send(&backend, get("/"), idle, &mut Timing::default())
        .await
        .unwrap();
    response.body_mut().frame().await.unwrap().unwrap();
    tokio::time::sleep(idle * 5).await;
    assert!(read(response).await.is_ok());
}

#[tokio::test]
async fn switched_protocol_is_handed_over_with_its_bytes() {
    let origin = Origin::start(|mut peer, _| async move {
        peer.request().await;
        peer.say("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\nfirst")
            .await;
        let mut said = [0; 4];
        peer.0.read_exact(&mut said).await.unwrap();
        peer.0.write_all(&said).await.unwrap();
        peer.until_closed().await;
    })
    .await;
    let backend = origin.backend();
    let mut request = get("/");
    request.headers_mut().insert("connection", "upgrade".parse().unwrap());
    request.headers_mut().insert("upgrade", "echo".parse().unwrap());
    let mut response = send(&backend, request).await.unwrap();
    assert_eq!(response.status(), 101);
    let upgrade = hyper::upgrade::on(&mut response);
    drop(response);
    let mut io = TokioIo::new(upgrade.await.unwrap());
    io.write_all(b"ping").await.unwrap();
    let mut heard = [0; 9];
    io.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"firstping");
}

#[tokio::test]
async fn switch_that_nobody_asked_for_is_refused() {
    let origin =
        Origin::answering("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n").await;
    let error = send(&origin.backend(), get("/")).await.unwrap_err();
    assert!(matches!(error, UpstreamError::Malformed(_)), "{error:?}");
}

/// On a thread of its own, so that its close falls into the middle of our writing.
fn origin_that_does_not_read(rounds: usize) -> (std::net::SocketAddr, std::thread::JoinHandle<()>) {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = std::thread::spawn(move || {
        for _ in 0..rounds {
            let (mut socket, _) = listener.accept().unwrap();
            socket.read_exact(&mut [0; 32]).unwrap();
            socket
                .write_all(b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 4\r\n\r\nmuch")
                .unwrap();
            // Closing with the upload unread makes the kernel reset the connection.
        }
    });
    (address, serving)
}

#[tokio::test]
async fn answer_that_comes_before_the_request_was_read_is_passed_on() {
    let rounds = 200;
    let (address, serving) = origin_that_does_not_read(rounds);
    let backend = backend(&[&format!("http://{address}")]);
    for _ in 0..rounds {
        let body = edge::body::RequestBody::full(vec![b'x'; 8 << 20].into());
        let response = send(&backend, http::Request::post("/").body(body).unwrap())
            .await
            .unwrap();
        assert_eq!(response.status(), 413);
        assert_eq!(read(response).await.unwrap(), "much");
    }
    serving.join().unwrap();
}

#[tokio::test]
async fn informational_answers_are_passed_over() {
    let origin = Origin::answering(
        "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
    )
    .await;
    assert_eq!(call(&origin.backend()).await.0, "ok");
}
