//! Where a call connects to, and where it must not.

use crate::upstream_support::*;
use edge::upstream::UpstreamError;
use std::fs;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// An address at which nobody listens.
fn vacant() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[tokio::test]
async fn private_address_is_refused_at_connect_whether_literal_or_by_name() {
    let origin = Origin::answering(OK).await;
    for url in [origin.url(), format!("http://localhost:{}", origin.address.port())] {
        let mut guarded = backend(&[&url]);
        guarded.allow_private_network = false;
        let error = send(&guarded, get("/")).await.unwrap_err();
        assert!(
            matches!(error, UpstreamError::Forbidden(address) if address.is_loopback()),
            "{error:?}"
        );
        assert!(error.nothing_was_sent());
    }
    assert_eq!(origin.accepted(), 0);
}

#[tokio::test]
async fn connection_made_while_allowed_is_not_used_once_it_is_forbidden() {
    let origin = Origin::answering(OK).await;
    let mut backend = origin.backend();
    call(&backend).await;
    backend.allow_private_network = false;
    assert!(matches!(
        send(&backend, get("/")).await,
        Err(UpstreamError::Forbidden(_))
    ));
}

#[tokio::test]
async fn name_without_an_address_is_an_error_of_its_own() {
    let error = send(&backend(&["http://nowhere.invalid"]), get("/")).await.unwrap_err();
    assert!(matches!(error, UpstreamError::Resolve(_)), "{error:?}");
    assert!(error.nothing_was_sent());
}

#[tokio::test]
async fn nobody_listening_is_told_at_once() {
    let began = Instant::now();
    let error = send(&backend(&[&vacant()]), get("/")).await.unwrap_err();
    assert!(matches!(error, UpstreamError::Connect(_)), "{error:?}");
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn connection_that_does_not_open_is_given_up_in_time() {
    // A listener whose queue is full answers no more: the kernel drops further attempts.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket
        .bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into())
        .unwrap();
    socket.listen(1).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let mut waiting = Vec::new();
    while let Ok(Ok(stream)) =
        tokio::time::timeout(Duration::from_millis(100), tokio::net::TcpStream::connect(address)).await
    {
        waiting.push(stream);
    }
    let mut slow = backend(&[&format!("http://{address}")]);
    slow.connect_timeout = Duration::from_millis(200);
    let began = Instant::now();
    let error = send(&slow, get("/")).await.unwrap_err();
    assert!(matches!(error, UpstreamError::ConnectTimeout), "{error:?}");
    assert!(error.nothing_was_sent());
    assert!(began.elapsed() >= Duration::from_millis(190) && began.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn addresses_take_turns_and_a_dead_one_is_passed_over() {
    let (one, two) = (Origin::answering(OK).await, Origin::answering(OK).await);
    let both = backend(&[&one.url(), &two.url()]);
    let mut asked = Vec::new();
    for _ in 0..4 {
        asked.push(call(&both).await.1.address.unwrap());
    }
    assert_eq!(asked, [one.address, two.address, one.address, two.address]);
    assert_eq!((one.accepted(), two.accepted()), (1, 1));

    let half = backend(&[&vacant(), &two.url()]);
    for _ in 0..6 {
        assert_eq!(call(&half).await.1.address, Some(two.address));
    }
    assert_eq!(two.accepted(), 2);
}

#[tokio::test]
async fn base_path_and_host_are_those_of_the_address() {
    let (told, mut heard) = mpsc::unbounded_channel();
    let origin = Origin::start(move |mut peer, _| {
        let told = told.clone();
        async move {
            while let Some(head) = peer.request().await {
                told.send(head).unwrap();
                peer.say(OK).await;
            }
        }
    })
    .await;
    let prefixed = backend(&[&format!("{}/inner", origin.url())]);
    let request = http::Request::get("https://gateway.example/case-status/v1/cases?limit=2")
        .version(http::Version::HTTP_2)
        .header("host", "gateway.example")
        .body(edge::body::RequestBody::empty())
        .unwrap();
    read(send(&prefixed, request).await.unwrap()).await.unwrap();
    let head = heard.recv().await.unwrap();
    assert!(
        head.starts_with("GET /inner/case-status/v1/cases?limit=2 HTTP/1.1\r\n"),
        "{head}"
    );
    assert!(head.contains(&format!("host: {}\r\n", origin.address)), "{head}");
    assert_eq!(head.matches("host:").count(), 1);
}

/// A TLS origin and the file with its certificate.
async fn tls_origin(name: &str) -> (Origin, TempDir, Arc<str>) {
    let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("ca.pem");
    fs::write(&file, made.cert.pem()).unwrap();
    let key = rustls_pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let origin = Origin::start(move |peer, _| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(peer.0).await else {
                return;
            };
            let mut seen = Vec::new();
            while let Ok(byte) = tokio::io::AsyncReadExt::read_u8(&mut stream).await {
                seen.push(byte);
                if seen.ends_with(b"\r\n\r\n") {
                    tokio::io::AsyncWriteExt::write_all(&mut stream, OK.as_bytes())
                        .await
                        .unwrap();
                }
            }
        }
    })
    .await;
    let file = file.to_str().unwrap().into();
    (origin, folder, file)
}

#[tokio::test]
async fn certificate_is_checked_against_the_backends_own_roots_and_name() {
    let (origin, _folder, file) = tls_origin("localhost").await;
    let mut trusted = backend(&[&format!("https://localhost:{}", origin.address.port())]);
    trusted.ca_file = Some(file.clone());
    assert_eq!(call(&trusted).await.0, "ok");
    assert!(call(&trusted).await.1.reused);

    let mut by_system = trusted.clone();
    by_system.ca_file = None;
    let error = send(&by_system, get("/")).await.unwrap_err();
    assert!(
        matches!(error, UpstreamError::Tls(_) | UpstreamError::Roots(_)),
        "{error:?}"
    );

    let (other, _folder, file) = tls_origin("somewhere.else").await;
    let mut misnamed = backend(&[&format!("https://localhost:{}", other.address.port())]);
    misnamed.ca_file = Some(file);
    let error = send(&misnamed, get("/")).await.unwrap_err();
    assert!(matches!(error, UpstreamError::Tls(_)), "{error:?}");
    assert!(error.nothing_was_sent());

    misnamed.ca_file = Some("/nowhere/ca.pem".into());
    assert!(matches!(send(&misnamed, get("/")).await, Err(UpstreamError::Roots(_))));
}

#[tokio::test]
async fn plain_text_backend_behind_https_is_no_tls() {
    let origin = Origin::start(|mut peer, _| async move {
        peer.say("HTTP/1.1 400 Bad Request\r\n\r\n").await;
        peer.until_closed().await;
    })
    .await;
    let (_other, _folder, file) = tls_origin("localhost").await;
    let mut backend = backend(&[&format!("https://localhost:{}", origin.address.port())]);
    backend.ca_file = Some(file);
    assert!(matches!(send(&backend, get("/")).await, Err(UpstreamError::Tls(_))));
}
