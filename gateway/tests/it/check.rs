//! `vagvisare check`: everything that is wrong, at once, with its place.

use crate::process::run;
use std::path::Path;

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[test]
fn every_file_in_config_is_good() {
    let output = run(&[
        "check",
        repository().join("config/demo/registry.toml").to_str().unwrap(),
    ]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let output = run(&["check", repository().join("config/development.toml").to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn all_problems_of_a_registry_come_with_line_and_key_path() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("registry.toml");
    std::fs::write(&file, "version = 1\nsurprise = true\n\n[[organisations]]\nid = \"a\"\nname = 7\nkind = \"guild\"\n\n[[backends]]\nid = \"b\"\norganisation = \"nobody\"\naddresses = [\"ftp://x\"]\n").unwrap();
    let output = run(&["check", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(64));
    let text = String::from_utf8(output.stderr).unwrap();
    for expected in [
        "registry.toml:2:",
        "surprise",
        "registry.toml:6:",
        "organisations[0].name",
        "registry.toml:7:",
        "organisations[0].kind",
    ] {
        assert!(text.contains(expected), "{expected} is missing in\n{text}");
    }
}

#[test]
fn a_missing_file_is_one_line() {
    let output = run(&["check", "no/such/file.toml"]);
    assert_eq!(output.status.code(), Some(64));
    assert_eq!(String::from_utf8(output.stderr).unwrap().lines().count(), 1);
}
