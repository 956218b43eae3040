//! What cannot start says why in one line and ends with a code that is not 0.

use crate::process::run;
use std::net::TcpListener;

fn one_line(arguments: &[&str], expected: &str) {
    let output = run(arguments);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{arguments:?} succeeded");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains(expected), "{text}");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_taken_port_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    one_line(
        &[
            "demo",
            "--listen",
            &address,
            "--ops-listen",
            "127.0.0.1:0",
            "--data-dir",
            data,
        ],
        &address,
    );
    one_line(
        &[
            "demo",
            "--listen",
            "127.0.0.1:0",
            "--ops-listen",
            &address,
            "--data-dir",
            data,
        ],
        &address,
    );
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let inside = file.path().join("data");
    one_line(
        &[
            "demo",
            "--listen",
            "127.0.0.1:0",
            "--ops-listen",
            "127.0.0.1:0",
            "--data-dir",
            inside.to_str().unwrap(),
        ],
        "cannot be written",
    );
}

#[test]
fn a_directory_that_another_demo_runs_in_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = [
        "demo",
        "--listen",
        "127.0.0.1:0",
        "--ops-listen",
        "127.0.0.1:0",
        "--data-dir",
        directory.path().to_str().unwrap(),
    ];
    let mut first = crate::process::start(&arguments);
    first.wait_for("ready ");
    one_line(&arguments, "in use");
}

#[test]
fn a_bad_flag_is_named() {
    one_line(&["demo", "--port", "1"], "--port");
    one_line(&["demo", "--listen", "nowhere"], "nowhere");
    one_line(&["demo", "--listen", "8080"], "such as 127.0.0.1:8080");
    one_line(&["fly"], "fly");
}

/// Codes and ids are random text of the base64url alphabet, in which `-` stands for 62.
#[test]
fn a_code_or_an_id_may_begin_with_a_hyphen() {
    let token = [
        "token",
        "--application",
        "a",
        "--key",
        "nowhere.pem",
        "--resource",
        "https://a.example",
        "--code",
        "-SrWCyS",
        "--redirect-uri",
        "https://b.example",
        "--code-verifier",
        "-dBjft",
    ];
    one_line(&token, "nowhere.pem cannot be read");
    one_line(
        &["revoke", "--config", "nowhere.toml", "token", "-SrWCyS"],
        "nowhere.toml",
    );
}

#[test]
fn help_reads_well() {
    let output = run(&["--help"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    for command in ["demo", "serve", "check", "key", "trace"] {
        assert!(
            text.lines().any(|line| line.trim_start().starts_with(command)),
            "{text}"
        );
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
}
