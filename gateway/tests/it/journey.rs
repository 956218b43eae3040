//! README's section for who builds on the house, command for command.

use crate::process::{shell, start};
use serde_json::Value;
use std::path::Path;

/// The section's commands.
fn commands() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let section = readme.split("\n## Build a person's journey\n").nth(1).unwrap();
    let blocks = section.split("\n## ").next().unwrap().split("```sh\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap()).collect()
}

#[test]
fn a_person_asks_is_called_back_and_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data/demo");
    let mut demo = start(&[
        "demo",
        "--listen",
        "127.0.0.1:0",
        "--ops-listen",
        "127.0.0.1:0",
        "--data-dir",
        data.to_str().unwrap(),
    ]);
    demo.wait_for("Scripts: ");
    let said = shell(&format!("set -e; cd '{}'\n{}", folder.path().display(), commands()));
    let lines: Vec<&str> = said.lines().collect();
    let mut at = 0;
    // In this order, each on a line of its own, and whatever between.
    for expected in [
        "Helsingborg",
        "Polismyndigheten",
        "\"askBack\"",
        "[\"",
        "false",
        "false",
        "true",
        "m-1",
        "booked",
        "070-174 06 05",
        "\"kept\"",
        "false",
        "[\"unmarried\",",
        "\"notAsked\"",
        "[\"aid\",",
        "true",
        "\"totalRecords\":0",
    ] {
        let found = lines[at..].iter().position(|line| line.contains(expected));
        at += 1 + found.unwrap_or_else(|| panic!("{expected} is missing after line {at} of\n{said}"));
    }
    let drawing = std::fs::read_to_string(folder.path().join("plan.svg")).unwrap();
    assert!(
        drawing.starts_with("<svg") && drawing.contains("Anmäl barnets namn"),
        "{drawing}"
    );
    let file: Value = serde_json::from_slice(&std::fs::read(data.join("demo.json")).unwrap()).unwrap();
    assert_ne!(file["apiKey"], file["agencyKey"]);
}
