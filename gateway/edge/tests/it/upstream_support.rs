//! Small origins that do what a test says, and the backends that point at them.

use bytes::Bytes;
use edge::body::RequestBody;
use edge::upstream::{self, Timing, UpstreamBody, UpstreamError};
use http::{Request, Response};
use http_body_util::BodyExt;

use snapshot::{Backend, BackendDraft, Draft, OrganisationDraft, OrganisationKind, Snapshot};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio::time::timeout;

/// Longest wait for anything that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// What most origins answer.
pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// A listener; each connection is handed to the test's own function.
pub(crate) struct Origin {
    pub(crate) address: SocketAddr,
    accepted: Arc<AtomicUsize>,
    accepting: AbortHandle,
}

impl Origin {
    /// `serve` gets each connection and its number, from 0.
    pub(crate) async fn start<F, T>(serve: F) -> Self
    where
        F: Fn(Peer, usize) -> T + Send + 'static,
        T: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let accepted = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&accepted);
        let accepting = tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let number = count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(Peer(socket), number));
            }
        });
        Self {
            address,
            accepted,
            accepting: accepting.abort_handle(),
        }
    }

    /// Answers every request with the same bytes.
    pub(crate) async fn answering(answer: &'static str) -> Self {
        Self::start(move |mut peer, _| async move {
            while peer.request().await.is_some() {
                peer.say(answer).await
            }
        })
        .await
    }

    /// Connections so far.
    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn backend(&self) -> Backend {
        backend(&[&self.url()])
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// The gateway, as an origin sees it.
pub(crate) struct Peer(pub(crate) TcpStream);

impl Peer {
    /// The next request's head; `None` when the gateway has closed.
    pub(crate) async fn request(&mut self) -> Option<String> {
        let mut heard = Vec::new();
        while !heard.ends_with(b"\r\n\r\n") {
            heard.push(self.0.read_u8().await.ok()?);
        }
        Some(String::from_utf8(heard).unwrap())
    }

    pub(crate) async fn say(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// Waits until the gateway closes.
    pub(crate) async fn until_closed(&mut self) {
        while let Ok(1..) = self.0.read(&mut [0; 1024]).await {}
    }
}

/// A backend at these addresses; loopback is allowed.
pub(crate) fn backend(addresses: &[&str]) -> Backend {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let draft = Draft {
        version: 1,
        organisations: vec![OrganisationDraft {
            id: "agency".to_owned(),
            name: "Myndigheten".to_owned(),
            kind: OrganisationKind::StateAgency,
        }],
        backends: vec![BackendDraft {
            id: format!("backend-{}", NEXT.fetch_add(1, Ordering::SeqCst)),
            organisation: "agency".to_owned(),
            addresses: addresses.iter().map(ToString::to_string).collect(),
            connect_timeout: Duration::from_secs(2),
            allow_private_network: true,
            ca_file: None,
            assertion: snapshot::Assertion::None,
            traffic: snapshot::BackendTraffic::default(),
        }],
        ..Draft::default()
    };
    Snapshot::compile(&draft).unwrap().backends()[0].clone()
}

pub(crate) fn get(path: &str) -> Request<RequestBody> {
    Request::get(path).body(RequestBody::empty()).unwrap()
}

pub(crate) async fn send(
    backend: &Backend,
    request: Request<RequestBody>,
) -> Result<Response<UpstreamBody>, UpstreamError> {
    send_timed(backend, request).await.0
}

pub(crate) async fn send_timed(
    backend: &Backend,
    request: Request<RequestBody>,
) -> (Result<Response<UpstreamBody>, UpstreamError>, Timing) {
    let mut timing = Timing::default();
    let sending = upstream::send(backend, request, PATIENCE, &mut timing);
    let result = timeout(PATIENCE, sending).await.expect("an answer or an error in time");
    (result, timing)
}

/// The whole body.
pub(crate) async fn read(response: Response<UpstreamBody>) -> Result<Bytes, edge::BoxError> {
    let (mut body, mut whole) = (response.into_body(), Vec::new());
    while let Some(frame) = timeout(PATIENCE, body.frame()).await.expect("a part in time") {
        whole.extend_from_slice(frame?.data_ref().map_or(&[][..], |data| data));
    }
    Ok(whole.into())
}

/// One call from beginning to end.
pub(crate) async fn call(backend: &Backend) -> (String, Timing) {
    let (result, timing) = send_timed(backend, get("/")).await;
    (
        String::from_utf8(read(result.unwrap()).await.unwrap().to_vec()).unwrap(),
        timing,
    )
}
