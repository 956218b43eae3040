//! Which connection a call gets, and when a connection is used again.

use crate::server_support::eventually;
use crate::upstream_support::*;
use edge::body::RequestBody;
use edge::upstream::{self, Limits, UpstreamError};
use http::Request;
use http_body_util::BodyExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::mpsc;

#[tokio::test]
async fn one_connection_serves_one_call_after_another() {
    let origin = Origin::answering(OK).await;
    let backend = origin.backend();
    for turn in 0..5 {
        let (text, timing) = call(&backend).await;
        assert_eq!(text, "ok");
        assert_eq!(timing.reused, turn > 0);
        assert_eq!(timing.connected_in.is_none(), turn > 0);
        assert_eq!(timing.address, Some(origin.address));
    }
    assert_eq!(origin.accepted(), 1);
}

#[tokio::test]
async fn answers_without_a_body_and_of_every_framing_keep_the_connection() {
    for answer in [
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-sum: 7\r\n\r\n",
    ] {
        let origin = Origin::answering(answer).await;
        let backend = origin.backend();
        call(&backend).await;
        call(&backend).await;
        assert_eq!(origin.accepted(), 1, "{answer:?}");
    }
    for answer in [
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
        "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
    ] {
        let origin = Origin::answering(answer).await;
        let backend = origin.backend();
        call(&backend).await;
        call(&backend).await;
        assert_eq!(origin.accepted(), 2, "{answer:?}");
    }
}

#[tokio::test]
async fn connection_used_last_is_used_first() {
    let (told, mut heard) = mpsc::unbounded_channel();
    let origin = Origin::start(move |mut peer, number| {
        let told = told.clone();
        async move {
            while peer.request().await.is_some() {
                told.send(number).unwrap();
                peer.say(OK).await;
            }
        }
    })
    .await;
    let backend = origin.backend();
    let first = send(&backend, get("/")).await.unwrap();
    // The first answer has arrived whole and its connection may be kept already: hold the third call open instead.
    let (a, b, c) = tokio::join!(
        send(&backend, get("/")),
        send(&backend, get("/")),
        send(&backend, get("/"))
    );
    for response in [first, a.unwrap(), b.unwrap(), c.unwrap()] {
        read(response).await.unwrap();
    }
    let mut last = 0;
    for _ in 0..4 {
        last = heard.recv().await.unwrap();
    }
    let opened = origin.accepted();
    assert!(opened >= 3);
    call(&backend).await;
    let used = heard.recv().await.unwrap();
    for _ in 0..5 {
        call(&backend).await;
        assert_eq!(heard.recv().await, Some(used), "the others cool down");
    }
    assert!(last < opened);
    assert_eq!(origin.accepted(), opened);
}

#[tokio::test]
async fn connection_that_the_backend_closed_is_replaced_without_the_caller_noticing() {
    let origin = Origin::start(|mut peer, _| async move {
        peer.request().await;
        peer.say(OK).await;
    })
    .await;
    let backend = origin.backend();
    for turn in 1..=20 {
        // Sometimes the close is seen before the next call, sometimes hyper hands the request back.
        let (text, _) = call(&backend).await;
        assert_eq!(text, "ok");
        assert_eq!(origin.accepted(), turn);
        if turn % 2 == 0 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn request_that_was_sent_is_never_sent_again() {
    let requests = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&requests);
    let origin = Origin::start(move |mut peer, _| {
        let count = Arc::clone(&count);
        async move {
            peer.request().await;
            peer.say(OK).await;
            // The second request on this connection is read, then the connection closes without an answer.
            if peer.request().await.is_some() {
                count.fetch_add(1, Ordering::SeqCst);
            }
        }
    })
    .await;
    let backend = origin.backend();
    call(&backend).await;
    let (result, timing) = send_timed(&backend, get("/")).await;
    let error = result.unwrap_err();
    assert!(timing.reused);
    assert!(matches!(error, UpstreamError::BrokenAnswer(_)), "{error:?}");
    assert!(!error.nothing_was_sent());
    assert_eq!((requests.load(Ordering::SeqCst), origin.accepted()), (1, 1));
}

#[tokio::test]
async fn request_body_survives_the_change_of_connection() {
    let (told, mut heard) = mpsc::unbounded_channel();
    let origin = Origin::start(move |mut peer, number| {
        let told = told.clone();
        async move {
            if number == 0 {
                peer.request().await;
                peer.say(OK).await;
                return;
            }
            let head = peer.request().await.unwrap();
            let mut body = [0; 7];
            tokio::io::AsyncReadExt::read_exact(&mut peer.0, &mut body)
                .await
                .unwrap();
            told.send((head, body)).unwrap();
            peer.say(OK).await;
        }
    })
    .await;
    let backend = origin.backend();
    call(&backend).await;
    let request = Request::post("/things?x=1")
        .body(RequestBody::full("content".into()))
        .unwrap();
    read(send(&backend, request).await.unwrap()).await.unwrap();
    let (head, body) = heard.recv().await.unwrap();
    assert!(head.starts_with("POST /things?x=1 HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("content-length: 7\r\n"));
    assert_eq!(&body, b"content");
}

#[tokio::test]
async fn answer_given_up_midway_closes_its_connection_within_a_second() {
    let (told, mut heard) = mpsc::unbounded_channel();
    let origin = Origin::start(move |mut peer, _| {
        let told = told.clone();
        async move {
            peer.request().await;
            peer.say("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf").await;
            peer.until_closed().await;
            told.send(()).unwrap();
        }
    })
    .await;
    let backend = origin.backend();
    let mut response = send(&backend, get("/")).await.unwrap();
    response.body_mut().frame().await.unwrap().unwrap();
    drop(response);
    tokio::time::timeout(std::time::Duration::from_secs(1), heard.recv())
        .await
        .expect("closed")
        .unwrap();
    // A call that is given up before the head comes closes too.
    let silent = Origin::start(move |mut peer, _| async move { peer.until_closed().await }).await;
    let quiet = silent.backend();
    let mut timing = upstream::Timing::default();
    let given_up = tokio::time::timeout(
        std::time::Duration::from_millis(100),
        upstream::send(&quiet, get("/"), PATIENCE, &mut timing),
    );
    assert!(given_up.await.is_err());
    assert_eq!(
        timing.address,
        Some(silent.address),
        "the timing is known although the call was given up"
    );
}

#[tokio::test]
async fn calls_over_the_cap_are_refused_and_counted_until_a_connection_closes() {
    upstream::set_limits(Limits {
        max_connections: 2,
        ..Limits::default()
    });
    let origin = Origin::start(|mut peer, _| async move {
        peer.request().await;
        peer.say("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n").await;
        peer.until_closed().await;
    })
    .await;
    let backend = origin.backend();
    let first = send(&backend, get("/")).await.unwrap();
    let _second = send(&backend, get("/")).await.unwrap();
    let error = send(&backend, get("/")).await.unwrap_err();
    assert!(matches!(error, UpstreamError::Overloaded) && error.nothing_was_sent());
    drop(first);
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while send(&backend, get("/")).await.is_err() {
        assert!(tokio::time::Instant::now() < deadline, "the place is never free again");
        tokio::task::yield_now().await;
    }
    assert_eq!(origin.accepted(), 3);
}

#[tokio::test]
async fn idle_connection_is_closed_when_it_is_old() {
    upstream::set_limits(Limits {
        idle_seconds: 0,
        ..Limits::default()
    });
    let closed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&closed);
    let origin = Origin::start(move |mut peer, _| {
        let count = Arc::clone(&count);
        async move {
            peer.request().await;
            peer.say(OK).await;
            peer.until_closed().await;
            count.fetch_add(1, Ordering::SeqCst);
        }
    })
    .await;
    call(&origin.backend()).await;
    eventually("closed by us", || closed.load(Ordering::SeqCst) == 1).await;
}

#[tokio::test]
async fn changed_backend_gets_no_connection_of_the_old_one() {
    let (old, new) = (Origin::answering(OK).await, Origin::answering(OK).await);
    let before = old.backend();
    call(&before).await;
    let mut after = new.backend();
    after.id = before.id.clone();
    call(&after).await;
    assert_eq!((old.accepted(), new.accepted()), (1, 1));
    call(&after).await;
    assert_eq!((old.accepted(), new.accepted()), (1, 1));
}
