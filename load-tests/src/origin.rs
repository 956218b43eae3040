//! A small backend to put behind a gateway: reads every request to its end and answers it with the same 1 KiB of JSON, or with
//! as many bytes as `?bytes=N` asks for.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

/// Length of each answer's body in bytes.
pub const BODY_LENGTH: usize = 1_024;
/// Most that `?bytes=N` gets.
pub const LONGEST_BODY: u64 = 1 << 30;
/// Longer bodies are sent in pieces of this length.
const PIECE: usize = 64 * 1_024;

/// A bound origin that does not serve yet.
pub struct Origin {
    listener: TcpListener,
    address: SocketAddr,
}

impl Origin {
    /// Binds to `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// When it is no loopback address, or taken.
    pub async fn bind(address: SocketAddr) -> Result<Self> {
        if !address.ip().is_loopback() {
            bail!("{address} is not a loopback address: refused");
        }
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}"))?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the task is dropped.
    ///
    /// # Errors
    /// When no more connections can be accepted.
    pub async fn serve(self) -> Result<Infallible> {
        let (body, piece) = (body(), Bytes::from(vec![b'a'; PIECE]));
        loop {
            let (stream, _) = self.listener.accept().await.context("cannot accept a connection")?;
            stream.set_nodelay(true)?;
            let (body, piece) = (body.clone(), piece.clone());
            let answer = service_fn(move |request: Request<Incoming>| {
                let answer = answer(match asked_bytes(request.uri()) {
                    None => Repeated::once(body.clone()),
                    Some(bytes) => Repeated {
                        piece: piece.clone(),
                        left: bytes,
                    },
                });
                async move {
                    read(request.into_body()).await?;
                    Ok::<_, hyper::Error>(answer)
                }
            });
            tokio::spawn(async move {
                // A caller that goes away ends its own connection only.
                let _ = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .serve_connection(TokioIo::new(stream), answer)
                    .await;
            });
        }
    }
}

/// Takes all of a request's body, and keeps none of it.
async fn read(mut body: Incoming) -> hyper::Result<()> {
    while let Some(frame) = body.frame().await {
        frame?;
    }
    Ok(())
}

/// What `?bytes=N` says.
fn asked_bytes(uri: &Uri) -> Option<u64> {
    let bytes: u64 = uri.query()?.strip_prefix("bytes=")?.parse().ok()?;
    Some(bytes.min(LONGEST_BODY))
}

/// A body that repeats a piece up to a length.
struct Repeated {
    piece: Bytes,
    left: u64,
}

impl Repeated {
    fn once(piece: Bytes) -> Self {
        let left = piece.len() as u64;
        Self { piece, left }
    }
}

impl Body for Repeated {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut TaskContext<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let length = self.piece.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= length as u64;
        Poll::Ready(Some(Ok(Frame::data(self.piece.slice(..length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

fn answer(body: Repeated) -> Response<Repeated> {
    let mut response = Response::new(body);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A JSON object of exactly `BODY_LENGTH` bytes.
fn body() -> Bytes {
    let frame = r#"{"filler":""}"#.len();
    Bytes::from(format!(r#"{{"filler":"{}"}}"#, "a".repeat(BODY_LENGTH - frame)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_json_of_exactly_one_kibibyte() {
        assert_eq!(body().len(), BODY_LENGTH);
        assert!(serde_json::from_slice::<serde_json::Value>(&body()).unwrap()["filler"].is_string());
    }

    #[tokio::test]
    async fn it_listens_on_loopback_only() {
        assert!(Origin::bind("0.0.0.0:0".parse().unwrap()).await.is_err());
        assert_ne!(
            Origin::bind("127.0.0.1:0".parse().unwrap())
                .await
                .unwrap()
                .address()
                .port(),
            0
        );
    }
}
