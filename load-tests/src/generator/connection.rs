//! One request at a time: on a kept-alive connection of its own, or on one that several share.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;

use super::Shared;
use super::protocol::{Sender, Wire};
use crate::measured::Failure;

/// After a failed attempt to connect in a closed loop: a server that is gone must not make the generator spin.
const RECONNECT_PAUSE: Duration = Duration::from_millis(10);

/// A connection, opened again when the server closes it.
pub(super) struct Connection {
    shared: Arc<Shared>,
    wire: Arc<Wire>,
    sender: Option<Sender>,
}

impl Connection {
    /// Not yet connected.
    pub(super) fn new(shared: Arc<Shared>, wire: Arc<Wire>) -> Self {
        Self {
            shared,
            wire,
            sender: None,
        }
    }

    /// Connects anew.
    pub(super) async fn open(&mut self) -> io::Result<()> {
        self.sender = None;
        let plan = &self.shared.plan;
        self.sender = Some(self.wire.open(&plan.protocol, &plan.target).await?);
        Ok(())
    }

    /// Whether the server has left it open.
    pub(super) async fn is_open(&mut self) -> bool {
        match self.sender.as_mut() {
            Some(sender) => sender.is_usable().await,
            None => false,
        }
    }

    /// Sends one request now.
    pub(super) async fn send_once(&mut self) {
        self.send(Instant::now()).await;
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
        let response = sender.send(request).await.map_err(|_| Failure::Send)?;
        let status = response.status().as_u16();
        let body = body_length(response).await?;
        Ok(Answer { status, body, lag })
    }

    /// The sender, connected anew when the server has closed the connection between two requests, as it may.
    async fn ready_sender(&mut self) -> Result<&mut Sender, Failure> {
        if !self.is_open().await {
            self.open().await.map_err(|_| Failure::Connect)?;
        }
        self.sender.as_mut().ok_or(Failure::Connect)
    }

    fn request(&self) -> Request<Full<Bytes>> {
        let payload = self.shared.plan.payload.clone();
        let method = if payload.is_some() { Method::POST } else { Method::GET };
        let mut request = Request::new(Full::new(payload.unwrap_or_default()));
        *request.method_mut() = method;
        *request.uri_mut() = self.shared.uri.clone();
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
