//! One connection of the generator: HTTP/1.1, kept alive, one request at a time.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::Shared;
use crate::measured::Failure;

/// After a failed attempt to connect in a closed loop: a server that is gone must not make the generator spin.
const RECONNECT_PAUSE: Duration = Duration::from_millis(10);

/// A connection, opened again when the server closes it.
pub(super) struct Connection {
    shared: Arc<Shared>,
    sender: Option<SendRequest<Empty<Bytes>>>,
}

impl Connection {
    /// Not yet connected.
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, sender: None }
    }

    /// Connects anew.
    pub(super) async fn open(&mut self) -> io::Result<()> {
        self.sender = None;
        let stream = TcpStream::connect(self.shared.plan.target.address).await?;
        stream.set_nodelay(true)?;
        let (sender, driver) = handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        // The driver ends with the sender; what breaks it is told to the request that is under way.
        tokio::spawn(async move {
            let _ = driver.await;
        });
        self.sender = Some(sender);
        Ok(())
    }

    /// Open loop: sends each due request that it gets, until there are no more.
    pub(super) async fn take_arrivals(mut self) {
        let shared = Arc::clone(&self.shared);
        while let Some(intended) = shared.arrivals.take().await {
            self.send(intended).await;
        }
    }

    /// Closed loop: sends one request after the other until `end`, at most so many.
    pub(super) async fn send_until(mut self, end: Instant, most: u32) {
        let mut now = Instant::now();
        let mut sent = 0;
        while now < end && sent < most {
            now = self.send(now).await;
            sent += 1;
            if self.sender.is_none() {
                tokio::time::sleep(RECONNECT_PAUSE).await;
                now = Instant::now();
            }
        }
    }

    /// Sends one request, counts how it went, and returns when it ended.
    async fn send(&mut self, intended: Instant) -> Instant {
        self.shared.begin();
        let outcome = self.exchange(intended).await;
        let ended = Instant::now();
        let plan = &self.shared.plan;
        match outcome {
            Ok(Answer { status, body, lag }) => self.shared.end(|measured| {
                *measured.statuses.entry(status).or_default() += 1;
                measured.body_bytes += body;
                measured.lags.record(lag);
                if status != plan.expected.as_u16() {
                    measured.fail(Failure::Status);
                } else if body < plan.least_body {
                    measured.fail(Failure::ShortBody);
                } else {
                    measured.latencies.record(ended.duration_since(intended));
                }
            }),
            Err(failure) => {
                self.sender = None;
                self.shared.end(|measured| measured.fail(failure));
            }
        }
        ended
    }

    async fn exchange(&mut self, intended: Instant) -> Result<Answer, Failure> {
        let request = self.request();
        let sender = self.ready_sender().await?;
        let lag = intended.elapsed();
        let response = sender.send_request(request).await.map_err(|_| Failure::Send)?;
        let status = response.status().as_u16();
        let body = body_length(response).await?;
        Ok(Answer { status, body, lag })
    }

    /// The sender, connected anew when the server has closed the connection between two requests, as it may.
    async fn ready_sender(&mut self) -> Result<&mut SendRequest<Empty<Bytes>>, Failure> {
        let usable = match self.sender.as_mut() {
            Some(sender) => sender.ready().await.is_ok(),
            None => false,
        };
        if !usable {
            self.open().await.map_err(|_| Failure::Connect)?;
        }
        self.sender.as_mut().ok_or(Failure::Connect)
    }

    fn request(&self) -> Request<Empty<Bytes>> {
        let mut request = Request::new(Empty::new());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = self.shared.plan.target.path.clone();
        *request.headers_mut() = self.shared.next_headers();
        request
    }
}

struct Answer {
    status: u16,
    body: u64,
    lag: Duration,
}

/// Reads the body to its end, keeping nothing.
async fn body_length(mut response: Response<Incoming>) -> Result<u64, Failure> {
    let mut length = 0;
    while let Some(frame) = response.frame().await {
        let frame = frame.map_err(|_| Failure::Body)?;
        length += frame.data_ref().map_or(0, |data| data.len() as u64);
    }
    Ok(length)
}
