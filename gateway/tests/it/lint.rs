//! `vagvisare lint`: findings, changes, and what the exit code says.

use crate::process::run;
use std::path::{Path, PathBuf};

/// A published document, which breaks no rule.
fn published() -> serde_json::Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/case-status.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn write(folder: &Path, name: &str, document: &serde_json::Value) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, document.to_string()).unwrap();
    path
}

#[test]
fn a_document_is_held_to_the_profile_and_to_its_former_version() {
    let folder = tempfile::tempdir().unwrap();
    let old = write(folder.path(), "old.json", &published());
    let lint = |arguments: &[&str]| {
        let output = run(&[&["lint"], arguments].concat());
        (
            output.status.code().unwrap(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
        )
    };
    let old = old.to_str().unwrap();
    let (code, text) = lint(&[old, "--against", old]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains(" 0 errors") && text.contains("0 changes"), "{text}");

    let mut document = published();
    document["paths"].as_object_mut().unwrap().remove("/api-info");
    let new = write(folder.path(), "new.json", &document);
    let (code, text) = lint(&[new.to_str().unwrap(), "--against", old]);
    assert_eq!(code, 1, "{text}");
    for part in [
        "error VER.06 /paths",
        "breaking path-removed /paths/~1api-info (older document)",
        "error /info/version",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    let (code, text) = lint(&[new.to_str().unwrap(), "--against", old, "--json"]);
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut rules = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| &finding["rule"]);
    assert!(code == 1 && rules.any(|rule| rule == "VER.06"), "{text}");
    assert_eq!(report["comparison"]["step"], "major");
    assert_eq!(lint(&["/nowhere.yaml"]).0, 64);
}
