//! README's section on being told when a case changes, command for command, as a third-party developer would.

use crate::leaks::nobody_is_told;
use crate::process::{shell, start_demo};
use crate::readme::blocks;
use serde_json::Value;
use std::path::Path;
use test_parts::{free_port, tool};

const VAGVISARE: &str = env!("CARGO_BIN_EXE_vagvisare");

#[test]
fn a_developer_subscribes_causes_a_change_and_verifies_the_webhook() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().to_str().unwrap();
    let data = format!("{at}/data/demo");
    let mut demo = start_demo(Path::new(&data));
    demo.wait_for("Scripts: ");
    let blocks = blocks("Be told when a case changes");
    let [install, walk @ ..] = blocks.as_slice() else {
        panic!("{blocks:?}")
    };
    assert!(install.contains("standardwebhooks"), "{install}");
    // The test tools have the library already.
    std::os::unix::fs::symlink(tool("../python"), folder.path().join("hooks")).unwrap();
    let free = free_port();
    let walk = walk
        .concat()
        .replace("cargo run -q --release --", &format!("'{VAGVISARE}'"))
        .replace("8899", &free.to_string());
    // A reader's shell goes on until it is told otherwise; a test must not.
    let said = shell(&format!(
        "set -ex; cd '{at}'; trap 'kill $RECEIVER 2>/dev/null; kill $GUARD' EXIT; (sleep 100; kill $$) >/dev/null 2>&1 & GUARD=$!\n{walk}"
    ));
    assert!(said.contains("verified se.vagvisare.case."), "{said}");
    assert!(
        said.contains("\"ballHolder\": {") || said.contains("\"ballHolder\": \""),
        "{said}"
    );
    assert!(said.contains("data: {") && said.contains("after 1 came 2"), "{said}");
    assert!(said.contains("[\"delivered\",1]"), "{said}");
    assert!(
        said.contains("token-revoked\n") && said.contains("\n0 webhooks after the withdrawal"),
        "{said}"
    );
    // What changed is told, never whose it is or how.
    let received = std::fs::read_to_string(folder.path().join("received.txt")).unwrap();
    assert!(received.lines().count() >= 2, "{received}");
    let file: Value = serde_json::from_slice(&std::fs::read(format!("{data}/demo.json")).unwrap()).unwrap();
    nobody_is_told(
        demo,
        file["operations"].as_str().unwrap(),
        Path::new(&data),
        &[&said, &received],
    );
}
