//! Callers that attack, each kind beside one caller that behaves: how long that one waits, and what memory the attack takes.

#[path = "../../../edge/tests/it/frames.rs"]
mod frames;

use super::caller::{Caller, within};
use super::processors::{ON_THE_FIRST, elsewhere};
use super::say;
use crate::world::{Node, Serving, World};
use frames::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const SQLITE: &str = "sqlite:registry.sqlite";
const CALLS: usize = 600;
/// Longer than this at once is the machine's own doing on a busy one, not the attack's.
const NOISE: Duration = Duration::from_millis(10);
/// More than all attacks together may hold, in KiB.
const MEMORY: u64 = 200 * 1024;

const PATH: &str = "/guide/v1/things";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attack {
    SlowHeads,
    SlowBodies,
    SlowReaders,
    RapidReset,
    Continuation,
    Pings,
    Settings,
    HpackBombs,
    ZeroWindows,
}

const ALL: [Attack; 9] = [
    Attack::SlowHeads,
    Attack::SlowBodies,
    Attack::SlowReaders,
    Attack::RapidReset,
    Attack::Continuation,
    Attack::Pings,
    Attack::Settings,
    Attack::HpackBombs,
    Attack::ZeroWindows,
];

impl Attack {
    /// Connections that attack at once.
    fn connections(self) -> usize {
        match self {
            Self::SlowHeads | Self::SlowBodies | Self::SlowReaders | Self::ZeroWindows => 200,
            Self::RapidReset | Self::Continuation | Self::Pings | Self::Settings | Self::HpackBombs => 4,
        }
    }

    /// One connection's attack, again and again until it is aborted. What the gateway does to it is the gateway's right.
    /// `opened` counts: an attack that needs a new connection for each byte is another one than it is called.
    async fn run(self, address: String, key: String, opened: Arc<AtomicUsize>) {
        loop {
            opened.fetch_add(1, Relaxed);
            let Ok(mut socket) = TcpStream::connect(&address).await else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let _ = self.once(&mut socket, &key).await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn once(self, socket: &mut TcpStream, key: &str) -> std::io::Result<()> {
        let first = format!("{PATH} HTTP/1.1\r\nHost: a\r\nX-Api-Key: {key}\r\n");
        match self {
            Self::SlowHeads => dribble(socket, &format!("GET {first}X-Slow: ")).await,
            Self::SlowBodies => dribble(socket, &format!("POST {first}Content-Length: 1000000\r\n\r\n")).await,
            Self::SlowReaders => {
                let one = format!("GET {}", first.replacen(PATH, &format!("{PATH}?large"), 1));
                socket.write_all(format!("{one}\r\n").repeat(20).as_bytes()).await?;
                let mut byte = [0];
                while socket.read(&mut byte).await? > 0 {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Ok(())
            }
            _ => self.in_http2(socket).await,
        }
    }

    async fn in_http2(self, socket: &mut TcpStream) -> std::io::Result<()> {
        let settings: &[u8] = if self == Self::ZeroWindows {
            &[0, 4, 0, 0, 0, 0]
        } else {
            &[]
        };
        socket.write_all(PREFACE).await?;
        socket.write_all(&frame(SETTINGS, 0, 0, settings)).await?;
        let request = request_to(PATH);
        match self {
            Self::RapidReset => {
                for stream in (1..1_000_000).step_by(2) {
                    let mut both = frame(HEADERS, END_STREAM | END_HEADERS, stream, &request);
                    both.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
                    socket.write_all(&both).await?;
                }
            }
            Self::Continuation => {
                socket.write_all(&frame(HEADERS, END_STREAM, 1, &request)).await?;
                let field = long_field();
                loop {
                    socket.write_all(&frame(CONTINUATION, 0, 1, &field)).await?;
                }
            }
            Self::Pings | Self::Settings => {
                let one = match self {
                    Self::Pings => frame(PING, 0, 0, &[0; 8]),
                    _ => frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100]),
                };
                let many = one.repeat(200);
                loop {
                    socket.write_all(&many).await?;
                }
            }
            Self::HpackBombs => {
                socket.write_all(&bomb_laid(PATH)).await?;
                for stream in (3..1_000_000).step_by(2) {
                    socket.write_all(&bomb(stream, PATH)).await?;
                }
            }
            _ => {
                for stream in (1..100).step_by(2) {
                    let request = request_to(&format!("{PATH}?large"));
                    socket
                        .write_all(&frame(HEADERS, END_STREAM | END_HEADERS, stream, &request))
                        .await?;
                }
                let mut part = [0; 4096];
                while socket.read(&mut part).await? > 0 {}
            }
        }
        Ok(())
    }
}

/// Says the beginning, and then a byte each tenth of a second.
async fn dribble(socket: &mut TcpStream, beginning: &str) -> std::io::Result<()> {
    socket.write_all(beginning.as_bytes()).await?;
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        socket.write_all(b"x").await?;
    }
}

/// One call each 5 ms from somebody who behaves: what 99 of 100 stayed within.
async fn behaving(node: &Node, serving: &Serving) -> Duration {
    let mut caller = Caller::new(&node.gateway, PATH, &serving.key);
    let mut times = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let heard = caller.call().await.unwrap();
        assert_eq!(heard.status, 200);
        times.push(heard.took);
    }
    within(&mut times, 0.99)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: cargo xtask faults"]
async fn who_behaves_waits_at_most_twice_as_long_while_others_attack() {
    let world = World::begin(SQLITE);
    let node = world.node_after(ON_THE_FIRST, "first", SQLITE, "[telemetry]\naccess_log = \"off\"\n");
    let serving = world.serving(&node).await;
    behaving(&node, &serving).await;
    // Of the processors that the gateway has not, attackers have the time that who behaves and the backend leave.
    let elsewhere = elsewhere(19);
    let mut harmed = Vec::new();
    for attack in ALL {
        let calm = behaving(&node, &serving).await;
        let before = node.process.resident_kib();
        let (mut attackers, opened) = (JoinSet::new(), Arc::<AtomicUsize>::default());
        for _ in 0..attack.connections() {
            let address = node.gateway.strip_prefix("http://").unwrap().to_owned();
            attackers.spawn_on(
                attack.run(address, serving.key.clone(), Arc::clone(&opened)),
                elsewhere.handle(),
            );
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let began = Instant::now();
        let attacked = behaving(&node, &serving).await;
        let grown = node.process.resident_kib().saturating_sub(before);
        attackers.shutdown().await;
        say(&format!(
            "{attack:?}, {} connections, {} opened, {:.0?}: p99 {calm:?} calm, {attacked:?} attacked; memory +{} MiB",
            attack.connections(),
            opened.load(Relaxed),
            began.elapsed(),
            grown / 1024,
        ));
        if attacked > (calm * 2).max(NOISE) || grown > MEMORY {
            harmed.push(attack);
        }
    }
    elsewhere.shutdown_background();
    assert!(harmed.is_empty(), "{harmed:?}");
}
