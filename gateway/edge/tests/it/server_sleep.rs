//! A connection that is not used holds a socket and little more, and nobody can tell.

use crate::server_support::*;

#[tokio::test]
async fn connection_at_rest_sleeps_and_wakes_for_the_next_request() {
    let running = start(&soon_asleep(), &TestHandle::new());
    let mut client = Raw::connect(running.local_addr()).await;
    for _ in 0..3 {
        assert!(client.ask("/").await.contains("hello"));
        eventually("asleep", || running.stats().totals().asleep == 1).await;
    }
    client.say("G").await;
    eventually("awake", || running.stats().totals().asleep == 0).await;
    client.say("ET / HTTP/1.1\r\nhost: test\r\n\r\n").await;
    assert!(client.hear_until("\r\n0\r\n\r\n").await.contains("hello"));
    let totals = running.stats().totals();
    assert_eq!((totals.accepted, totals.connections, totals.timed_out), (1, 1, 0));
    drop(client);
    eventually("closed", || running.stats().totals().connections == 0).await;
}

#[tokio::test]
async fn connection_on_which_something_goes_on_does_not_sleep() {
    let handle = TestHandle::new();
    let running = start(&soon_asleep(), &handle);
    let mut half = Raw::connect(running.local_addr()).await;
    half.say("GET / HTTP/1.1\r\nhost: test\r\n\r\nGET / HTTP/1.1\r\nho")
        .await;
    assert!(half.hear_until("\r\n0\r\n\r\n").await.contains("hello"));
    let mut waiting = Raw::connect(running.local_addr()).await;
    waiting.say("GET /gated HTTP/1.1\r\nhost: test\r\n\r\n").await;
    let mut tunnel = Raw::connect(running.local_addr()).await;
    tunnel
        .say("GET /upgrade HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n")
        .await;
    assert!(tunnel.hear_until("\r\n\r\n").await.starts_with("HTTP/1.1 101"));
    // One that came after them, and is asleep before they go on.
    let mut other = Raw::connect(running.local_addr()).await;
    other.ask("/").await;
    eventually("asleep", || running.stats().totals().asleep == 1).await;
    half.say("st: test\r\n\r\n").await;
    assert!(half.hear_until("\r\n0\r\n\r\n").await.contains("hello"));
    handle.gate.add_permits(1);
    assert!(waiting.hear_until("\r\n0\r\n\r\n").await.contains("done"));
    tunnel.say("echo").await;
    assert_eq!(tunnel.hear_until("echo").await, "echo");
}

#[tokio::test]
async fn sleeping_connection_ends_with_the_drain() {
    let running = start(&soon_asleep(), &TestHandle::new());
    let mut client = Raw::connect(running.local_addr()).await;
    client.ask("/").await;
    eventually("asleep", || running.stats().totals().asleep == 1).await;
    let report = running.drained(PATIENCE).await;
    assert_eq!((report.in_flight_cut, report.workers_lost), (0, 0));
    assert_eq!(client.hear_to_the_end().await.0, "");
}
