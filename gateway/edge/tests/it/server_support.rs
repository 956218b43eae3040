//! A server with a small handler, and bare sockets to talk to it.

use bytes::Bytes;
use edge::BoxError;
use edge::server::{self, Answer, Config, Handle, Peer, Running};
use http::{Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::BodyExt;
use http_body_util::channel::Channel;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

/// Longest wait for anything that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) type TestBody = Channel<Bytes, BoxError>;

/// Answers by path; `/gated` waits for `gate`, and tells `entered` first.
#[derive(Clone)]
pub(crate) struct TestHandle {
    pub(crate) gate: Arc<Semaphore>,
    pub(crate) entered: Arc<Semaphore>,
}

impl TestHandle {
    pub(crate) fn new() -> Self {
        Self {
            gate: Arc::new(Semaphore::new(0)),
            entered: Arc::new(Semaphore::new(0)),
        }
    }

    /// Waits until `count` requests have come to `/gated`.
    pub(crate) async fn until_entered(&self, count: u32) {
        timeout(PATIENCE, self.entered.acquire_many(count))
            .await
            .unwrap()
            .unwrap()
            .forget();
    }
}

impl Handle for TestHandle {
    type Body = TestBody;

    fn handle(&self, request: Request<Incoming>, peer: Peer) -> Answer<TestBody> {
        let handle = self.clone();
        Box::pin(async move { Ok(answer(handle, request, peer).await) })
    }
}

async fn answer(handle: TestHandle, request: Request<Incoming>, peer: Peer) -> Response<TestBody> {
    match request.uri().path() {
        "/peer" => text(format!("{} tls={} http2={}", peer.address.ip(), peer.tls, peer.http2)),
        "/gated" => {
            handle.entered.add_permits(1);
            handle.gate.acquire().await.unwrap().forget();
            text("done".to_owned())
        }
        "/panic" => panic!("on purpose"),
        "/length" => {
            let (mut body, mut length) = (request.into_body(), 0);
            while let Some(frame) = body.frame().await {
                length += frame.unwrap().data_ref().map_or(0, Bytes::len);
            }
            text(length.to_string())
        }
        "/endless" => endless(),
        "/upgrade" => echo_upgraded(request),
        _ => text("hello".to_owned()),
    }
}

fn text(text: String) -> Response<TestBody> {
    let (mut sender, body) = Channel::new(1);
    sender.try_send(Frame::data(Bytes::from(text))).unwrap();
    Response::new(body)
}

fn endless() -> Response<TestBody> {
    let (mut sender, body) = Channel::new(1);
    tokio::spawn(async move { while sender.send_data(Bytes::from_static(&[b'x'; 16 * 1024])).await.is_ok() {} });
    Response::new(body)
}

fn echo_upgraded(mut request: Request<Incoming>) -> Response<TestBody> {
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let mut io = TokioIo::new(upgrade.await.unwrap());
        let mut buffer = [0; 64];
        while let Ok(count @ 1..) = io.read(&mut buffer).await {
            io.write_all(&buffer[..count]).await.unwrap();
        }
    });
    let mut response = Response::new(Channel::new(1).1);
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    response.headers_mut().insert("connection", "upgrade".parse().unwrap());
    response.headers_mut().insert("upgrade", "echo".parse().unwrap());
    response
}

pub(crate) fn config() -> Config {
    let mut config = Config::new("127.0.0.1:0".parse().unwrap());
    config.workers = 2;
    config
}

/// Whose connections sleep after a tenth of a second.
pub(crate) fn soon_asleep() -> Config {
    let mut config = config();
    config.header_read_timeout = Duration::from_millis(200);
    config
}

pub(crate) fn start(config: &Config, handle: &TestHandle) -> Running {
    let handle = handle.clone();
    server::bind(config).unwrap().serve(move |_| handle.clone()).unwrap()
}

/// A client that speaks in bytes.
pub(crate) struct Raw(pub(crate) TcpStream);

impl Raw {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    pub(crate) async fn say(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// Asks for `path` on a connection that is kept, and gives the whole answer with its last chunk.
    pub(crate) async fn ask(&mut self, path: &str) -> String {
        self.say(&format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n")).await;
        self.hear_until("\r\n0\r\n\r\n").await
    }

    pub(crate) async fn hear_until(&mut self, end: &str) -> String {
        let mut heard = Vec::new();
        while !heard.ends_with(end.as_bytes()) {
            let mut byte = [0];
            let count = timeout(PATIENCE, self.0.read(&mut byte)).await.unwrap().unwrap();
            assert_eq!(count, 1, "closed after {:?}", String::from_utf8_lossy(&heard));
            heard.push(byte[0]);
        }
        String::from_utf8(heard).unwrap()
    }

    /// Everything until the other side closes, and how long that took.
    pub(crate) async fn hear_to_the_end(&mut self) -> (String, Duration) {
        let (mut heard, began) = (Vec::new(), Instant::now());
        // A reset after the last byte ends it as well.
        let _ = timeout(PATIENCE, self.0.read_to_end(&mut heard))
            .await
            .expect("the server closes");
        (String::from_utf8_lossy(&heard).into_owned(), began.elapsed())
    }
}

/// Looks until `condition` holds.
pub(crate) async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
