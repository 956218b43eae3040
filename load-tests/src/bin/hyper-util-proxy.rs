//! A plain reverse proxy for comparisons: `hyper-util-proxy LISTEN ORIGIN [CERTIFICATE KEY]`, both loopback addresses. With a
//! certificate and its key (PEM files) it speaks HTTP/2 over TLS 1.3, otherwise HTTP/1.1. One thread, no timeouts, no headers of
//! its own: less than any gateway does.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Uri, Version};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (listen, origin, acceptor): (SocketAddr, SocketAddr, _) = match words.as_slice() {
        [listen, origin] => (listen.parse()?, origin.parse()?, None),
        [listen, origin, certificate, key] => (
            listen.parse()?,
            origin.parse()?,
            Some(acceptor(certificate.as_ref(), key.as_ref())?),
        ),
        _ => bail!("usage: hyper-util-proxy LISTEN ORIGIN [CERTIFICATE KEY]"),
    };
    if !(listen.ip().is_loopback() && origin.ip().is_loopback()) {
        bail!("only loopback addresses are taken");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve(listen, origin, acceptor))
}

fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let chain = CertificateDer::pem_file_iter(certificate)?.collect::<Result<Vec<_>, _>>()?;
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_file(key)?)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn serve(listen: SocketAddr, origin: SocketAddr, acceptor: Option<TlsAcceptor>) -> Result<()> {
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
        tokio::spawn(connection(stream, client.clone(), authority.clone(), acceptor.clone()));
    }
}

/// One caller's connection; what breaks it ends it and nothing else.
async fn connection(
    stream: TcpStream,
    client: Client<HttpConnector, hyper::body::Incoming>,
    authority: Authority,
    acceptor: Option<TlsAcceptor>,
) {
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
        *request.version_mut() = Version::HTTP_11;
        client.request(request)
    });
    match acceptor {
        None => {
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), forward)
                .await;
        }
        Some(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                let _ = http2::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), forward)
                    .await;
            }
        }
    }
}
