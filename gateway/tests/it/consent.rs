//! README's section on asking a person, command for command: a synthetic person logs in, says yes, is read about at every
//! agency, sees it, and takes the permission back.

use crate::leaks::nobody_is_told;
use crate::process::{shell, start_demo};
use crate::readme::blocks;
use serde_json::Value;

const VAGVISARE: &str = env!("CARGO_BIN_EXE_vagvisare");

#[test]
fn a_person_is_read_about_at_every_agency_sees_it_and_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data/demo");
    let mut demo = start_demo(&data);
    demo.wait_for("Scripts: ");
    let file: Value = serde_json::from_slice(&std::fs::read(data.join("demo.json")).unwrap()).unwrap();
    let place = folder.path().display();
    let walk = blocks("Ask a person")[0].replace("cargo run -q --release --", &format!("'{VAGVISARE}'"));
    let said = shell(&format!("set -e; cd '{place}'\n{walk}"));

    // Alva has a case at each agency but the one that is down, whatever each of them knows her by.
    let lines: Vec<&str> = said.lines().collect();
    let cases: Vec<&&str> = lines
        .iter()
        .filter(|line| line.contains(": ") && !line.starts_with(' '))
        .collect();
    assert!(cases.len() >= 5, "{said}");
    for agency in ["studiestodsverket", "pensionsverket", "exempelby"] {
        assert!(
            cases.iter().any(|line| line.starts_with(agency)),
            "{agency} is missing in {said}"
        );
    }
    assert!(said.contains("\"application\": \"exempelbanken-app\""), "{said}");
    assert!(said.contains("\"operation\": \"GET /case-status/v1/cases\""), "{said}");
    assert_eq!(lines.last(), Some(&"token-revoked"), "{said}");

    // What each sees, stores, logs and counts on the way names nobody.
    nobody_is_told(demo, file["operations"].as_str().unwrap(), folder.path(), &[&said]);
}
