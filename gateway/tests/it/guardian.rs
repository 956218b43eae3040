//! A guardian acts for her child, and a representative for his company: from the consent page to the cases, and what each sees.

use crate::leaks::nobody_is_told;
use crate::people::Browser;
use crate::process::{shell, start_demo};
use serde_json::Value;
use std::path::Path;

const VAGVISARE: &str = env!("CARGO_BIN_EXE_vagvisare");
/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

struct Place {
    gateway: String,
    file: Value,
}

impl Place {
    fn text(&self, path: &str) -> &str {
        self.file.pointer(path).unwrap().as_str().unwrap()
    }

    fn ask(&self) -> String {
        let query = [
            ("response_type", "code"),
            ("client_id", "exempelbanken-app"),
            ("code_challenge_method", "S256"),
            ("code_challenge", CHALLENGE),
            ("state", "s1"),
            ("scope", "cases.read"),
            ("redirect_uri", self.text("/personPages/redirectUri")),
            ("resource", self.text("/personPages/resource")),
        ];
        let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{}?{}", self.text("/personPages/authorize"), query.join("&"))
    }

    /// The application gives the code for a token.
    fn token(&self, answer: &str) -> String {
        let (_, rest) = answer.split_once("?code=").unwrap_or_else(|| panic!("{answer}"));
        let code = rest.split('&').next().unwrap();
        let line = format!(
            "'{VAGVISARE}' token --application exempelbanken-app --key '{}' --gateway {} --resource {} --code {code} \
             --redirect-uri {} --code-verifier {VERIFIER}",
            self.text("/clientKey/file"),
            self.gateway,
            self.text("/personPages/resource"),
            self.text("/personPages/redirectUri"),
        );
        shell(&line).trim().to_owned()
    }

    /// Whose cases the token reads.
    fn organisations(&self, token: &str) -> Vec<String> {
        let answer = shell(&format!(
            "curl -sf -H 'Authorization: Bearer {token}' {}/case-status/v1/cases",
            self.gateway
        ));
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let cases = answer["cases"].as_array().unwrap().iter();
        let mut all: Vec<_> = cases
            .map(|case| case["source"]["organisationId"].as_str().unwrap().to_owned())
            .collect();
        all.dedup();
        all
    }
}

/// What a token says.
fn claims(token: &str) -> Value {
    let line = format!("printf %s '{token}' | cut -d. -f2 | tr -- '-_' '+/' | base64 -d 2>/dev/null || true");
    serde_json::from_str(&shell(&line)).unwrap()
}

#[test]
fn who_may_act_for_another_chooses_whom_it_is_about_and_both_see_who_read() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut demo = start_demo(&data);
    let gateway = demo.wait_for("ready ");
    demo.wait_for("Scripts: ");
    let file: Value = serde_json::from_slice(&std::fs::read(data.join("demo.json")).unwrap()).unwrap();
    let place = Place { gateway, file };
    let browser = |name: &str| Browser::new(&directory.path().join(name));
    let (alva, gry, bo, kerstin) = (browser("alva"), browser("gry"), browser("bo"), browser("kerstin"));

    // Alva for herself, and for Gry, her child: two people to the application, one of whom acts.
    let own = claims(&place.token(&alva.says_yes_for(&place.gateway, &place.ask(), "alva", None)));
    let token = place.token(&alva.says_yes_for(&place.gateway, &place.ask(), "alva", Some("Gry Exempel")));
    let said = claims(&token);
    assert_eq!(own["act"], Value::Null, "{own}");
    assert_eq!(said["act"]["sub"], own["sub"], "{said}");
    assert_eq!(said["act"]["relation"], "guardian");
    assert_ne!(said["sub"], own["sub"]);
    assert_eq!(
        place.organisations(&token),
        ["region-exempelland"],
        "a child's cases, and not Alva's"
    );

    // The other guardian leads to the same child; a representative to the company.
    let other = claims(&place.token(&bo.says_yes_for(&place.gateway, &place.ask(), "bo", Some("Gry Exempel"))));
    assert_eq!(other["sub"], said["sub"]);
    assert_ne!(other["act"]["sub"], said["act"]["sub"]);
    let company = place.token(&bo.says_yes_for(&place.gateway, &place.ask(), "bo", Some("Provbolaget AB")));
    assert_eq!(claims(&company)["act"]["relation"], "representative");
    assert_eq!(place.organisations(&company), ["skattekontoret"]);

    // A next of kin may not act: the page does not ask, and a form that says so is not believed.
    let question = kerstin.is_asked(&place.gateway, &place.ask(), "kerstin");
    assert!(!question.contains("name=\"about\""), "{question}");
    let (status, page) = kerstin.answers(&place.gateway, &question, "0123456789abcdef0123456789abcdef");
    assert_eq!(status, 422, "{page}");
    assert!(page.contains("Du kan inte svara för den du valde"), "{page}");

    // Both see it; who acts sees about whom, and whom it is about that somebody acts.
    let seen = |browser: &Browser| -> Value {
        serde_json::from_str(&browser.page(&format!("{}/me/export", place.gateway))).unwrap()
    };
    gry.logs_in(&place.gateway, "gry");
    let (actors, childs) = (seen(&alva), seen(&gry));
    let roles = |export: &Value, list: &str| -> Vec<String> {
        let all = export[list].as_array().unwrap().iter();
        let mut roles: Vec<_> = all.map(|one| one["role"].as_str().unwrap().to_owned()).collect();
        roles.sort();
        roles
    };
    assert_eq!(roles(&actors, "consents"), ["actor", "own"]);
    assert_eq!(roles(&childs, "consents"), ["subject", "subject"], "of both guardians");
    // Readings are written beside the calls.
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while roles(&seen(&gry), "readings") != ["subject"] || roles(&seen(&alva), "readings") != ["actor"] {
        assert!(std::time::Instant::now() < until, "{} {}", seen(&gry), seen(&alva));
    }
    let mine = alva.page(&format!("'{}/me/consents?lang=en'", place.gateway));
    assert!(mine.contains("It is about Gry Exempel."), "{mine}");
    let childs_page = gry.page(&format!("'{}/me/consents?lang=en'", place.gateway));
    assert!(
        childs_page.contains("Somebody who acts for you gave the permission."),
        "{childs_page}"
    );

    // The child takes back what Alva said for her: her token ends, Bo's does not.
    let id = actors["consents"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["role"] == "actor")
        .unwrap();
    gry.takes_back(&place.gateway, &childs_page, id["id"].as_str().unwrap());
    let refused = shell(&format!(
        "curl -s -H 'Authorization: Bearer {token}' {}/case-status/v1/cases",
        place.gateway
    ));
    assert!(refused.contains("token-revoked"), "{refused}");

    let exports = [actors.to_string(), childs.to_string(), question, mine, childs_page];
    let exports: Vec<&str> = exports.iter().map(String::as_str).collect();
    let operations = place.text("/operations").to_owned();
    nobody_is_told(demo, &operations, Path::new(&data), &exports);
}
