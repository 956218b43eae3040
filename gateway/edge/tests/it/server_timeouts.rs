//! Nobody holds a connection by doing nothing, or by doing it slowly.

use crate::server_support::*;
use std::time::Duration;
use tokio::time::Instant;

fn impatient() -> edge::server::Config {
    let mut config = config();
    config.header_read_timeout = Duration::from_millis(200);
    config.keep_alive_timeout = Duration::from_millis(600);
    config.stall_timeout = Duration::from_millis(400);
    config
}

#[tokio::test]
async fn connection_that_says_nothing_is_closed() {
    let running = start(&impatient(), &TestHandle::new());
    let mut silent = Raw::connect(running.local_addr()).await;
    let (heard, took) = silent.hear_to_the_end().await;
    assert_eq!(heard, "");
    assert!(
        took >= Duration::from_millis(150) && took < Duration::from_secs(3),
        "{took:?}"
    );
    assert_eq!(running.stats().totals().timed_out, 1);
}

#[tokio::test]
async fn first_bytes_that_could_be_either_protocol_do_not_hold_it() {
    for beginning in ["P", "PR", "PRI * HTTP/2.0\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let running = start(&impatient(), &TestHandle::new());
        let mut client = Raw::connect(running.local_addr()).await;
        client.say(beginning).await;
        let (_, took) = client.hear_to_the_end().await;
        assert!(took < Duration::from_secs(3), "{beginning:?} {took:?}");
    }
}

#[tokio::test]
async fn head_that_dribbles_is_cut_although_every_byte_comes_in_time() {
    let running = start(&impatient(), &TestHandle::new());
    for asked_before in [false, true] {
        let mut client = Raw::connect(running.local_addr()).await;
        if asked_before {
            client.ask("/").await;
        }
        let began = Instant::now();
        client.say("GET / HTTP/1.1\r\nhost: test\r\nx: ").await;
        let (mut reader, mut writer) = client.0.split();
        let mut heard = Vec::new();
        let dribble = async {
            loop {
                tokio::time::sleep(Duration::from_millis(20)).await;
                if tokio::io::AsyncWriteExt::write_all(&mut writer, b"x").await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        tokio::select! {
            () = dribble => unreachable!(),
            _ = tokio::io::AsyncReadExt::read_to_end(&mut reader, &mut heard) => {}
        }
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
        assert!(heard.is_empty());
    }
}

#[tokio::test]
async fn idle_connection_outlives_the_head_limit_and_ends_at_its_own() {
    let running = start(&impatient(), &TestHandle::new());
    let mut client = Raw::connect(running.local_addr()).await;
    assert!(client.ask("/").await.contains("hello"));
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(
        client.ask("/").await.contains("hello"),
        "twice the head limit is no reason to close"
    );
    let (heard, took) = client.hear_to_the_end().await;
    assert_eq!(heard, "");
    assert!(took >= Duration::from_millis(500), "{took:?}");
    assert_eq!(running.stats().totals().timed_out, 0);
}

#[tokio::test]
async fn answer_that_is_not_taken_is_given_up() {
    let running = start(&impatient(), &TestHandle::new());
    let mut client = Raw::connect(running.local_addr()).await;
    client.say("GET /endless HTTP/1.1\r\nhost: test\r\n\r\n").await;
    eventually("in flight", || running.stats().totals().in_flight == 1).await;
    eventually("cut", || running.stats().totals().connections == 0).await;
    assert_eq!(running.stats().totals().timed_out, 1);
    assert_eq!(running.stats().totals().in_flight, 0);
}

#[tokio::test]
async fn http2_answer_that_is_not_taken_is_given_up_although_the_connection_is_alive() {
    let running = start(&impatient(), &TestHandle::new());
    let socket = tokio::net::TcpStream::connect(running.local_addr()).await.unwrap();
    let mut builder = hyper::client::conn::http2::Builder::new(hyper_util::rt::TokioExecutor::new());
    builder.initial_stream_window_size(1);
    let io = hyper_util::rt::TokioIo::new(socket);
    let (mut sender, connection) = builder.handshake(io).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = http::Request::get("http://test/endless")
        .body(edge::body::RequestBody::empty())
        .unwrap();
    let answer = sender.send_request(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    eventually("cut", || running.stats().totals().connections == 0).await;
    assert_eq!(running.stats().totals().timed_out, 1);
    assert!(connection.await.unwrap().is_err());
    eventually("nothing in flight", || running.stats().totals().in_flight == 0).await;
}

/// The bytes of a short body.
async fn whole(answer: http::Response<hyper::body::Incoming>) -> hyper::Result<Vec<u8>> {
    let (mut body, mut bytes) = (answer.into_body(), Vec::new());
    while let Some(frame) = http_body_util::BodyExt::frame(&mut body).await {
        bytes.extend(frame?.into_data().unwrap_or_default());
        assert!(bytes.len() < 1_000_000, "not the short body that was asked for");
    }
    Ok(bytes)
}

/// Others on the connection move, so the connection lives; the one that is not taken does not.
#[tokio::test]
async fn http2_answer_that_is_not_taken_is_given_up_while_others_on_its_connection_move() {
    let running = start(&impatient(), &TestHandle::new());
    let socket = tokio::net::TcpStream::connect(running.local_addr()).await.unwrap();
    let mut builder = hyper::client::conn::http2::Builder::new(hyper_util::rt::TokioExecutor::new());
    builder.initial_stream_window_size(100);
    let io = hyper_util::rt::TokioIo::new(socket);
    let (mut sender, connection) = builder.handshake(io).await.unwrap();
    tokio::spawn(connection);
    let mut ask = async |path: &str| {
        let request = http::Request::get(format!("http://test{path}"))
            .body(edge::body::RequestBody::empty())
            .unwrap();
        sender.send_request(request).await.unwrap()
    };
    let stalled = ask("/endless").await;
    let began = Instant::now();
    while running.stats().totals().timed_out == 0 {
        assert_eq!(whole(ask("/").await).await.unwrap(), b"hello");
        assert!(began.elapsed() < PATIENCE, "never given up");
    }
    assert!(began.elapsed() >= Duration::from_millis(700), "{:?}", began.elapsed());
    // Its caller is told, and the connection goes on.
    assert!(whole(stalled).await.is_err());
    assert_eq!(ask("/").await.status(), 200);
    assert_eq!(running.stats().totals().connections, 1);
    eventually("nothing of it in flight", || running.stats().totals().in_flight <= 1).await;
}

#[tokio::test]
async fn handler_that_takes_long_is_no_reason_to_cut() {
    let handle = TestHandle::new();
    let running = start(&impatient(), &handle);
    let mut client = Raw::connect(running.local_addr()).await;
    client.say("GET /gated HTTP/1.1\r\nhost: test\r\n\r\n").await;
    handle.until_entered(1).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    handle.gate.add_permits(1);
    assert!(client.hear_until("\r\n0\r\n\r\n").await.contains("done"));
}
