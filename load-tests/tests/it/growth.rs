//! The growth of costs from its command line. What is measured needs a gateway: continuous integration does that.

use std::process::Command;

fn said(arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_load-tests"))
        .arg("growth")
        .args(arguments)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn axes_and_sizes_that_are_not_there_are_refused_with_those_that_are() {
    for (arguments, expected) in [
        (
            ["--axes", "people"],
            "there is no axis `people`; there are routes, applications",
        ),
        (["--size", "routes=10,5"], "sizes of routes must ascend"),
        (["--size", "routes=99999999"], "sizes of routes are 1 to 50000"),
        (["--size", "routes"], "not of the form routes=10,1000"),
    ] {
        let (succeeded, text) = said(&arguments);
        assert!(!succeeded && text.contains(expected), "{arguments:?}: {text}");
    }
}

#[test]
fn without_a_gateway_it_says_which_one_is_missing() {
    let (succeeded, text) = said(&["--axes", "routes", "--gateway", "no-such-program"]);
    assert!(!succeeded && text.contains("no-such-program is not built"), "{text}");
}
