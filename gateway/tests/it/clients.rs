//! Clients that nobody here wrote get, refresh, use, inspect and revoke tokens: openid-client (Node) and Authlib (Python).

use crate::people::Browser;
use crate::process::start_demo;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use test_parts::tool;

/// A demo, and a client that is told where it is and sends a person's browser `journeys` times.
fn with_a_demo(mut client: Command, journeys: usize) {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut demo = start_demo(&data);
    let gateway = demo.wait_for("ready ");
    demo.wait_for("Scripts: ");
    let file: Value = serde_json::from_slice(&std::fs::read(data.join("demo.json")).unwrap()).unwrap();
    let text = |path: &str| file.pointer(path).unwrap().as_str().unwrap();
    let mut client = client
        .args([&gateway, text("/application"), text("/clientKey/file")])
        .args([
            "https://api.vagvisare.example/contact-routing/v1",
            text("/personPages/resource"),
        ])
        .arg(text("/personPages/redirectUri"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = client.stdin.take().unwrap();
    let mut lines = BufReader::new(client.stdout.take().unwrap()).lines();
    let mut said = Vec::new();
    for journey in 0..journeys {
        let Some(Ok(address)) = lines.next() else { break };
        let browser = Browser::new(&directory.path().join(format!("jar-{journey}")));
        let back = browser.say_yes(&gateway, &address, "alva");
        writeln!(input, "{back}").unwrap();
        said.push(address);
    }
    said.extend(lines.map_while(Result::ok));
    let output = client.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said:?}\n{errors}");
    assert_eq!(said.last().map(String::as_str), Some("done"), "{said:?}\n{errors}");
}

fn script(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(name)
}

#[test]
fn openid_client_goes_the_whole_way_with_pushed_requests_and_bound_tokens() {
    let mut client = Command::new(tool("node"));
    client
        .arg(script("openid_client.mjs"))
        .arg(tool("../node/node_modules"));
    with_a_demo(client, 1);
}

#[test]
fn authlib_goes_the_whole_way() {
    let mut client = Command::new(tool("../python/bin/python"));
    client.arg(script("authlib_client.py"));
    with_a_demo(client, 2);
}
