//! What is spoken: plain HTTP/1.1, or HTTP/2 over TLS 1.3 with several requests at once on a connection.

use std::io;
use std::sync::Arc;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::uri::{Authority, Scheme};
use http::{Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ProtocolVersion;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_rustls::TlsConnector;

use crate::target::Target;

/// The name that a server's certificate must be for.
pub(crate) const SERVER_NAME: &str = "localhost";

/// The protocol of a run.
#[derive(Debug, Clone)]
pub enum Protocol {
    /// HTTP/1.1 without TLS, one request at a time on a connection.
    Http1,
    /// HTTP/2 over TLS 1.3.
    Http2 {
        /// Whom to trust; it must offer `h2` and nothing else.
        tls: Arc<rustls::ClientConfig>,
        /// Requests that may be under way on one connection; at least one.
        streams: usize,
    },
}

impl Protocol {
    /// How many requests at once one connection carries.
    pub(super) fn streams(&self) -> usize {
        match self {
            Self::Http1 => 1,
            Self::Http2 { streams, .. } => (*streams).max(1),
        }
    }

    /// A request's address: only the path in HTTP/1.1, all of it in HTTP/2 (RFC 9113, section 8.3.1).
    pub(super) fn uri(&self, target: &Target) -> Result<Uri> {
        match self {
            Self::Http1 => Ok(target.path.clone()),
            Self::Http2 { .. } => {
                let mut parts = target.path.clone().into_parts();
                parts.scheme = Some(Scheme::HTTPS);
                parts.authority = Some(Authority::try_from(target.host.as_bytes()).context("a host")?);
                Uri::from_parts(parts).context("an address")
            }
        }
    }

    /// Connects, and shakes hands.
    pub(super) async fn connect(&self, target: &Target) -> io::Result<Sender> {
        let stream = TcpStream::connect(target.address).await?;
        stream.set_nodelay(true)?;
        match self {
            Self::Http1 => {
                let (sender, driver) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
                // The driver ends with the sender; what breaks it is told to the request that is under way.
                tokio::spawn(async move {
                    let _ = driver.await;
                });
                Ok(Sender::Http1(sender))
            }
            Self::Http2 { tls, .. } => {
                let name = ServerName::try_from(SERVER_NAME).map_err(io::Error::other)?;
                let stream = TlsConnector::from(Arc::clone(tls)).connect(name, stream).await?;
                let session = stream.get_ref().1;
                if session.alpn_protocol() != Some(b"h2")
                    || session.protocol_version() != Some(ProtocolVersion::TLSv1_3)
                {
                    return Err(io::Error::other("the server does not speak HTTP/2 over TLS 1.3"));
                }
                let (sender, driver) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
                    .await
                    .map_err(io::Error::other)?;
                tokio::spawn(async move {
                    let _ = driver.await;
                });
                Ok(Sender::Http2(sender))
            }
        }
    }
}

/// The sending half of a connection.
pub(super) enum Sender {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

impl Sender {
    /// Whether it takes another request.
    pub(super) async fn is_usable(&mut self) -> bool {
        match self {
            Self::Http1(sender) => sender.ready().await.is_ok(),
            Self::Http2(sender) => sender.ready().await.is_ok(),
        }
    }

    pub(super) async fn send(&mut self, request: Request<Full<Bytes>>) -> hyper::Result<Response<Incoming>> {
        match self {
            Self::Http1(sender) => sender.send_request(request).await,
            Self::Http2(sender) => sender.send_request(request).await,
        }
    }
}

/// What the streams of one HTTP/2 connection share; HTTP/1.1 does not use it.
#[derive(Default)]
pub(super) struct Wire(Mutex<Option<http2::SendRequest<Full<Bytes>>>>);

impl Wire {
    /// A sender of the connection, which is made by the first that asks, and again when it has been closed.
    pub(super) async fn open(&self, protocol: &Protocol, target: &Target) -> io::Result<Sender> {
        if matches!(protocol, Protocol::Http1) {
            return protocol.connect(target).await;
        }
        let mut wire = self.0.lock().await;
        if let Some(sender) = wire.as_ref().filter(|sender| !sender.is_closed()) {
            return Ok(Sender::Http2(sender.clone()));
        }
        let sender = protocol.connect(target).await?;
        if let Sender::Http2(sender) = &sender {
            *wire = Some(sender.clone());
        }
        Ok(sender)
    }
}
