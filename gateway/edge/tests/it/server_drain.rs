//! Draining: what is in flight is answered, what is idle is closed, what is late is cut and reported.

use crate::server_support::*;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::Instant;

#[tokio::test]
async fn requests_in_flight_are_answered_and_their_connections_closed() {
    let handle = TestHandle::new();
    let running = start(&config(), &handle);
    let address = running.local_addr();
    let mut http1 = Raw::connect(address).await;
    http1.say("GET /gated HTTP/1.1\r\nhost: test\r\n\r\n").await;
    let http2 = reqwest::Client::builder()
        .http2_prior_knowledge()
        .no_proxy()
        .build()
        .unwrap();
    let asking = tokio::spawn(http2.get(format!("http://{address}/gated")).send());
    let mut idle = Raw::connect(address).await;
    idle.ask("/").await;
    handle.until_entered(2).await;

    running.begin_drain();
    let (heard, took) = idle.hear_to_the_end().await;
    assert_eq!(heard, "");
    assert!(took < Duration::from_secs(1), "idle connections do not wait: {took:?}");
    let began = Instant::now();
    let drained = tokio::spawn(running.drained(PATIENCE));
    let mut refused = false;
    while !refused && began.elapsed() < PATIENCE {
        refused = TcpStream::connect(address).await.is_err();
    }
    assert!(refused, "no new connection is accepted");

    handle.gate.add_permits(2);
    let (heard, _) = http1.hear_to_the_end().await;
    assert!(heard.contains("connection: close") && heard.contains("done"), "{heard}");
    assert_eq!(asking.await.unwrap().unwrap().text().await.unwrap(), "done");
    let report = drained.await.unwrap();
    assert_eq!((report.in_flight_cut, report.workers_lost), (0, 0));
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_caller_between_two_requests_is_told_with_the_next_answer() {
    let handle = TestHandle::new();
    let mut config = config();
    // One tick is a second then: long enough to ask in.
    config.header_read_timeout = Duration::from_secs(10);
    config.keep_alive_timeout = Duration::from_secs(10);
    config.stall_timeout = Duration::from_secs(10);
    let running = start(&config, &handle);
    let mut client = Raw::connect(running.local_addr()).await;
    client.ask("/").await;
    running.begin_drain();
    client.say("GET / HTTP/1.1\r\nhost: test\r\n\r\n").await;
    let (heard, _) = client.hear_to_the_end().await;
    assert!(
        heard.starts_with("HTTP/1.1 200") && heard.contains("connection: close"),
        "{heard}"
    );
    assert_eq!(running.drained(PATIENCE).await.in_flight_cut, 0);
}

#[tokio::test]
async fn what_is_late_is_cut_and_counted() {
    let handle = TestHandle::new();
    let running = start(&config(), &handle);
    let stats = running.stats();
    let mut clients = Vec::new();
    for path in ["/gated", "/gated", "/endless"] {
        let mut client = Raw::connect(running.local_addr()).await;
        client.say(&format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n")).await;
        clients.push(client);
    }
    let mut tunnel = Raw::connect(running.local_addr()).await;
    tunnel
        .say("GET /upgrade HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\nx")
        .await;
    tunnel.hear_until("x").await;
    handle.until_entered(2).await;
    eventually("three in flight", || stats.totals().in_flight == 3).await;
    let report = running.drained(Duration::from_millis(300)).await;
    assert_eq!((report.in_flight_cut, report.workers_lost), (4, 0));
    for client in &mut clients {
        let (heard, _) = client.hear_to_the_end().await;
        assert!(!heard.ends_with("0\r\n\r\n"), "a cut answer never looks complete");
    }
    tunnel.hear_to_the_end().await;
    assert_eq!(stats.totals().connections, 0);
}

#[tokio::test]
async fn request_that_waits_in_the_kernel_is_still_answered() {
    let mut config = config();
    config.workers = 1;
    let running = start(&config, &TestHandle::new());
    for _ in 0..20 {
        let mut clients = Vec::new();
        for _ in 0..5 {
            let mut client = Raw::connect(running.local_addr()).await;
            client
                .say("GET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n")
                .await;
            clients.push(client);
        }
        for client in &mut clients {
            assert!(client.hear_to_the_end().await.0.contains("hello"));
        }
    }
    let mut clients = Vec::new();
    for _ in 0..20 {
        let mut client = Raw::connect(running.local_addr()).await;
        client.say("GET / HTTP/1.1\r\nhost: test\r\n\r\n").await;
        clients.push(client);
    }
    let report = running.drained(PATIENCE).await;
    assert_eq!(report.in_flight_cut, 0);
    for client in &mut clients {
        assert!(client.hear_to_the_end().await.0.contains("hello"));
    }
}

#[tokio::test]
async fn connection_that_has_said_nothing_does_not_hold_the_drain() {
    let running = start(&config(), &TestHandle::new());
    let _silent = Raw::connect(running.local_addr()).await;
    let stats = running.stats();
    eventually("accepted", || stats.totals().connections == 1).await;
    let began = Instant::now();
    assert_eq!(running.drained(PATIENCE).await.in_flight_cut, 0);
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

#[tokio::test]
async fn server_that_is_let_go_of_stops() {
    let running = start(&config(), &TestHandle::new());
    let mut client = Raw::connect(running.local_addr()).await;
    client.ask("/").await;
    drop(running);
    client.hear_to_the_end().await;
}
