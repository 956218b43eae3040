//! What a country needs, from its command line: the figures of a ladder go in, and the page in the repository is what comes out.

use std::path::Path;
use std::process::Command;

fn said(arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_load-tests"))
        .arg("scale")
        .args(arguments)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn the_page_shows_what_the_program_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("SCALE.md");
    let page = std::fs::read_to_string(&file).unwrap();
    for (arguments, from) in [
        (&[][..], "demand"),
        (&["--fail", "redis"], "simulated"),
        (&["--fail", "centre"], "simulated"),
    ] {
        let (succeeded, text) = said(arguments);
        assert!(succeeded, "{text}");
        let shown = &text[text.find(from).unwrap()..];
        assert!(
            page.contains(shown.trim_end()),
            "SCALE.md does not show what `load-tests scale {}` says:\n{shown}",
            arguments.join(" ")
        );
    }
}

#[test]
fn the_figures_of_a_ladder_are_computed_with() {
    let folder = tempfile::tempdir().unwrap();
    let ladder = folder.path().join("ladder.json");
    let row =
        |rung, micros| serde_json::json!({ "rung": rung, "name": "Vägvisare", "cpuMicros": [micros, micros, micros] });
    let rows = [row("full", 18.5), row("bare", 10.0), row("tls", 13.0)];
    std::fs::write(&ladder, serde_json::json!({ "rows": rows }).to_string()).unwrap();
    let ladder = ladder.to_str().unwrap();
    let (_, text) = said(&["--ladder", ladder]);
    assert!(text.contains("call 18.5 us + TLS 3.0 us"), "{text}");
    let (_, text) = said(&["--ladder", ladder, "--call-micros", "20"]);
    assert!(text.contains("call 20.0 us + TLS 3.0 us"), "{text}");
    let (succeeded, text) = said(&["--ladder", "no-such-file"]);
    assert!(!succeeded && text.contains("cannot read no-such-file"), "{text}");
}

#[test]
fn a_demand_without_sense_is_refused_with_its_bounds() {
    let (succeeded, text) = said(&["--centres", "1"]);
    assert!(!succeeded && text.contains("data centres: 2 to 16"), "{text}");
}
