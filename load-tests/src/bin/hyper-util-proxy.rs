//! A plain reverse proxy for comparisons: `hyper-util-proxy LISTEN ORIGIN`, both loopback addresses. One thread, no timeouts, no
//! headers of its own: less than any gateway does.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

fn main() -> Result<()> {
    let addresses: Vec<SocketAddr> = std::env::args()
        .skip(1)
        .map(|text| text.parse())
        .collect::<Result<_, _>>()?;
    let [listen, origin] = addresses.as_slice() else {
        bail!("usage: hyper-util-proxy LISTEN ORIGIN")
    };
    if !(listen.ip().is_loopback() && origin.ip().is_loopback()) {
        bail!("only loopback addresses are taken");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve(*listen, *origin))
}

async fn serve(listen: SocketAddr, origin: SocketAddr) -> Result<()> {
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen on {listen}"))?;
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let authority: Authority = origin.to_string().parse()?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (client, authority) = (client.clone(), authority.clone());
        let forward = service_fn(move |mut request: http::Request<hyper::body::Incoming>| {
            let path = request
                .uri()
                .path_and_query()
                .cloned()
                .unwrap_or(PathAndQuery::from_static("/"));
            let mut parts = http::uri::Parts::default();
            parts.scheme = Some(Scheme::HTTP);
            parts.authority = Some(authority.clone());
            parts.path_and_query = Some(path);
            // Parts with a scheme, an authority and a path are always a URI.
            *request.uri_mut() = Uri::from_parts(parts).unwrap_or_default();
            client.request(request)
        });
        tokio::spawn(async move {
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), forward)
                .await;
        });
    }
}
