//! HTTP/2 over TLS 1.3, through this crate's own proxy, which speaks it.

use std::net::{SocketAddr, TcpListener};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use load_tests::generator::{self, Idle, Pace, Plan, Protocol};
use load_tests::origin::{BODY_LENGTH, Origin};
use load_tests::target::Target;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// The proxy in front of an origin, and who trusts it.
struct Proxy {
    address: SocketAddr,
    trust: Arc<ClientConfig>,
    // Ended when it is dropped.
    _child: Child,
    _folder: tempfile::TempDir,
}

async fn proxy() -> Proxy {
    let origin = Origin::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let behind = origin.address();
    tokio::spawn(origin.serve());
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_hyper-util-proxy"))
        .args([address.to_string(), behind.to_string()])
        .args([&certificate, &key])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    while TcpStream::connect(address).await.is_err() {
        tokio::task::yield_now().await;
    }
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut trust = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    trust.alpn_protocols = vec![b"h2".to_vec()];
    Proxy {
        address,
        trust: Arc::new(trust),
        _child: child,
        _folder: folder,
    }
}

impl Proxy {
    fn plan(&self, path: &str) -> Plan {
        Plan {
            least_body: BODY_LENGTH as u64,
            protocol: Protocol::Http2 {
                tls: Arc::clone(&self.trust),
                streams: 4,
            },
            ..Plan::of(Target::new(self.address, path).unwrap())
        }
    }
}

#[tokio::test]
async fn streams_share_connections_and_every_answer_is_counted() {
    let proxy = proxy().await;
    let plan = Plan {
        pace: Pace::Counted { requests: 25 },
        duration: Duration::from_secs(60),
        connections: 8,
        ..proxy.plan("/anything")
    };
    let run = generator::run(plan).await.unwrap();
    assert_eq!(
        (run.measured.succeeded(), run.measured.failed()),
        (200, 0),
        "{:?}",
        run.measured.failures
    );
    assert_eq!(run.measured.body_bytes, 200 * BODY_LENGTH as u64);
}

#[tokio::test]
async fn a_server_that_nobody_trusts_is_not_called() {
    let (one, other) = (proxy().await, proxy().await);
    let plan = Plan {
        protocol: other.plan("/").protocol,
        ..one.plan("/")
    };
    let problem = format!("{:#}", generator::run(plan).await.unwrap_err());
    assert!(problem.contains("certificate"), "{problem}");
}

#[tokio::test]
async fn connections_that_are_held_have_each_carried_a_request_and_are_open() {
    let proxy = proxy().await;
    let mut idle = Idle::open(proxy.plan("/"), 20).await.unwrap();
    assert_eq!(idle.still_open().await, 20);
}

#[tokio::test]
async fn a_held_connection_whose_request_fails_is_an_error() {
    let proxy = proxy().await;
    // The origin sends what it is asked for, which is less than the plan wants.
    let Err(problem) = Idle::open(proxy.plan("/?bytes=10"), 3).await else {
        panic!("ten bytes are no kibibyte")
    };
    assert!(problem.to_string().starts_with("0 of 3 requests"), "{problem}");
}
