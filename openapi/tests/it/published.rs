//! Each document as the gateway publishes it, with an https address, is clean against the national REST profile.

use catalogue::profile::{Severity, check};
use catalogue::{ApiFacts, publish, read, routes, to_yaml};
use openapi::documents;
use serde_json::Value;
use snapshot::{Authentication, LifecycleState, LimitPer, LimitPolicy};
use std::collections::HashSet;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

const BASE: &str = "https://api.example.se";

/// Documents of a form that another standard lays down: where it breaks the profile, that is said below and not mended.
const FOREIGN: &[&str] = &["mina-arenden.json", "open311.json", "oauth2.json", "me.json"];

/// Served without a version in the path, and why.
const UNVERSIONED: &[(&str, &str)] = &[
    (
        "oauth2.json",
        "clients learn the addresses from the server's metadata (RFC 8414)",
    ),
    (
        "me.json",
        "pages for people's browsers, and the address that the same metadata names",
    ),
];

/// `(file, rule, end of the place, reason)`: warnings that stand, and errors in a form that is another's.
const ACCEPTED: &[(&str, &str, &str, &str)] = &[
    (
        "channels.json",
        "AME.01",
        "/paths/~1events~1stream/get/responses/200/content",
        "a stream of events is not one JSON text; the same events are offered as JSON beside it",
    ),
    (
        "channels.json",
        "AME.04",
        "/_links",
        "the profile itself asks for _links (FNS.10, HYP.03)",
    ),
    (
        "channels.json",
        "AME.04",
        "/_meta",
        "the profile itself asks for _meta (FNS.10, FNS.13)",
    ),
    (
        "mina-arenden.json",
        "RES.06",
        "/paths/~1kundhandelseFragaSynkron",
        "the standard's path",
    ),
    (
        "mina-arenden.json",
        "UFN.07",
        "/paths/~1kundhandelseFragaSynkron",
        "the standard's path",
    ),
    (
        "open311.json",
        "RES.06",
        ".json",
        "the standard's paths end in the format",
    ),
    (
        "open311.json",
        "UFN.08",
        ".json",
        "the standard's paths end in the format",
    ),
    (
        "open311.json",
        "AME.05",
        "",
        "the standard's fields are in snake case, those of api-info and of problems are not ours to name",
    ),
    (
        "case-events.json",
        "AME.04",
        "/_links",
        "the profile itself asks for _links (FNS.10, HYP.03)",
    ),
    (
        "contact-routing.json",
        "FNS.05",
        "/paths/~1routes/get/parameters/0",
        "a look-up without a need is answered with 400; the document says what is so",
    ),
    (
        "case-status.json",
        "AME.04",
        "/_links",
        "the profile itself asks for _links (FNS.10, HYP.03)",
    ),
    (
        "case-status.json",
        "AME.04",
        "/_meta",
        "the profile itself asks for _meta (FNS.10, FNS.13)",
    ),
    (
        "contact-routing.json",
        "AME.04",
        "/_links",
        "the profile itself asks for _links (FNS.10, HYP.03)",
    ),
    (
        "contact-routing.json",
        "AME.04",
        "/_meta",
        "the profile itself asks for _meta (FNS.10, FNS.13)",
    ),
    (
        "encounters.json",
        "AME.04",
        "/_links",
        "the profile itself asks for _links (FNS.10, HYP.03)",
    ),
    (
        "encounters.json",
        "AME.04",
        "/_meta",
        "the profile itself asks for _meta (FNS.10, FNS.13)",
    ),
    (
        "handover.json",
        "AME.04",
        "/_links",
        "the profile itself asks for _links (FNS.10, HYP.03)",
    ),
    (
        "handover.json",
        "AME.04",
        "/_meta",
        "the profile itself asks for _meta (FNS.10, FNS.13)",
    ),
    (
        "handover.json",
        "AME.01",
        "/paths/~1handovers~1{handoverId}~1items~1{itemId}~1content/get/responses/200/content",
        "the bytes as the sender gave them; the preview has the same in JSON",
    ),
    (
        "life-events.json",
        "AME.04",
        "/_links",
        "the profile itself asks for _links (FNS.10, HYP.03)",
    ),
    (
        "life-events.json",
        "AME.04",
        "/_meta",
        "the profile itself asks for _meta (FNS.10, FNS.13)",
    ),
    (
        "life-events.json",
        "AME.01",
        "/paths/~1life-events~1{lifeEventId}~1drawing/get/responses/200/content",
        "a drawing is not JSON; the same steps are offered as JSON beside it",
    ),
    (
        "life-events.json",
        "AME.01",
        "/paths/~1plans~1drawing/post/responses/200/content",
        "a drawing is not JSON; the same plan is offered as JSON beside it",
    ),
    (
        "directory.json",
        "AME.04",
        "/_links",
        "the profile itself asks for _links (FNS.10, HYP.03)",
    ),
    (
        "directory.json",
        "AME.04",
        "/_meta",
        "the profile itself asks for _meta (FNS.10, FNS.13)",
    ),
    (
        "insights.json",
        "AME.01",
        "/paths/~1effort-chart/get/responses/200/content",
        "a drawing to look at; the same figures are JSON at /publications",
    ),
    (
        "insights.json",
        "AME.01",
        "/paths/~1reason-chart/get/responses/200/content",
        "a drawing to look at; the same figures are JSON at /contact-reasons",
    ),
    (
        "insights.json",
        "AME.01",
        "/paths/~1overview/get/responses/200/content",
        "a page to read; the same figures are JSON at /publications, /contact-reasons and /shared-insights",
    ),
    (
        "registry.json",
        "AME.04",
        "/_links",
        "the profile itself asks for _links (FNS.10, HYP.03)",
    ),
    (
        "registry.json",
        "AME.04",
        "/_meta",
        "the profile itself asks for _meta (FNS.10, FNS.13)",
    ),
    (
        "insights.json",
        "AME.04",
        "/_links",
        "the profile itself asks for _links (FNS.10, HYP.03)",
    ),
    (
        "insights.json",
        "AME.04",
        "/_meta",
        "the profile itself asks for _meta (FNS.10, FNS.13)",
    ),
    (
        "test-identity.json",
        "MOG.02",
        "/paths",
        "a token leads nowhere in the API that issued it",
    ),
    (
        "me.json",
        "AME.01",
        "",
        "pages for people are HTML; what machines read of it is JSON (export)",
    ),
    ("me.json", "AME.02", "", "forms as browsers send them"),
    ("me.json", "FEL.02", "", "a person is told in words on a page"),
    (
        "me.json",
        "FNS.05",
        "/paths/~1authorize/get/parameters/0",
        "RFC 6749 section 4.1.1: client_id is required",
    ),
    ("me.json", "MOG.02", "/paths", "the pages link to each other in HTML"),
    (
        "me.json",
        "RES.06",
        "/paths/~1style.css",
        "a style sheet has the ending that browsers and people know",
    ),
    (
        "me.json",
        "UFN.08",
        "/paths/~1style.css",
        "a style sheet has the ending that browsers and people know",
    ),
    ("me.json", "UFN.01", "/servers/0/url", "UNVERSIONED says why"),
    ("me.json", "VER.05", "/servers/0/url", "UNVERSIONED says why"),
    (
        "oauth2.json",
        "AME.02",
        "",
        "RFC 6749 section 4: parameters are sent as a form",
    ),
    (
        "oauth2.json",
        "AME.05",
        "",
        "OAuth's names are in snake case, those of api-info and of problems are not ours to name",
    ),
    (
        "oauth2.json",
        "FEL.02",
        "",
        "RFC 6749 section 5.2 has a form of its own; what the gateway itself refuses is a problem",
    ),
    (
        "oauth2.json",
        "MOG.02",
        "/paths",
        "a token leads nowhere in the API that issued it; RFC 8414 metadata names the addresses",
    ),
    ("oauth2.json", "UFN.01", "/servers/0/url", "UNVERSIONED says why"),
    ("oauth2.json", "VER.05", "/servers/0/url", "UNVERSIONED says why"),
];

/// What the registry would know, taken from the document.
fn facts(document: &Value) -> ApiFacts {
    let server = document["servers"][0]["url"].as_str().unwrap();
    let path = server.splitn(4, '/').nth(3).unwrap();
    let per_minute = LimitPolicy {
        id: "per-minute".into(),
        name: "per-minute".into(),
        per: LimitPer::Application,
        quota: NonZeroU32::new(600).unwrap(),
        window: Duration::from_secs(60),
        burst: NonZeroU32::new(60).unwrap(),
        shared: None,
        calendar: None,
    };
    ApiFacts {
        name: path.split('/').next().unwrap().to_owned(),
        title: document["info"]["title"].as_str().unwrap().to_owned(),
        version: document["info"]["version"].as_str().unwrap().to_owned(),
        base_path: format!("/{path}"),
        public_base_url: BASE.to_owned(),
        organisation: "Testmyndigheten".to_owned(),
        state: LifecycleState::Active,
        released: "2026-01-31".to_owned(),
        authentication: Authentication::KeyOrToken,
        token_url: None,
        issuer: None,
        credentials_url: None,
        limits: vec![Arc::new(per_minute)],
        docs_url: None,
        sunset_at: None,
        successor: None,
        mock_answers: false,
        problems: Arc::new([]),
    }
}

/// `(file, published document)` under every kind of credential.
fn published() -> Vec<(&'static str, Value)> {
    let mut all = Vec::new();
    for document in documents().unwrap() {
        for authentication in [
            Authentication::None,
            Authentication::Key,
            Authentication::Token,
            Authentication::KeyOrToken,
        ] {
            let facts = ApiFacts {
                authentication,
                ..facts(&document.value)
            };
            all.push((document.file, publish(&document.value, &facts)));
        }
    }
    all
}

#[test]
fn no_rule_is_broken_but_those_accepted() {
    let (mut used, mut unexpected) = (HashSet::new(), Vec::new());
    for (file, document) in published() {
        for finding in check(&document) {
            let accepted = ACCEPTED
                .iter()
                .position(|(of, rule, end, _)| *of == file && finding.rule == *rule && finding.place.ends_with(end));
            used.extend(accepted);
            if accepted.is_none() || (finding.severity == Severity::Error && !FOREIGN.contains(&file)) {
                unexpected.push(format!(
                    "{file} {} {}: {}",
                    finding.rule, finding.place, finding.message
                ));
            }
        }
    }
    unexpected.sort();
    unexpected.dedup();
    assert!(unexpected.is_empty(), "{}", unexpected.join("\n"));
    let stale: Vec<_> = ACCEPTED
        .iter()
        .enumerate()
        .filter(|(position, _)| !used.contains(position))
        .collect();
    assert!(stale.is_empty(), "accepted, but no longer found: {stale:#?}");
}

#[test]
fn each_document_is_served_under_its_own_name_and_version() {
    for document in documents().unwrap() {
        let facts = facts(&document.value);
        let published = publish(&document.value, &facts);
        let (name, version) = match facts.base_path.trim_start_matches('/').split_once('/') {
            Some((name, version)) => (name, Some(version)),
            None => (facts.base_path.trim_start_matches('/'), None),
        };
        assert_eq!(format!("{name}.json"), document.file);
        let major = facts.version.split('.').next().unwrap();
        let unversioned = UNVERSIONED.iter().any(|(file, _)| *file == document.file);
        let expected = (!unversioned).then(|| format!("v{major}"));
        assert_eq!(version, expected.as_deref(), "{}", document.file);
        assert_eq!(published["servers"][0]["url"], format!("{BASE}{}", facts.base_path));
        assert!(
            document.value["servers"][0]["url"]
                .as_str()
                .unwrap()
                .starts_with("https://")
        );
    }
}

#[test]
fn publishing_loses_no_route_and_yaml_says_the_same_as_json() {
    for document in documents().unwrap() {
        let published = publish(&document.value, &facts(&document.value));
        let (before, after) = (routes(&document.value).unwrap(), routes(&published).unwrap());
        for route in &before {
            assert!(
                after
                    .iter()
                    .any(|other| (&other.method, &other.path) == (&route.method, &route.path)),
                "{}: {route:?}",
                document.file
            );
        }
        assert!(
            after
                .iter()
                .any(|route| route.path == "/api-info" && route.open == Some(true))
        );
        assert_eq!(read(to_yaml(&published).as_bytes(), "openapi.yaml").unwrap(), published);
    }
}
