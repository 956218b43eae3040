//! The comparison from its command line, with whatever servers this machine has.

use std::process::Command;

#[test]
fn it_measures_the_backend_alone_and_names_who_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("figures.json");
    let output = Command::new(env!("CARGO_BIN_EXE_load-tests"))
        .args([
            "ladder",
            "--rungs",
            "bare",
            "--paces",
            "30,60",
            "--gateway",
            "no-such-program",
            "--rounds",
            "1",
            "--turn",
            "200ms",
            "--connections",
            "4",
        ])
        .arg("--json")
        .arg(&json)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("no gateway") && said.contains("no-such-program is not built"),
        "{said}"
    );

    let figures: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    let reference = &figures["rows"][0];
    assert_eq!(reference["name"], "no gateway");
    assert_eq!(reference["failed"], 0);
    assert!(reference["maxPerSecond"].as_f64().unwrap() > 0.0, "{figures}");
    assert_eq!(reference["paced"].as_array().unwrap().len(), 2);
}
