//! The folder says what the code says, and the check notices when it does not.

use openapi::{COMMAND, Document, Drift, documents, drift, folder, rendered, write};
use serde_json::json;
use std::fs;

#[test]
fn the_checked_in_documents_are_what_the_code_says() {
    let found = drift(&folder(), &documents().unwrap()).unwrap();
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(
        lines.is_empty(),
        "{}\nrun `{COMMAND}` and commit what it writes",
        lines.join("\n")
    );
}

#[test]
fn missing_changed_and_orphaned_files_are_noticed_and_mended() {
    let folder = tempfile::tempdir().unwrap();
    let documents = ["a.json", "b.json", "c.json"].map(|file| Document {
        file,
        value: json!({"x": 1, "file": file}),
    });
    fs::write(folder.path().join("a.json"), rendered(&documents[0].value)).unwrap();
    fs::write(folder.path().join("b.json"), "{\n  \"x\": 2\n}\n").unwrap();
    fs::write(folder.path().join("old.json"), "{}").unwrap();
    fs::write(folder.path().join("Cargo.toml"), "").unwrap();

    let expected = [
        Drift::Differs("b.json".into(), 2),
        Drift::Missing("c.json".into()),
        Drift::Orphan("old.json".into()),
    ];
    assert_eq!(drift(folder.path(), &documents).unwrap(), expected);
    assert_eq!(
        write(folder.path(), &documents).unwrap(),
        ["b.json", "c.json", "old.json"]
    );
    assert_eq!(drift(folder.path(), &documents).unwrap(), []);
    assert!(
        write(folder.path(), &documents).unwrap().is_empty(),
        "a second run touches nothing"
    );
    assert!(folder.path().join("Cargo.toml").exists());
}

#[test]
fn the_program_exits_1_and_names_the_file_and_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let run = |check: bool| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_openapi"));
        command
            .arg("--folder")
            .arg(folder.path())
            .args(check.then_some("--check"));
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, text) = run(true);
    assert_eq!(code, Some(1));
    assert!(
        text.contains("openapi/case-status.json is missing") && text.contains(COMMAND),
        "{text}"
    );
    assert_eq!(run(false).0, Some(0));
    assert_eq!(run(true), (Some(0), String::new()));
}
