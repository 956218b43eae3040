//! TLS: both protocols by ALPN, and a certificate that changes while serving.

use crate::server_support::*;
use edge::server::TlsConfig;
use edge::server::tls::Reloaded;
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

struct Files {
    folder: TempDir,
    paths: TlsConfig,
}

impl Files {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let paths = TlsConfig {
            client_certificates: false,
            certificate: folder.path().join("chain.pem"),
            key: folder.path().join("key.pem"),
        };
        let files = Self { folder, paths };
        files.issue();
        files
    }

    /// Writes a new pair and gives the certificate as PEM.
    fn issue(&self) -> String {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        fs::write(&self.paths.certificate, made.cert.pem()).unwrap();
        fs::write(&self.paths.key, made.signing_key.serialize_pem()).unwrap();
        made.cert.pem()
    }

    fn start(&self) -> edge::server::Running {
        self.start_with(config())
    }

    fn start_with(&self, mut config: edge::server::Config) -> edge::server::Running {
        config.tls = Some(self.paths.clone());
        start(&config, &TestHandle::new())
    }
}

/// Asks over a new connection, trusting `certificate` only.
async fn ask(address: SocketAddr, certificate: &str, http1: bool) -> Result<String, reqwest::Error> {
    let url = format!("https://localhost:{}/peer", address.port());
    client(address, certificate, http1).get(url).send().await?.text().await
}

fn client(address: SocketAddr, certificate: &str, http1: bool) -> reqwest::Client {
    let certificate = reqwest::Certificate::from_pem(certificate.as_bytes()).unwrap();
    let mut builder = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([certificate])
        .resolve("localhost", address);
    if http1 {
        builder = builder.http1_only();
    }
    builder.build().unwrap()
}

#[tokio::test]
async fn connection_under_tls_sleeps_too() {
    let files = Files::new();
    let certificate = files.issue();
    let running = files.start_with(soon_asleep());
    let client = client(running.local_addr(), &certificate, true);
    let url = format!("https://localhost:{}/", running.local_addr().port());
    for _ in 0..3 {
        let answer = client.get(&url).send().await.unwrap().text().await.unwrap();
        assert_eq!(answer, "hello");
        eventually("asleep", || running.stats().totals().asleep == 1).await;
    }
    assert_eq!(running.stats().totals().accepted, 1);
}

#[tokio::test]
async fn protocol_is_agreed_by_alpn() {
    let files = Files::new();
    let certificate = files.issue();
    let running = files.start();
    let address = running.local_addr();
    assert_eq!(
        ask(address, &certificate, false).await.unwrap(),
        "127.0.0.1 tls=true http2=true"
    );
    assert_eq!(
        ask(address, &certificate, true).await.unwrap(),
        "127.0.0.1 tls=true http2=false"
    );
}

#[tokio::test]
async fn new_certificate_is_served_after_reload_and_a_bad_one_never() {
    let files = Files::new();
    let old = files.issue();
    let running = files.start();
    let (address, tls) = (running.local_addr(), running.tls().unwrap());
    assert_eq!(tls.reload().unwrap(), Reloaded::Unchanged);

    let new = files.issue();
    assert!(ask(address, &old, false).await.is_ok(), "not before the reload");
    assert_eq!(tls.reload().unwrap(), Reloaded::Changed);
    assert!(ask(address, &new, false).await.is_ok());
    assert!(ask(address, &old, false).await.is_err());

    fs::write(&files.paths.key, "no key").unwrap();
    assert!(tls.reload().is_err());
    let stranger = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    fs::write(&files.paths.key, stranger.signing_key.serialize_pem()).unwrap();
    let error = tls.reload().unwrap_err();
    assert_eq!(error.to_string(), "the certificate and its key cannot be used together");
    fs::write(&files.paths.certificate, "").unwrap();
    assert!(tls.reload().is_err());
    assert!(ask(address, &new, false).await.is_ok(), "the good one stays");
}

#[tokio::test]
async fn watcher_sees_replaced_files_by_itself() {
    let files = Files::new();
    let running = files.start();
    let watching = tokio::spawn(Arc::clone(&running.tls().unwrap()).watch(Duration::from_millis(20)));
    let new = files.issue();
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while ask(running.local_addr(), &new, true).await.is_err() {
        assert!(
            tokio::time::Instant::now() < deadline,
            "the new certificate is never served"
        );
    }
    watching.abort();
    assert!(files.folder.path().exists());
}

#[tokio::test]
async fn handshake_that_does_not_come_is_given_up() {
    let files = Files::new();
    let mut config = config();
    config.tls = Some(files.paths.clone());
    config.header_read_timeout = Duration::from_millis(200);
    let running = start(&config, &TestHandle::new());
    let mut silent = Raw::connect(running.local_addr()).await;
    let (_, took) = silent.hear_to_the_end().await;
    assert!(took < Duration::from_secs(3), "{took:?}");
    let mut plain = Raw::connect(running.local_addr()).await;
    plain.say("GET / HTTP/1.1\r\nhost: test\r\n\r\n").await;
    assert!(!plain.hear_to_the_end().await.0.contains("HTTP"));
    eventually("counted", || running.stats().totals().handshakes_failed == 1).await;
}
