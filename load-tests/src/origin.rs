//! A small backend to put behind a gateway: answers every request with the same 1 KiB of JSON.

use std::convert::Infallible;
use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

/// Length of each answer's body in bytes.
pub const BODY_LENGTH: usize = 1_024;

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
        let body = body();
        loop {
            let (stream, _) = self.listener.accept().await.context("cannot accept a connection")?;
            stream.set_nodelay(true)?;
            let body = body.clone();
            let answer = service_fn(move |_: Request<Incoming>| {
                let answer = answer(body.clone());
                async move { Ok::<_, Infallible>(answer) }
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

fn answer(body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
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
