//! README's section for who builds on the house, command for command.

use crate::leaks::nobody_is_told;
use crate::process::{shell, start_demo};
use crate::readme::blocks;
use serde_json::Value;

/// What the commands of a section print.
fn walk(folder: &tempfile::TempDir, section: &str) -> String {
    let commands = blocks(section).concat();
    shell(&format!("set -e; cd '{}'\n{commands}", folder.path().display()))
}

#[test]
fn a_person_asks_is_called_back_and_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data/demo");
    let mut demo = start_demo(&data);
    demo.wait_for("Scripts: ");
    let said = walk(&folder, "Build a person's journey");
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
        "\"totalRecords\":0",
        "[\"provkommun\"]",
        "true",
    ] {
        let found = lines[at..].iter().position(|line| line.contains(expected));
        at += 1 + found.unwrap_or_else(|| panic!("{expected} is missing after line {at} of\n{said}"));
    }
    let drawing = std::fs::read_to_string(folder.path().join("plan.svg")).unwrap();
    assert!(
        drawing.starts_with("<svg") && drawing.contains("Anmäl barnets namn"),
        "{drawing}"
    );
    let page = std::fs::read_to_string(folder.path().join("insights.html")).unwrap();
    assert!(
        page.contains("Fyra av tio ringer") && page.contains("20 procent färre samtal"),
        "{page}"
    );
    let kept = walk(&folder, "Keep an entry in the directory");
    let expected = [
        "[true,\"Kontaktcenter\"]",
        "[\"Kontaktcenter\",\"+46 42 10 50 00\",\"kommun-1283\"]",
    ];
    assert_eq!(kept.lines().collect::<Vec<_>>(), expected);
    // Shown, sent and received as the same bytes; and then taken back.
    let handed = walk(&folder, "Hand a matter over");
    let expected = [
        "previewed",
        "Beslut om studiemedel",
        "Studiemedlen upphör den 1 december.",
        "",
        "sent",
        "Studieavbrott och försörjning",
        "studiestodsmyndigheten",
        r#"["draft","previewed","sent","retrieved","received"]"#,
        r#"["ACCEPTED","0203:provkommun.example"]"#,
        "withdrawn",
        "It has been withdrawn; its contents have been removed here.",
    ];
    assert_eq!(handed.lines().collect::<Vec<_>>(), expected);
    let file: Value = serde_json::from_slice(&std::fs::read(data.join("demo.json")).unwrap()).unwrap();
    assert_ne!(file["apiKey"], file["agencyKey"]);
    nobody_is_told(
        demo,
        file["operations"].as_str().unwrap(),
        folder.path(),
        &[&said, &handed],
    );
}
