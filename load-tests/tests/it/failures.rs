//! Servers that misbehave: every failed request is counted, by kind, and none is lost.

use std::net::SocketAddr;
use std::time::Duration;

use load_tests::generator::{self, Pace, Plan};
use load_tests::measured::{Failure, Measured};
use load_tests::target::Target;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Answers each request of each connection with `answer`, word for word, then closes the connection.
async fn serve(answer: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0_u8; 1_024];
                if stream.read(&mut request).await.is_ok_and(|length| length > 0) {
                    let _ = stream.write_all(answer).await;
                }
            });
        }
    });
    address
}

async fn measure(address: SocketAddr) -> Measured {
    let plan = Plan {
        pace: Pace::Open { per_second: 100 },
        duration: Duration::from_millis(200),
        connections: 2,
        least_body: 3,
        ..Plan::of(Target::new(address, "/").unwrap())
    };
    generator::run(plan).await.unwrap().measured
}

#[tokio::test]
async fn connections_that_the_server_closes_between_requests_are_opened_again() {
    let measured = measure(serve(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 3\r\n\r\nabc").await).await;
    assert_eq!(
        (measured.succeeded(), measured.failed()),
        (20, 0),
        "{:?}",
        measured.failures
    );
}

#[tokio::test]
async fn an_unexpected_status_is_a_failure_of_its_kind() {
    let measured = measure(serve(b"HTTP/1.1 429 X\r\nconnection: close\r\ncontent-length: 3\r\n\r\nabc").await).await;
    assert_eq!(
        (
            measured.succeeded(),
            measured.failures[&Failure::Status],
            measured.statuses[&429]
        ),
        (0, 20, 20)
    );
}

#[tokio::test]
async fn a_body_that_is_cut_off_is_a_failure_of_its_kind() {
    let measured = measure(serve(b"HTTP/1.1 200 OK\r\ncontent-length: 30\r\n\r\nabc").await).await;
    assert_eq!((measured.succeeded(), measured.failures[&Failure::Body]), (0, 20));
}

#[tokio::test]
async fn a_body_that_is_shorter_than_asked_for_is_a_failure_of_its_kind() {
    let measured = measure(serve(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nab").await).await;
    assert_eq!((measured.succeeded(), measured.failures[&Failure::ShortBody]), (0, 20));
}

#[tokio::test]
async fn a_connection_closed_without_an_answer_is_a_failure_of_its_kind() {
    let measured = measure(serve(b"").await).await;
    assert_eq!((measured.succeeded(), measured.failures[&Failure::Send]), (0, 20));
}
