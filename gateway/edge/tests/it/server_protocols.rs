//! HTTP/1.1 and HTTP/2 in plain text, what is refused, and what must not bring a worker down.

use crate::server_support::*;
use std::time::Duration;

fn http2_client() -> reqwest::Client {
    reqwest::Client::builder()
        .http2_prior_knowledge()
        .no_proxy()
        .build()
        .unwrap()
}

#[tokio::test]
async fn http1_connection_serves_one_request_after_another() {
    let running = start(&config(), &TestHandle::new());
    let mut client = Raw::connect(running.local_addr()).await;
    assert!(client.ask("/").await.starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(client.ask("/peer").await.contains("127.0.0.1 tls=false http2=false"));
    assert_eq!(running.stats().totals().accepted, 1);
}

#[tokio::test]
async fn method_that_begins_like_http2_is_http1() {
    let running = start(&config(), &TestHandle::new());
    for method in ["POST", "PROPFIND", "PRINT"] {
        let mut client = Raw::connect(running.local_addr()).await;
        client
            .say(&format!(
                "{method} / HTTP/1.1\r\nhost: test\r\ncontent-length: 0\r\n\r\n"
            ))
            .await;
        assert!(client.hear_until("\n").await.starts_with("HTTP/1.1 200"), "{method}");
    }
}

#[tokio::test]
async fn http2_is_recognised_by_prior_knowledge() {
    let running = start(&config(), &TestHandle::new());
    let client = http2_client();
    let address = running.local_addr();
    let answer = client.get(format!("http://{address}/peer")).send().await.unwrap();
    assert_eq!(answer.version(), reqwest::Version::HTTP_2);
    assert_eq!(answer.text().await.unwrap(), "127.0.0.1 tls=false http2=true");
    let upload = vec![7; 20 << 20];
    let answer = client
        .post(format!("http://{address}/length"))
        .body(upload)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.text().await.unwrap(), (20 << 20).to_string());
    assert_eq!(running.stats().totals().accepted, 1);
}

#[tokio::test]
async fn what_is_no_http_is_answered_400_closed_and_counted() {
    let running = start(&config(), &TestHandle::new());
    for nonsense in [
        "hello there\r\n\r\n",
        "GET / HTTP/1.1\r\nbad header\r\n\r\n",
        "GET / HTTP/1.1\r\nx : y\r\n\r\n",
    ] {
        let mut client = Raw::connect(running.local_addr()).await;
        client.say(nonsense).await;
        let (heard, _) = client.hear_to_the_end().await;
        assert!(heard.starts_with("HTTP/1.1 400 "), "{nonsense:?}: {heard:?}");
    }
    eventually("counted", || running.stats().totals().malformed == 3).await;
}

#[tokio::test]
async fn head_over_the_cap_is_answered_431() {
    let running = start(&config(), &TestHandle::new());
    let mut client = Raw::connect(running.local_addr()).await;
    client
        .say(&format!(
            "GET / HTTP/1.1\r\nhost: test\r\nx: {}\r\n\r\n",
            "y".repeat(20_000)
        ))
        .await;
    assert!(client.hear_until("\r\n0\r\n\r\n").await.contains("hello"));
    client
        .say(&format!(
            "GET / HTTP/1.1\r\nhost: test\r\nx: {}\r\n\r\n",
            "y".repeat(40_000)
        ))
        .await;
    let (heard, _) = client.hear_to_the_end().await;
    assert!(heard.starts_with("HTTP/1.1 431 "), "{heard:?}");
}

#[tokio::test]
async fn panic_in_a_handler_costs_its_connection_only() {
    let mut config = config();
    config.workers = 1;
    let running = start(&config, &TestHandle::new());
    let mut bystander = Raw::connect(running.local_addr()).await;
    bystander.ask("/").await;
    let mut client = Raw::connect(running.local_addr()).await;
    client.say("GET /panic HTTP/1.1\r\nhost: test\r\n\r\n").await;
    assert_eq!(client.hear_to_the_end().await.0, "");
    assert!(bystander.ask("/").await.contains("hello"));
    assert_eq!(running.stats().totals().panics, 1);
    let http2 = http2_client();
    let address = running.local_addr();
    assert!(http2.get(format!("http://{address}/panic")).send().await.is_err());
    assert!(http2.get(format!("http://{address}/")).send().await.is_ok());
    eventually("nothing in flight", || running.stats().totals().in_flight == 0).await;
}

#[tokio::test]
async fn connections_over_the_cap_are_closed_at_once() {
    let mut config = config();
    config.max_connections = 2;
    let running = start(&config, &TestHandle::new());
    let mut first = Raw::connect(running.local_addr()).await;
    let mut second = Raw::connect(running.local_addr()).await;
    first.ask("/").await;
    second.ask("/").await;
    let mut third = Raw::connect(running.local_addr()).await;
    let (heard, took) = third.hear_to_the_end().await;
    assert_eq!(heard, "");
    assert!(took < Duration::from_secs(1));
    assert_eq!(running.stats().totals().refused, 1);
    drop(first);
    eventually("a place is free", || running.stats().totals().connections == 1).await;
    let mut fourth = Raw::connect(running.local_addr()).await;
    assert!(fourth.ask("/").await.contains("hello"));
}

#[tokio::test]
async fn upgraded_connection_carries_bytes_both_ways_and_counts_as_open() {
    let running = start(&config(), &TestHandle::new());
    let mut client = Raw::connect(running.local_addr()).await;
    client
        .say("GET /upgrade HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n")
        .await;
    assert!(client.hear_until("\r\n\r\n").await.starts_with("HTTP/1.1 101 "));
    client.say("ping").await;
    assert_eq!(client.hear_until("ping").await, "ping");
    assert_eq!(running.stats().totals().connections, 1);
    drop(client);
    eventually("closed", || running.stats().totals().connections == 0).await;
}
