//! README's section for agencies, command for command: from an empty folder to the first call under a signed agreement.

use crate::process::{run, shell, start};
use crate::readme::{ROOT, blocks};
use std::io::{Read, Write};
use std::net::TcpListener;

const VAGVISARE: &str = env!("CARGO_BIN_EXE_vagvisare");

/// A backend of the agency's: says the same to everyone.
fn backend() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ =
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\nConnection: close\r\n\r\n{\"terms\": [1]}");
        }
    });
    port
}

#[test]
fn an_agency_comes_from_an_empty_folder_to_the_first_call() {
    let folder = tempfile::tempdir().unwrap();
    let at = |line: &str| {
        let place = folder.path().display();
        shell(&format!(
            "set -e; cd '{place}'; vagvisare() {{ '{VAGVISARE}' \"$@\"; }}\n{line}"
        ))
    };
    let blocks = blocks("Agency");
    let [begin, serve, rest @ ..] = blocks.as_slice() else {
        panic!("{blocks:?}")
    };
    assert_eq!(serve.trim(), "vagvisare serve --config node.toml");
    at(&begin
        .replace("127.0.0.1:8080", "127.0.0.1:0")
        .replace("127.0.0.1:9090", "127.0.0.1:0"));
    let config = folder.path().join("node.toml");
    let mut node = start(&["serve", "--config", config.to_str().unwrap()]);
    let gateway = node.wait_for("ready ");
    let gateway = gateway.split(',').next().unwrap();

    let walk = rest
        .concat()
        .replace("http://127.0.0.1:8080", gateway)
        .replace("http://127.0.0.1:9000", &format!("http://127.0.0.1:{}", backend()))
        .replace(
            "openapi/contact-routing.json",
            &format!("{ROOT}/openapi/contact-routing.json"),
        );
    let said = at(&walk);
    assert!(said.contains("\"errorCount\": 0"), "{said}");
    assert!(said.contains("proposed\nactive\n"), "{said}");
    assert!(
        said.contains("HTTP/1.1 200") && said.contains("{\"terms\": [1]}"),
        "{said}"
    );
    assert!(said.contains("ok: "), "{said}");
    assert!(said.contains("preference-applied: code=200"), "{said}");
    assert!(said.contains("1 changes would be made"), "{said}");
    let preview = std::fs::read_to_string(folder.path().join("preview.html")).unwrap();
    assert!(preview.contains("<h1>Vägledning</h1>"), "{preview}");
    assert!(
        said.contains("~ apis guide-v1") && said.contains("is served by all 1 nodes"),
        "{said}"
    );

    // A second operator is not made by accident.
    let again = run(&["init", "--config", config.to_str().unwrap()]);
    assert!(!again.status.success(), "{again:?}");
}
