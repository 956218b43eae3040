//! Nobody's person number in anything that a whole run has shown, logged, traced, counted or stored.
//!
//! In a store of people it is there, encrypted; the sandbox's register and agencies know it, and keep it in memory.

use crate::process::{Vagvisare, everything_under, shell};
use serde_json::Value;
use std::path::Path;

/// How a person number is written: with the century or without, in one piece, with a hyphen, or with a plus for those who
/// have turned a hundred. What is written with the century holds what is written without.
fn spellings(digits: &str) -> [String; 5] {
    let (day, serial) = digits[2..].split_at(6);
    ["", "-", "+", "%2B", " "].map(|between| format!("{day}{between}{serial}"))
}

/// Whose number is told in `text`.
pub(crate) fn told_in(text: &str) -> Vec<String> {
    let is_told = |digits: &str| spellings(digits).iter().any(|spelling| text.contains(spelling));
    let people = sandbox::people().into_iter();
    people
        .filter(|one| is_told(one.number.digits()))
        .map(|one| one.key)
        .collect()
}

/// Ends a demo and looks through what it said, logged, traced, counted and stored below `folder`, and what was `seen` of it.
pub(crate) fn nobody_is_told(demo: Vagvisare, operations: &str, folder: &Path, seen: &[&str]) {
    let metrics = shell(&format!("curl -s {operations}/metrics"));
    let traces = shell(&format!("curl -s '{operations}/traces?format=json'"));
    assert!(metrics.contains("http_server_request_duration_seconds"), "{metrics}");
    demo.signal("TERM");
    let (status, printed) = demo.ended();
    assert!(status.success(), "{printed}");
    let stored = everything_under(folder);
    let places = [
        ("metrics", &metrics),
        ("traces", &traces),
        ("log", &printed),
        ("files", &stored),
    ];
    let seen = seen.iter().map(|&text| ("answers", text));
    for (place, text) in places
        .map(|(place, text)| (place, text.as_str()))
        .into_iter()
        .chain(seen)
    {
        assert!(told_in(text).is_empty(), "{place} tell of {:?}", told_in(text));
    }
}

/// One call, and what was answered to it.
struct Asking {
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
    gateway: String,
    /// Heads and bodies of the refusals.
    refused: String,
    count: usize,
}

impl Asking {
    fn ask(&mut self, method: &str, path: &str, fields: &[(&str, &str)], body: Option<&str>) {
        let mut request = self
            .client
            .request(method.parse().unwrap(), format!("{}{path}", self.gateway));
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body.to_owned());
        }
        let answered = self.runtime.block_on(async {
            let answer = request.send().await.unwrap();
            let status = answer.status().as_u16();
            (status, format!("{:?}", answer.headers()), answer.text().await.unwrap())
        });
        let (status, head, body) = answered;
        if status >= 400 {
            self.count += 1;
            self.refused.push_str(&format!("{method} {status} {head} {body}\n"));
        }
    }

    /// A form as a page or an OAuth client sends it.
    fn form(&mut self, path: &str, form: &str, field: (&str, &str)) {
        let fields = [("content-type", "application/x-www-form-urlencoded"), field];
        self.ask("POST", path, &fields, Some(form));
    }
}

const PATHS: [&str; 25] = [
    "/NUMBER",
    "/case-status/v1/NUMBER",
    "/case-status/v1/cases/NUMBER",
    "/case-status/v1/cases?personNumber=NUMBER",
    "/case-status/v1/cases?NUMBER=1",
    "/contact-routing/v1/NUMBER",
    "/contact-routing/v1/organisations/NUMBER",
    "/contact-routing/v1/routes?need=NUMBER",
    "/contact-routing/v1/routes?NUMBER",
    "/contact-routing/v1/municipalities?page=NUMBER",
    "/registry/v1/NUMBER",
    "/registry/v1/applications/NUMBER",
    "/registry/v1/applications/NUMBER/credentials",
    "/registry/v1/applications?page=NUMBER",
    "/registry/v1/applications?NUMBER=1",
    "/registry/v1/usage-periods?from=NUMBER",
    "/oauth2/NUMBER",
    "/oauth2/jwks?client_id=NUMBER",
    "/me/authorize?client_id=NUMBER&redirect_uri=NUMBER",
    "/me/callback?state=NUMBER&code=NUMBER",
    "/me/consents/NUMBER/withdrawals",
    "/channels/v1/subscriptions/NUMBER",
    "/insights/v1/publications?page=NUMBER",
    "/encounters/v1/slots?from=NUMBER",
    "/problems/NUMBER",
];

const FIELDS: [&str; 16] = [
    "x-api-key",
    "dpop",
    "accept",
    "content-type",
    "cookie",
    "if-match",
    "origin",
    "range",
    "idempotency-key",
    "user-agent",
    "referer",
    "x-request-id",
    "traceparent",
    "forwarded",
    "vagvisare-subject",
    "prefer",
];

const FORMS: [&str; 15] = [
    "grant_type=NUMBER",
    "client_id=NUMBER",
    "client_assertion=NUMBER",
    "client_assertion_type=NUMBER&client_assertion=a.b.c",
    "client_secret=NUMBER",
    "grant_type=client_credentials&resource=NUMBER",
    "grant_type=client_credentials&scope=NUMBER",
    "grant_type=authorization_code&code=NUMBER&redirect_uri=NUMBER&code_verifier=NUMBER",
    "grant_type=refresh_token&refresh_token=NUMBER",
    "subject_token=NUMBER",
    "token=NUMBER",
    "request_uri=NUMBER",
    "csrf=NUMBER&decision=NUMBER&about=NUMBER",
    "NUMBER=1",
    "NUMBER=1&NUMBER=2",
];

const BODIES: [&str; 14] = [
    "NUMBER",
    r#""NUMBER""#,
    r#"{"NUMBER": 1}"#,
    r#"{"personNumber": "NUMBER"}"#,
    r#"{"name": "a", "suspended": "NUMBER", "kind": "NUMBER", "per": "NUMBER"}"#,
    r#"{"name": "a", "redirectUris": ["NUMBER"]}"#,
    r#"{"name": "a", "organisationId": "NUMBER"}"#,
    r#"{"name": "a", "applicationId": "NUMBER"}"#,
    r#"{"name": {"NUMBER": 1}}"#,
    r#"{"name": "a", "roles": ["NUMBER"], "targets": [{"url": "NUMBER"}]}"#,
    r#"{"name": "a", "targets": [{"url": "http://NUMBER"}]}"#,
    r#"{"kind": "avtal", "purpose": "p", "validFrom": "2026-01-01T00:00:00Z", "apiIds": ["NUMBER"], "scopes": ["NUMBER"],
        "applicationIds": ["NUMBER"], "parties": [{"organisationId": "NUMBER", "role": "producer"},
        {"organisationId": "NUMBER", "role": "consumer"}]}"#,
    r#"{"question": ["NUMBER"], "url": "NUMBER", "eventTypes": ["NUMBER"]}"#,
    r#"{"question": "?", "municipality": "NUMBER", "needId": "NUMBER"}"#,
];

/// Puts a person number in every place where none belongs, of everything that the demo of this file serves; gives what was
/// answered to that with a refusal, heads and bodies.
pub(crate) fn misplaced(file: &Value) -> String {
    let text = |path: &str| file.pointer(path).unwrap().as_str().unwrap();
    let (key, member) = (("x-api-key", text("/apiKey")), ("x-api-key", text("/agencyKey")));
    let json = ("content-type", "application/json");
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let mut asking = Asking {
        runtime: tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap(),
        client: client.no_proxy().build().unwrap(),
        gateway: text("/gateway").to_owned(),
        refused: String::new(),
        count: 0,
    };
    let digits = sandbox::people()[0].number.digits().to_owned();
    let (day, serial) = digits[2..].split_at(6);
    for number in [digits.clone(), format!("{day}-{serial}")] {
        let with = |text: &str| text.replace("NUMBER", &number);
        for path in PATHS.map(with) {
            let own = if path.starts_with("/registry") { member } else { key };
            asking.ask("GET", &path, &[], None);
            asking.ask("GET", &path, &[own], None);
            asking.ask("POST", &path, &[own, json], Some("{}"));
        }
        for name in FIELDS {
            for path in ["/registry/v1/applications", "/oauth2/jwks", "/case-status/v1/cases"] {
                asking.ask("GET", path, &[(name, &number)], None);
                asking.ask("POST", path, &[member, (name, &number)], Some("{}"));
            }
        }
        let parent = ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        let state = ("tracestate", &*format!("a={number}"));
        asking.ask("GET", "/registry/v1/applications", &[parent, state], None);
        for scheme in ["Bearer", "DPoP", "Basic", "Digest"] {
            let field = ("authorization", &*format!("{scheme} {number}"));
            asking.ask("GET", "/case-status/v1/cases", &[field], None);
            asking.form("/oauth2/token", "grant_type=client_credentials", field);
        }
        for form in FORMS.map(with) {
            for path in [
                "/oauth2/token",
                "/oauth2/par",
                "/oauth2/revoke",
                "/oauth2/introspect",
                "/me/consent",
                "/me/logout",
            ] {
                asking.form(path, &form, ("accept", "*/*"));
            }
        }
        for body in BODIES.map(with) {
            for kind in [
                "applications",
                "members",
                "backends",
                "apis",
                "agreements",
                "organisations",
                "limit-plans",
            ] {
                asking.ask("POST", &format!("/registry/v1/{kind}"), &[member, json], Some(&body));
            }
            for path in ["/contact-routing/v1/routes", "/encounters/v1/bookings", "/oauth2/token"] {
                asking.ask("POST", path, &[key, json], Some(&body));
            }
        }
    }
    assert!(asking.count > 400, "{} refusals: {}", asking.count, asking.refused);
    asking.refused
}

#[test]
fn every_spelling_is_found() {
    let person = &sandbox::people()[0];
    let digits = person.number.digits();
    let (day, serial) = digits.split_at(8);
    for text in [
        digits.to_owned(),
        digits[2..].to_owned(),
        format!("{day}-{serial}"),
        format!("{}-{serial}", &day[2..]),
        format!("x={}+{serial}&", &day[2..]),
        format!("{day}%2B{serial}"),
    ] {
        assert_eq!(told_in(&text), [person.key.as_str()]);
    }
    assert!(told_in("18900101-9802").is_empty());
}
