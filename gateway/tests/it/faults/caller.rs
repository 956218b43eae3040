//! A caller in bytes: cheap enough to put a gateway under more load than it can take.

use std::io;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One HTTP/1.1 connection that asks for the same again and again.
pub(super) struct Caller {
    address: String,
    request: Vec<u8>,
    socket: Option<TcpStream>,
    part: Vec<u8>,
}

/// How a call went.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heard {
    pub(super) status: u16,
    pub(super) retry_after: bool,
    pub(super) took: Duration,
}

impl Caller {
    /// Asks the gateway at `url` (`http://host:port`) for `path` with this key.
    pub(super) fn new(url: &str, path: &str, key: &str) -> Self {
        let address = url.strip_prefix("http://").unwrap().to_owned();
        Self {
            request: format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nX-Api-Key: {key}\r\n\r\n").into_bytes(),
            address,
            socket: None,
            part: vec![0; 16 * 1024],
        }
    }

    /// One call, on the connection of the last one where there is one.
    pub(super) async fn call(&mut self) -> io::Result<Heard> {
        let began = Instant::now();
        let heard = self.exchange(began).await;
        if heard.is_err() {
            self.socket = None;
        }
        heard
    }

    async fn exchange(&mut self, began: Instant) -> io::Result<Heard> {
        let socket = match &mut self.socket {
            Some(socket) => socket,
            None => {
                let socket = TcpStream::connect(&self.address).await?;
                socket.set_nodelay(true)?;
                self.socket.insert(socket)
            }
        };
        socket.write_all(&self.request).await?;
        let mut seen = Vec::new();
        let (head, body) = loop {
            if let Some(end) = seen.windows(4).position(|window| window == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&seen[..end]).to_ascii_lowercase();
                break (head, seen.len() - end - 4);
            }
            let read = socket.read(&mut self.part).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            seen.extend_from_slice(&self.part[..read]);
        };
        let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let mut left = field("content-length:").map_or(0, |length| length.parse().unwrap()) - body;
        while left > 0 {
            let read = socket.read(&mut self.part).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            left -= read;
        }
        let heard = Heard {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            retry_after: field("retry-after:").is_some(),
            took: began.elapsed(),
        };
        if field("connection:") == Some("close") {
            self.socket = None;
        }
        Ok(heard)
    }
}

/// What `share` of them stayed within.
pub(super) fn within(times: &mut [Duration], share: f64) -> Duration {
    times.sort_unstable();
    let place = ((times.len() as f64 * share).ceil() as usize).clamp(1, times.len()) - 1;
    times[place]
}
