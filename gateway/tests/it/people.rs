//! A person's journey through the demo, with curl as the browser: an application asks, the person logs in at the test
//! e-identification, says yes, sees it, takes it back.

use crate::leaks::{misplaced, nobody_is_told};
use crate::process::{shell, start_demo};
use serde_json::Value;
use std::path::Path;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A browser that follows no redirects by itself.
pub(crate) struct Browser {
    jar: String,
}

impl Browser {
    /// With its cookies in a file.
    pub(crate) fn new(jar: &Path) -> Self {
        let jar = jar.to_str().unwrap().to_owned();
        Self { jar }
    }

    /// Goes where an application sends it, logs in as this person, says yes, and gives the address it comes back to.
    pub(crate) fn say_yes(&self, gateway: &str, authorize: &str, person: &str) -> String {
        self.says_yes_for(gateway, authorize, person, None)
    }

    /// The same on behalf of somebody whose name is on the page.
    pub(crate) fn says_yes_for(&self, gateway: &str, authorize: &str, person: &str, other: Option<&str>) -> String {
        let question = self.is_asked(gateway, authorize, person);
        let about = match other {
            None => String::new(),
            Some(name) => {
                let (before, _) = question
                    .split_once(name)
                    .unwrap_or_else(|| panic!("{name} is missing in {question}"));
                let (_, mark) = before.rsplit_once("name=\"about\" value=\"").unwrap();
                format!("-d about={}", mark.split('"').next().unwrap())
            }
        };
        self.goes_to(&format!(
            "{gateway}/me/consent -d csrf={} -d decision=yes {about}",
            csrf(&question)
        ))
    }

    /// Goes where an application sends it, logs in as this person, and gives the question's page.
    pub(crate) fn is_asked(&self, gateway: &str, authorize: &str, person: &str) -> String {
        self.goes_to(&format!("'{authorize}'"));
        self.logs_in(gateway, person);
        self.page(&format!("{gateway}/me/consent"))
    }

    /// Logs in at the test e-identification.
    pub(crate) fn logs_in(&self, gateway: &str, person: &str) {
        let provider = self.goes_to(&format!("-X POST {gateway}/me/login"));
        let (page, query) = provider.split_once('?').unwrap();
        let callback = self.goes_to(&format!("{page} -d '{query}' -d person={person}"));
        self.goes_to(&format!("'{callback}'"));
    }

    /// Says yes to a question on behalf of whom the form names so; gives status and page.
    pub(crate) fn answers(&self, gateway: &str, question: &str, about: &str) -> (u16, String) {
        let form = format!("-d csrf={} -d decision=yes -d about={about}", csrf(question));
        let (status, _, page) = self.call(&format!("{gateway}/me/consent {form}"));
        (status, page)
    }

    /// Takes a consent back from a page that lists it.
    pub(crate) fn takes_back(&self, gateway: &str, page: &str, consent: &str) {
        let form = format!("-d csrf={}", csrf(page));
        self.goes_to(&format!("{gateway}/me/consents/{consent}/withdrawals {form}"));
    }

    /// Status, `Location` (or nothing) and body of a call.
    fn call(&self, arguments: &str) -> (u16, String, String) {
        let jar = &self.jar;
        let line = format!("curl -s -b '{jar}' -c '{jar}' -w '\\n%{{http_code}} %{{redirect_url}}' {arguments}");
        let answer = shell(&line);
        let (body, end) = answer.rsplit_once('\n').unwrap();
        let (status, location) = end.split_once(' ').unwrap();
        (status.parse().unwrap(), location.to_owned(), body.to_owned())
    }

    fn goes_to(&self, arguments: &str) -> String {
        let (status, location, body) = self.call(arguments);
        assert_eq!(status, 303, "{arguments}: {body}");
        location
    }

    /// The body of a page that is there.
    pub(crate) fn page(&self, arguments: &str) -> String {
        let (status, _, body) = self.call(arguments);
        assert_eq!(status, 200, "{arguments}: {body}");
        body
    }
}

/// The value of a form's hidden field.
fn csrf(page: &str) -> &str {
    let (_, rest) = page.split_once("name=\"csrf\" value=\"").unwrap();
    rest.split_once('"').unwrap().0
}

#[test]
fn a_person_says_yes_sees_it_and_takes_it_back_and_nobody_learns_their_number() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut demo = start_demo(&data);
    let gateway = demo.wait_for("ready ");
    demo.wait_for("Scripts: ");
    let file: Value = serde_json::from_slice(&std::fs::read(data.join("demo.json")).unwrap()).unwrap();
    let text = |path: &str| file.pointer(path).unwrap().as_str().unwrap().to_owned();
    let (authorize, back) = (text("/personPages/authorize"), text("/personPages/redirectUri"));
    let browser = Browser {
        jar: directory.path().join("jar").to_str().unwrap().to_owned(),
    };
    let ask = |redirect_uri: &str, scope: &str| {
        format!(
            "-G {authorize} -d response_type=code -d client_id=exempelbanken-app -d code_challenge_method=S256 \
             -d code_challenge={CHALLENGE} -d state=s1 -d scope={scope} --data-urlencode redirect_uri={redirect_uri} \
             --data-urlencode resource={}",
            text("/personPages/resource")
        )
    };

    // Nobody is sent to an address that the application has not registered; a scope nobody granted is told to it.
    let (status, location, _) = browser.call(&ask("https://evil.example/", "cases.read"));
    assert_eq!((status, location.as_str()), (400, ""));
    let refused = browser.goes_to(&ask(&back, "everything"));
    assert!(
        refused.starts_with(&format!("{back}?error=invalid_scope&")),
        "{refused}"
    );

    // Not logged in: first to the login, over there as Alva, and back to the question.
    assert_eq!(
        browser.goes_to(&ask(&back, "cases.read")),
        format!("{gateway}/me/consent")
    );
    assert_eq!(
        browser.goes_to(&format!("{gateway}/me/consent")),
        format!("{gateway}/me/login")
    );
    assert!(
        browser
            .page(&format!("{gateway}/me/login"))
            .contains("test-e-legitimation")
    );
    let provider = browser.goes_to(&format!("-X POST {gateway}/me/login"));
    let (page, query) = provider.split_once('?').unwrap();
    let callback = browser.goes_to(&format!("{page} -d '{query}' -d person=alva"));
    assert!(
        callback.starts_with(&format!("{gateway}/me/callback?code=")),
        "{callback}"
    );
    let stranger = Browser {
        jar: directory.path().join("other-jar").to_str().unwrap().to_owned(),
    };
    assert_eq!(
        stranger.call(&format!("'{callback}'")).0,
        400,
        "another browser finishes no login"
    );
    assert_eq!(
        browser.goes_to(&format!("'{callback}'")),
        format!("{gateway}/me/consent")
    );

    // The question, item by item; without the page's own word nothing is decided.
    let question = browser.page(&format!("{gateway}/me/consent"));
    for part in [
        "Exempelbankens app",
        "cases.read",
        "avtal-2026-001",
        "Visa en person hennes ärenden",
    ] {
        assert!(question.contains(part), "{part} is missing in {question}");
    }
    assert!(
        browser
            .page(&format!("'{gateway}/me/consent?lang=en'"))
            .contains("May Exempelbankens app read about you?")
    );
    assert_eq!(
        browser
            .call(&format!("{gateway}/me/consent -d csrf=guessed -d decision=yes"))
            .0,
        403
    );
    let yes = format!("{gateway}/me/consent -d csrf={} -d decision=yes", csrf(&question));
    let answer = browser.goes_to(&yes);
    assert!(answer.starts_with(&format!("{back}?code=")), "{answer}");
    assert!(answer.contains("&state=s1&iss=http"), "{answer}");

    // Mine: the consent is there, goes into the export, and ends when it is taken back.
    let mine = browser.page(&format!("'{gateway}/me/consents?lang=sv'"));
    assert!(
        mine.contains("Exempelbankens app") && mine.contains("Ta tillbaka"),
        "{mine}"
    );
    let export: Value = serde_json::from_str(&browser.page(&format!("{gateway}/me/export"))).unwrap();
    assert_eq!(export["consents"][0]["items"][0]["scope"], "cases.read");
    let id = export["consents"][0]["id"].as_str().unwrap();
    let withdraw = format!("{gateway}/me/consents/{id}/withdrawals");
    // A guessed word withdraws nothing, and logs nobody out.
    for address in [&withdraw, &format!("{gateway}/me/logout")] {
        assert_eq!(browser.call(&format!("{address} -d csrf=guessed")).0, 403, "{address}");
    }
    // A form that has not even the page's word came from no page, whoever sends it.
    for address in [&withdraw, &format!("{gateway}/me/logout")] {
        assert_eq!(stranger.call(&format!("{address} -X POST")).0, 403, "{address}");
        assert_eq!(browser.call(&format!("{address} -X POST")).0, 403, "{address}");
    }
    browser.goes_to(&format!("{withdraw} -d csrf={}", csrf(&mine)));
    let mine = browser.page(&format!("{gateway}/me/consents"));
    assert!(mine.contains("Ingen app får läsa om dig just nu"), "{mine}");
    assert_eq!(
        stranger.goes_to(&format!("{gateway}/me/consents")),
        format!("{gateway}/me/login")
    );

    // Logged out, the cookie opens nothing.
    browser.goes_to(&format!("{gateway}/me/logout -d csrf={}", csrf(&mine)));
    assert_eq!(
        browser.goes_to(&format!("{gateway}/me/export")),
        format!("{gateway}/me/login")
    );

    // Nobody's number in anything that was shown, logged, traced, counted or stored.
    // Also not where callers put one in a place where none belongs.
    let refused = misplaced(&file);
    let seen = [question.as_str(), &mine, &export.to_string(), &refused];
    nobody_is_told(demo, &text("/operations"), &data, &seen);
}
