//! `vagvisare explain`: the demo's registry, asked about calls.

use crate::process::run;
use std::path::Path;

#[test]
fn each_step_of_the_decision_is_told() {
    let registry = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/demo/registry.toml");
    let registry = registry.to_str().unwrap();
    let bank = ["--application", "exempelbanken-app", "--at", "2026-06-01T00:00:00Z"];
    for (arguments, code, expected) in [
        (&["GET", "/nowhere"][..], 1, "404 unknown-api"),
        (&["GET", "/contact-routing/v1/nowhere"], 1, "404 unknown-path"),
        (&["PATCH", "/contact-routing/v1/routes"], 1, "405 method-not-allowed"),
        (&["POST", "/contact-routing/v1/routes"], 1, "401 credential-missing"),
        (&["GET", "/contact-routing/v1/docs"], 0, "gateway answers from memory"),
        (
            &[
                "POST",
                "https://api.example.se/contact-routing/v1/routes?x=1",
                bank[0],
                bank[1],
                bank[2],
                bank[3],
            ],
            0,
            "limit: burst, 20 calls in 10 s for the application",
        ),
        (
            &[
                "POST",
                "/contact-routing/v1/routes",
                bank[0],
                bank[1],
                bank[2],
                "1999-01-01T00:00:00Z",
            ],
            1,
            "has not begun",
        ),
        (&["GET", "/x", "--application", "nobody"], 64, ""),
    ] {
        let output = run(&[&["explain"], arguments, &["--registry", registry]].concat());
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(text.contains(expected), "{expected} is not in:\n{text}");
    }
}
