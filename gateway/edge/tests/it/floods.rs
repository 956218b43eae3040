//! HTTP/2 callers that attack, each beside one that behaves: who behaves is answered, and the attacker holds nothing afterwards.

use crate::frames::*;
use crate::support::{Gateway, client, full, gateway, origin};
use http::{Request, Response};
use hyper::body::Incoming;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PATH: &str = "/test/v1/any/x";

async fn start() -> Gateway {
    gateway(origin(|_: Request<Incoming>| async { Response::new(full(vec![b'x'; 300_000])) }).await).start()
}

async fn attacker(gateway: &Gateway, settings: &[u8]) -> TcpStream {
    let mut socket = TcpStream::connect(gateway.address).await.unwrap();
    socket.write_all(PREFACE).await.unwrap();
    socket.write_all(&frame(SETTINGS, 0, 0, settings)).await.unwrap();
    socket
}

/// Writes until the other side takes no more, `most` times at most; how often it took it.
async fn flood(socket: &mut TcpStream, most: usize, mut next: impl FnMut(usize) -> Vec<u8>) -> usize {
    for turn in 0..most {
        let written = tokio::time::timeout(Duration::from_secs(2), socket.write_all(&next(turn))).await;
        if !matches!(written, Ok(Ok(()))) {
            return turn;
        }
    }
    most
}

/// A caller that behaves, until it is told to stop; gives the longest that it waited.
fn well_behaved(gateway: &Gateway) -> (Arc<AtomicBool>, tokio::task::JoinHandle<(usize, Duration)>) {
    let stop = Arc::new(AtomicBool::new(false));
    let (stopped, url) = (Arc::clone(&stop), gateway.url("/test/v1/any/x"));
    let calls = tokio::spawn(async move {
        let (client, mut calls, mut longest) = (client(), 0, Duration::ZERO);
        while !stopped.load(Ordering::SeqCst) || calls < 5 {
            let began = Instant::now();
            let answer = client.get(&url).send().await.unwrap();
            assert_eq!(answer.bytes().await.unwrap().len(), 300_000);
            longest = longest.max(began.elapsed());
            calls += 1;
        }
        (calls, longest)
    });
    (stop, calls)
}

/// Whoever behaves was answered all the while, and the attacker's requests are gone.
async fn unharmed(gateway: &Gateway, (stop, calls): (Arc<AtomicBool>, tokio::task::JoinHandle<(usize, Duration)>)) {
    stop.store(true, Ordering::SeqCst);
    let (calls, longest) = calls.await.unwrap();
    assert!(
        calls >= 5 && longest < Duration::from_secs(5),
        "{calls} calls, the slowest {longest:?}"
    );
    let gone = tokio::time::timeout(Duration::from_secs(10), async {
        while gateway.shared.in_flight() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    gone.await.expect("nothing of the attack is in flight");
}

#[tokio::test(flavor = "multi_thread")]
async fn rapid_resets_end_the_connection_and_harm_nobody() {
    let gateway = start().await;
    let good = well_behaved(&gateway);
    let mut socket = attacker(&gateway, &[]).await;
    let taken = flood(&mut socket, 20_000, |turn| {
        let stream = u32::try_from(turn).unwrap() * 2 + 1;
        let mut both = frame(HEADERS, END_STREAM | END_HEADERS, stream, &request_to(PATH));
        both.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
        both
    })
    .await;
    assert!(taken < 20_000, "the connection was never ended");
    drop(socket);
    unharmed(&gateway, good).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_without_end_ends_the_connection() {
    let gateway = start().await;
    let good = well_behaved(&gateway);
    let mut socket = attacker(&gateway, &[]).await;
    socket
        .write_all(&frame(HEADERS, END_STREAM, 1, &request_to(PATH)))
        .await
        .unwrap();
    let field = long_field();
    let taken = flood(&mut socket, 2_000, |_| frame(CONTINUATION, 0, 1, &field)).await;
    assert!(taken < 2_000, "32 MB of one head were taken");
    drop(socket);
    unharmed(&gateway, good).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pings_and_settings_that_nobody_reads_the_answers_of_harm_nobody() {
    for (kind, payload) in [(PING, &[0_u8; 8][..]), (SETTINGS, &[0, 3, 0, 0, 0, 100])] {
        let gateway = start().await;
        let good = well_behaved(&gateway);
        let mut socket = attacker(&gateway, &[]).await;
        let many: Vec<u8> = (0..1_000).flat_map(|_| frame(kind, 0, 0, payload)).collect();
        // It takes no more when its answers are not read, or it ends the connection; it must not keep them all.
        let taken = flood(&mut socket, 2_000, |_| many.clone()).await;
        assert!(
            taken < 2_000,
            "two million frames of kind {kind} were taken without their answers being read"
        );
        drop(socket);
        unharmed(&gateway, good).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_that_open_no_window_hold_up_nobody() {
    let gateway = start().await;
    let good = well_behaved(&gateway);
    let mut sockets = Vec::new();
    for _ in 0..20 {
        // SETTINGS_INITIAL_WINDOW_SIZE 0: no byte of a body may be sent.
        let mut socket = attacker(&gateway, &[0, 4, 0, 0, 0, 0]).await;
        for stream in (1..100).step_by(2) {
            let _ = socket
                .write_all(&frame(HEADERS, END_STREAM | END_HEADERS, stream, &request_to(PATH)))
                .await;
        }
        sockets.push(socket);
    }
    // They are being answered: the first bytes of each connection come.
    let mut first = [0; 9];
    sockets[0].read_exact(&mut first).await.unwrap();
    drop(sockets);
    unharmed(&gateway, good).await;
}

/// Opens streams, fetches nothing of any answer, and keeps them until the sockets are dropped.
async fn hoard(gateway: &Gateway, connections: usize) -> Vec<TcpStream> {
    let mut sockets = Vec::new();
    for _ in 0..connections {
        let mut socket = attacker(gateway, &[0, 4, 0, 0, 0, 0]).await;
        for stream in (1..100).step_by(2) {
            let one = frame(HEADERS, END_STREAM | END_HEADERS, stream, &request_to(PATH));
            socket.write_all(&one).await.unwrap();
        }
        sockets.push(socket);
    }
    sockets
}

/// Waits until so many requests are in flight; how many there are then.
async fn in_flight(gateway: &Gateway, least: usize) -> usize {
    let reached = tokio::time::timeout(Duration::from_secs(10), async {
        while gateway.shared.in_flight() < least {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        gateway.shared.in_flight()
    });
    reached.await.unwrap_or_else(|_| gateway.shared.in_flight())
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_that_hold_all_they_get_leave_places_in_flight_to_others() {
    let mut builder = gateway(origin(|_: Request<Incoming>| async { Response::new(full(vec![b'x'; 300_000])) }).await);
    builder.settings.max_in_flight = 200;
    let gateway = builder.start();
    let hoarders = hoard(&gateway, 20).await;
    let held = in_flight(&gateway, 100).await;
    assert!(
        (100..200).contains(&held),
        "{held} in flight of 1,000 that were asked for"
    );
    for _ in 0..20 {
        assert_eq!(client().get(gateway.url(PATH)).send().await.unwrap().status(), 200);
    }
    drop(hoarders);
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_that_hold_all_they_get_leave_connections_to_the_backend_to_others() {
    let mut builder = gateway(origin(|_: Request<Incoming>| async { Response::new(full(vec![b'x'; 300_000])) }).await);
    builder.pool.max_connections = 40;
    let gateway = builder.start();
    let hoarders = hoard(&gateway, 8).await;
    let held = in_flight(&gateway, 40).await;
    assert!(held >= 40, "{held} in flight of 400 that were asked for");
    for _ in 0..20 {
        let answer = client().get(gateway.url(PATH)).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    drop(hoarders);
}

/// A field of nearly 4 KB is told once and then named 16,000 times, a byte each: 62 MB of fields in a frame of 16 KB.
#[tokio::test(flavor = "multi_thread")]
async fn fields_that_grow_four_thousand_fold_are_refused_and_kept_by_nobody() {
    let bombs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&bombs);
    let address = origin(move |request: Request<Incoming>| {
        counted.fetch_add(usize::from(request.uri().path().ends_with("/bomb")), Ordering::SeqCst);
        async { Response::new(full(vec![b'x'; 300_000])) }
    });
    let gateway = gateway(address.await).start();
    let good = well_behaved(&gateway);
    let before = resident_bytes();
    let mut sockets = Vec::new();
    for _ in 0..8 {
        let mut socket = attacker(&gateway, &[]).await;
        socket.write_all(&bomb_laid(PATH)).await.unwrap();
        flood(&mut socket, 40, |turn| {
            let stream = u32::try_from(turn).unwrap() * 2 + 3;
            bomb(stream, "/test/v1/any/bomb")
        })
        .await;
        sockets.push(socket);
    }
    let grown = resident_bytes().saturating_sub(before);
    drop(sockets);
    unharmed(&gateway, good).await;
    assert_eq!(bombs.load(Ordering::SeqCst), 0, "a bomb reached the backend");
    // 320 bombs are 20 GB.
    assert!(grown < 256 << 20, "{grown} bytes");
}

fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kib: u64 = line.split_whitespace().next().unwrap().parse().unwrap();
    kib * 1024
}
