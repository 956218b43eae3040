//! `vagvisare serve`: a node from files, its keys, its reload, its end.

use crate::process::{Vagvisare, run, shell, start};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;

struct Node {
    process: Vagvisare,
    base: String,
    operations: String,
    registry: PathBuf,
    key: String,
    _directory: tempfile::TempDir,
}

/// A backend on a thread of its own that answers every request, one a connection, with `hello`.
fn backend() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut seen = Vec::new();
                let mut part = [0; 1024];
                while !seen.windows(4).any(|window| window == b"\r\n\r\n") {
                    match stream.read(&mut part) {
                        Ok(0) | Err(_) => return,
                        Ok(read) => seen.extend_from_slice(&part[..read]),
                    }
                }
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
            });
        }
    });
    address
}

fn registry(backend: std::net::SocketAddr, key: &str, title: &str) -> String {
    format!(
        "version = 1\n\
         [[organisations]]\nid = \"agency\"\nname = \"The Agency\"\nkind = \"stateAgency\"\n\
         [[organisations]]\nid = \"bank\"\nname = \"The Bank\"\nkind = \"privateActor\"\n\
         [[backends]]\nid = \"b\"\norganisation = \"agency\"\naddresses = [\"http://{backend}\"]\nallow_private_network = true\n\
         [[apis]]\nname = \"greeting\"\ntitle = \"{title}\"\nversion = \"1.0.0\"\nreleased = 2026-01-01\norganisation = \"agency\"\nstate = \"active\"\n\
         authentication = \"key\"\npersonal_data = false\nbackend = \"b\"\n\
         [[apis.routes]]\nmethod = \"GET\"\npath = \"/words\"\n\
         [[applications]]\nid = \"app\"\nname = \"App\"\norganisation = \"bank\"\n{key}\n\
         [[agreements]]\nid = \"a1\"\nkind = \"anvandarvillkor\"\npurpose = \"tests\"\nproducers = [\"agency\"]\nconsumers = [\"bank\"]\napis = [\"greeting-v1\"]\nvalid_from = 2026-01-01\n"
    )
}

fn node() -> Node {
    let directory = tempfile::tempdir().unwrap();
    let (registry_file, config, pepper) = (
        directory.path().join("registry.toml"),
        directory.path().join("config.toml"),
        directory.path().join("pepper"),
    );
    let made = run(&[
        "key",
        "new",
        "--application",
        "app",
        "--environment",
        "test",
        "--pepper",
        pepper.to_str().unwrap(),
    ]);
    let text = String::from_utf8(made.stdout).unwrap();
    let key = text
        .lines()
        .map(str::trim)
        .find(|line| line.starts_with("vv_test_"))
        .unwrap()
        .to_owned();
    let lines = text.split("under the application:").nth(1).unwrap().to_owned();
    std::fs::write(&registry_file, registry(backend(), &lines, "Greeting")).unwrap();
    std::fs::write(
        &config,
        "[listen]\naddress = \"127.0.0.1:0\"\n[operations]\nlisten = \"127.0.0.1:0\"\n[registry]\ndocument = \"registry.toml\"\n\
         [identity]\npepper_file = \"pepper\"\n[network]\nallow_private_backends = true\n[telemetry]\naccess_log = \"off\"\n",
    )
    .unwrap();
    let mut process = start(&["serve", "--config", config.to_str().unwrap()]);
    let ready = process.wait_for("ready ");
    let (base, operations) = ready.split_once(", operations ").unwrap();
    Node {
        process,
        base: base.to_owned(),
        operations: operations.to_owned(),
        registry: registry_file,
        key,
        _directory: directory,
    }
}

#[test]
fn a_key_made_on_the_command_line_opens_the_api() {
    let node = node();
    let call = |key: &str| {
        shell(&format!(
            "curl -s -w ' %{{http_code}}' -H 'X-Api-Key: {key}' {}/greeting/v1/words",
            node.base
        ))
    };
    assert_eq!(call(&node.key), "hello 200");
    let mut wrong = node.key.clone();
    wrong.replace_range(wrong.len() - 1.., if wrong.ends_with('a') { "b" } else { "a" });
    assert!(call(&wrong).ends_with(" 401"));
    let status = shell(&format!("curl -s {}/status", node.operations));
    assert!(status.contains("greeting-v1"), "{status}");
    assert_eq!(shell(&format!("curl -s {}/health/ready", node.operations)), "ready\n");
}

#[test]
fn a_reload_takes_over_or_is_refused_whole() {
    let mut node = node();
    let title = |node: &Node| shell(&format!("curl -s {}/greeting/v1/api-info", node.base));
    assert!(title(&node).contains("Greeting"));
    let good = std::fs::read_to_string(&node.registry).unwrap();
    std::fs::write(
        &node.registry,
        good.replace("\"Greeting\"", "\"Salutation\"")
            .replace("version = 1\n", "version = 2\n"),
    )
    .unwrap();
    node.process.signal("HUP");
    node.process.wait_for("reloaded: registry version 2");
    assert!(title(&node).contains("Salutation"));
    std::fs::write(
        &node.registry,
        good.replace("organisation = \"agency\"", "organisation = \"nobody\""),
    )
    .unwrap();
    node.process.signal("HUP");
    node.process.wait_for("not reloaded:");
    // What is there between somebody's opening the file and writing it.
    std::fs::write(&node.registry, "").unwrap();
    node.process.signal("HUP");
    node.process.wait_for("not reloaded:");
    assert!(title(&node).contains("Salutation"));
    assert_eq!(
        shell(&format!(
            "curl -s -H 'X-Api-Key: {}' {}/greeting/v1/words",
            node.key, node.base
        )),
        "hello"
    );
}

#[test]
fn terminate_lets_a_request_in_flight_finish() {
    let node = node();
    let address = node.base.strip_prefix("http://").unwrap();
    // A request whose head is here and whose answer is not read yet.
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET /greeting/v1/words HTTP/1.1\r\nHost: h\r\nX-Api-Key: {}\r\n\r\n",
        node.key
    )
    .unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).unwrap();
    node.process.signal("TERM");
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert!(first == *b"HTTP/1.1 200" && rest.ends_with("hello"), "{rest}");
    let (status, printed) = node.process.ended();
    assert_eq!(status.code(), Some(0), "{printed}");
}

#[test]
fn a_bad_configuration_binds_nothing_and_names_every_problem() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("config.toml");
    std::fs::write(&config, "[listen]\naddress = \"here\"\nport = 1\n[listen.tls]\ncertificate = \"no.pem\"\nkey = \"no.key\"\n[registry]\ndocument = \"none.toml\"\n").unwrap();
    let output = run(&["serve", "--config", config.to_str().unwrap()]);
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    for expected in [
        "config.toml:2:",
        "listen.address",
        "listen.port",
        "no.pem",
        "no.key",
        "none.toml",
    ] {
        assert!(text.contains(expected), "{expected} is missing in\n{text}");
    }
}
