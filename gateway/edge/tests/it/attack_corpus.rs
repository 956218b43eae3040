//! Framing and path attacks, each against an origin that writes down every byte: what reaches it has one reading, or nothing does.
//!
//! Every case asks for `/test/v1/any/a` in some crooked way, and most carry a second request for `.../smuggled` where only a
//! wrong reading finds it. A case in `REFUSED` must be answered with an error and reach nobody. One in `HARMLESS` may pass,
//! but then as one request in plain form. In both, `smuggled` never arrives as a request.

use crate::support::{Gateway, gateway};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const SMUGGLED: &str = "GET /test/v1/any/smuggled HTTP/1.1\r\nHost: h\r\n\r\n";

/// What an origin has read, as its own strict reading of the bytes tells requests apart.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<String>>>);

impl Recorder {
    async fn start(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let recorder = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(recorder.clone().serve(stream));
            }
        });
        address
    }

    async fn serve(self, mut stream: TcpStream) {
        let mut seen = Vec::new();
        while let Some(end) = fill_to(&mut stream, &mut seen, b"\r\n\r\n").await {
            let head = String::from_utf8_lossy(&seen[..end]).into_owned();
            seen.drain(..end);
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(head.clone());
            if read_body(&mut stream, &mut seen, &head).await.is_none() {
                return;
            }
            if stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                .await
                .is_err()
            {
                return;
            }
        }
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn fill_to(stream: &mut TcpStream, seen: &mut Vec<u8>, mark: &[u8]) -> Option<usize> {
    loop {
        if let Some(at) = seen.windows(mark.len()).position(|window| window == mark) {
            return Some(at + mark.len());
        }
        let mut part = [0; 4096];
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => seen.extend_from_slice(&part[..read]),
        }
    }
}

async fn read_body(stream: &mut TcpStream, seen: &mut Vec<u8>, head: &str) -> Option<()> {
    let lower = head.to_ascii_lowercase();
    if lower.contains("\r\ntransfer-encoding: chunked\r\n") {
        loop {
            let end = fill_to(stream, seen, b"\r\n").await?;
            let size = usize::from_str_radix(std::str::from_utf8(&seen[..end - 2]).ok()?, 16).ok()?;
            seen.drain(..end);
            while seen.len() < size + 2 {
                let mut part = [0; 4096];
                let read = stream.read(&mut part).await.ok().filter(|read| *read > 0)?;
                seen.extend_from_slice(&part[..read]);
            }
            seen.drain(..size + 2);
            if size == 0 {
                return Some(());
            }
        }
    }
    let length = lower
        .split("\r\ncontent-length: ")
        .nth(1)
        .map_or("0", |rest| rest.split("\r\n").next().unwrap_or("0"));
    let length: usize = length.parse().ok()?;
    while seen.len() < length {
        let mut part = [0; 4096];
        let read = stream.read(&mut part).await.ok().filter(|read| *read > 0)?;
        seen.extend_from_slice(&part[..read]);
    }
    seen.drain(..length);
    Some(())
}

fn get(headers: &str) -> String {
    format!("GET /test/v1/any/a HTTP/1.1\r\nHost: h\r\n{headers}\r\n\r\n{SMUGGLED}")
}

pub(crate) fn post(headers: &str, body: &str) -> String {
    format!("POST /test/v1/any/a HTTP/1.1\r\nHost: h\r\n{headers}\r\n\r\n{body}")
}

fn refused() -> Vec<String> {
    let mut cases = Vec::new();
    let smuggling = format!("0\r\n\r\n{SMUGGLED}");
    // One transfer coding, written so that some programs see `chunked` and others do not.
    for coding in [
        "identity",
        "gzip",
        "deflate",
        "compress",
        "br",
        "xchunked",
        "chunkedx",
        "chunked,",
        ",chunked",
        "chunked, chunked",
        "chunked,chunked",
        "identity, chunked",
        "gzip, chunked",
        "chunked, identity",
        "chunked, gzip",
        "chunked;q=1",
        "chunked; a=b",
        "\"chunked\"",
        "'chunked'",
        "chunked\0",
        "\x0bchunked",
        "\x0cchunked",
        "chunked\x0b",
        "chun ked",
        "chunk",
        "Chunked, identity",
        "x, y",
        "",
        "chunked\u{a0}",
        "\u{17f}chunked",
        "cow",
        "chunked, cow",
        "cow, chunked",
        "identity\r\nTransfer-Encoding: chunked",
        "chunked\r\nTransfer-Encoding: identity",
        "chunked\r\nTransfer-Encoding: chunked",
        "chunked\r\nTransfer-Encoding: cow",
        "chunked\r\n , identity",
        "\r\n chunked",
    ] {
        cases.push(post(&format!("Transfer-Encoding: {coding}"), &smuggling));
    }
    for name in [
        "Transfer-Encoding ",
        "Transfer-Encoding\t",
        " Transfer-Encoding",
        "\tTransfer-Encoding",
        "Transfer Encoding",
        "Transfer-Encoding\0",
        "Transfer-Encoding\x0b",
        "\x0bTransfer-Encoding",
        "X: y\rTransfer-Encoding",
        "Transfer\u{2d}Encoding\u{e9}",
    ] {
        cases.push(post(&format!("{name}: chunked\r\nContent-Length: 5"), &smuggling));
    }
    for length in [
        "",
        "+5",
        "-5",
        "-1",
        "0x5",
        "5 5",
        "5,5",
        "5, 5",
        "5, 6",
        "5;",
        "5.0",
        "5e0",
        " ",
        "a",
        "5a",
        "\"5\"",
        "５",
        "99999999999999999999999",
        "18446744073709551616",
        "5\0",
        "5\x0b",
        "0 5",
        "5\r\nContent-Length: 6",
        "5\r\nContent-Length: 5",
        "0\r\nContent-Length: 44",
        "5\r\ncontent-length: +5",
        "5\r\n 5",
        "\r\n 5",
        "5\u{a0}",
        "1_0",
        "٥",
    ] {
        cases.push(post(&format!("Content-Length: {length}"), &format!("hello{SMUGGLED}")));
    }
    for name in [
        "Content-Length ",
        "Content-Length\t",
        " Content-Length",
        "Content Length",
        "Content-Length\0",
        "Content-Length\x0b",
    ] {
        cases.push(post(&format!("{name}: 5"), &format!("hello{SMUGGLED}")));
    }
    for both in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Content-Length: 0\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 0",
        "CONTENT-LENGTH: 5\r\ntransfer-encoding: chunked",
        "Content-Length: 5\r\nX: y\r\nTransfer-Encoding: chunked",
        "Content-Length: 5\r\nTransfer-Encoding: Chunked",
        "Content-Length: 5\r\nContent-Length: 5\r\nTransfer-Encoding: chunked",
    ] {
        cases.push(post(both, &smuggling));
    }
    // Lines that one program ends where another goes on.
    for line in [
        "X: a\r\n folded",
        "X: a\r\n\tfolded",
        "X: a\n folded",
        "X : a",
        "X\t: a",
        ": a",
        "X",
        "X\r\nY: b",
        "X: a\rY: b",
        "X: a\0b",
        "X: \x01",
        "X: \x7f",
        "X\x7f: a",
        "(X): a",
        "X[: a",
        "X y: a",
        "X: a\nTransfer-Encoding: chunked",
        "\u{e5}: a",
        "X: a\r\r",
        "X: a\x0bb",
        "X: a\x08b",
    ] {
        cases.push(get(line));
    }
    for hosts in [
        "X: none",
        "Host: a\r\nHost: b",
        "Host: a\r\nHost: a",
        "Host: a, b",
        "Host: user@h",
        "Host: h/x",
        "Host: h?x",
        "Host: h#x",
        "Host: h\\x",
        "Host: h x",
        "Host: h\0",
        "Host: h%00",
        "Host: h;x",
        "Host: \u{e5}",
        "Host : h",
        " Host: h",
        "Host: h\r\n Host: i",
    ] {
        cases.push(format!("GET /test/v1/any/a HTTP/1.1\r\n{hosts}\r\n\r\n{SMUGGLED}"));
    }
    for line in [
        "GET /test/v1/any/a HTTP/1.1 x",
        "GET  /test/v1/any/a HTTP/1.1",
        "GET /test/v1/any/a  HTTP/1.1",
        "GET\t/test/v1/any/a HTTP/1.1",
        "GET /test/v1/any/a\tHTTP/1.1",
        " GET /test/v1/any/a HTTP/1.1",
        "GET /test/v1/any/a HTTP/1.2",
        "GET /test/v1/any/a HTTP/2.0",
        "GET /test/v1/any/a HTTP/3.0",
        "GET /test/v1/any/a HTTP/0.9",
        "GET /test/v1/any/a HTTP/1.10",
        "GET /test/v1/any/a http/1.1",
        "GET /test/v1/any/a HTTPS/1.1",
        "GET /test/v1/any/a HTTP/1,1",
        "GET /test/v1/any/a",
        "G(T /test/v1/any/a HTTP/1.1",
        "GET\0 /test/v1/any/a HTTP/1.1",
        "CONNECT h:80 HTTP/1.1",
        "TRACE /test/v1/any/a HTTP/1.1",
        "GET test/v1/any/a HTTP/1.1",
        "GET http://other/test/v1/any/a HTTP/1.1",
        "GET http://h@other/test/v1/any/a HTTP/1.1",
        "GET ftp://h/test/v1/any/a HTTP/1.1",
        "GET file:///test/v1/any/a HTTP/1.1",
        "GET //h/test/v1/any/a HTTP/1.1",
        "GET * HTTP/1.1",
        "GET h:80 HTTP/1.1",
        "GET http:///test/v1/any/a HTTP/1.1",
        "GET http://h:80:80/test/v1/any/a HTTP/1.1",
    ] {
        cases.push(format!("{line}\r\nHost: h\r\n\r\n{SMUGGLED}"));
    }
    for path in [
        "/../any/a",
        "/any/../a",
        "/any/./a",
        "/any/..",
        "/any/.",
        "/any//a",
        "//any/a",
        "/any/a//",
        "/any/a/../../smuggled",
        "/any/%2e%2e/a",
        "/any/%2E%2E/a",
        "/any/.%2e/a",
        "/any/%2e./a",
        "/any/%2e/a",
        "/any/a%2fb",
        "/any/a%2Fb",
        "/any/a%5cb",
        "/any/a%5Cb",
        "/any/a\\b",
        "/any\\a",
        "/any/..%2fa",
        "/any/..%5ca",
        "/any/..;/a",
        "/any/;/a",
        "/any/a;b",
        "/any/a;b=c/d",
        "/any/a%3bb",
        "/any/%00",
        "/any/a%00.json",
        "/any/a%0ab",
        "/any/a%0db",
        "/any/a%0d%0ab",
        "/any/a%09b",
        "/any/a%7f",
        "/any/%252e%252e/a",
        "/any/%252f",
        "/any/%25",
        "/any/%c0%ae%c0%ae/a",
        "/any/%c0%af",
        "/any/%e0%80%ae",
        "/any/%f0%80%80%ae",
        "/any/%c1%9c",
        "/any/%u002e%u002e/a",
        "/any/%",
        "/any/%2",
        "/any/%zz",
        "/any/%2g",
        "/any/%61",
        "/any/%41",
        "/any/%7e",
        "/any/%2d",
        "/any/\u{e5}",
        "/any/\u{ff0e}\u{ff0e}/a",
        "/any/\u{2024}\u{2024}/a",
        "/any/a b",
        "/any/a\"b",
        "/any/<a>",
        "/any/a|b",
        "/any/a^b",
        "/any/a`b",
        "/any/{a}",
        "/any/a#b",
        "/any/%ff",
        "/any/%fe%fe",
        "/any/%ed%a0%80",
        "/any/a%80",
        "/any/%2e%2e%2fa",
        "/any/...%2f",
        "%2fany/a",
        "/any%2fa",
        "/%61ny/a",
        "/any/a?b c",
        "/any/a?\u{e5}",
    ] {
        cases.push(format!("GET /test/v1{path} HTTP/1.1\r\nHost: h\r\n\r\n{SMUGGLED}"));
    }
    cases
}

/// Sends each case by itself, and then a good request. Gives the heads that the origin noted only after their caller had been
/// answered.
pub(crate) async fn against(cases: &[String], judge: impl Fn(&str, &str, &[String])) -> Vec<String> {
    let recorder = Recorder::default();
    let gateway: Gateway = gateway(recorder.start().await).start();
    for case in cases {
        let answer = gateway.raw(case.as_bytes()).await;
        judge(case, &answer, &recorder.take());
    }
    // The next caller is unharmed.
    assert_eq!(gateway.get("/test/v1/any/after", &[]).await.status(), 200);
    let (own, late): (Vec<_>, Vec<_>) = recorder
        .take()
        .into_iter()
        .partition(|head| head.starts_with("GET /test/v1/any/after "));
    assert_eq!(own.len(), 1, "{own:?} {late:?}");
    late
}

#[tokio::test]
async fn what_has_two_readings_reaches_nobody() {
    let cases = refused();
    assert!(cases.len() >= 150, "{}", cases.len());
    let mut wrong = Vec::new();
    let judged = std::cell::RefCell::new(&mut wrong);
    let late = against(&cases, |case, answer, seen| {
        let status = answer.get(9..12).unwrap_or_default();
        let is_refusal = matches!(status, "400" | "405" | "501" | "505") || answer.is_empty();
        if !is_refusal || !seen.is_empty() {
            judged
                .borrow_mut()
                .push(format!("{case:?}\n  was answered {answer:?}\n  reached {seen:?}"));
        }
    })
    .await;
    println!("{} cases", cases.len());
    assert!(late.is_empty(), "{late:?}");
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}
