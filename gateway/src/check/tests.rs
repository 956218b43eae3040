//! Which document a file is, and whether two documents fit together.

use super::{Kind, check_file};
use crate::load;
use http::Method;
use snapshot::{Access, AgreementKind, Authentication, Found, LimitPer, Snapshot};
use std::path::Path;

const REGISTRY: &str = r#"[[organisations]]
id = "agency"
name = "Agency"
kind = "stateAgency"

[[backends]]
id = "cases"
organisation = "agency"
addresses = ["http://127.0.0.1:8101"]
allow_private_network = true

[[apis]]
name = "cases"
title = "Cases"
version = "1.0.0"
released = 2026-01-31
organisation = "agency"
state = "active"
authentication = "token"
audience = "https://api.example.se/cases/v1"
backend = "cases"
routes = [{ method = "GET", path = "/cases" }]
"#;

/// Checks a configuration of this text beside a registry document of that text.
fn check(config: &str, registry: &str) -> Result<Kind, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.toml");
    std::fs::write(&path, config).unwrap();
    std::fs::write(folder.path().join("r.toml"), registry).unwrap();
    check_file(&path).map_err(|problems| {
        let rendered = problems.render().replace(&format!("{}/", folder.path().display()), "");
        rendered.lines().map(str::to_owned).collect()
    })
}

#[test]
fn both_kinds_are_told_apart() {
    let config = "[registry]\ndocument = \"r.toml\"\n[network]\nallow_private_backends = true\n[[identity.issuers]]\nissuer = \"https://a.se\"\njwks = \"https://a.se/jwks\"\n";
    assert_eq!(check(config, REGISTRY), Ok(Kind::Configuration));
    assert_eq!(check(REGISTRY, ""), Ok(Kind::Registry));
    assert_eq!(
        [Kind::Configuration, Kind::Registry].map(|kind| kind.to_string()),
        ["configuration", "registry document"]
    );
}

#[test]
fn the_files_in_config_are_good() {
    let config = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../config"));
    for (file, kind) in [
        ("demo/registry.toml", Kind::Registry),
        ("development.toml", Kind::Configuration),
    ] {
        match check_file(&config.join(file)) {
            Ok(found) => assert_eq!(found, kind, "{file}"),
            Err(problems) => panic!("{problems}"),
        }
    }
}

#[test]
fn problems_of_both_documents_come_together() {
    let registry = REGISTRY.replace("title = \"Cases\"\n", "")
        + "[[applications]]\nid = \"a\"\nname = \"A\"\norganisation = \"nobody\"\n";
    assert_eq!(
        check("[registry]\ndocument = \"r.toml\"\n[gatway]\n", &registry).unwrap_err(),
        [
            "c.toml:3:2: gatway: unknown key; did you mean `gateway`?",
            "r.toml:12:1: apis[0].title: is missing; give a string",
            "r.toml:25:1: applications[0].organisation: there is no organisation `nobody`",
        ]
    );
}

#[test]
fn what_the_registry_needs_the_configuration_must_allow() {
    let key = format!("[[applications.keys]]\nid = \"k\"\nhash = \"{}\"\n", "0".repeat(64));
    let registry = format!("{REGISTRY}[[applications]]\nid = \"a\"\nname = \"A\"\norganisation = \"agency\"\n{key}");
    assert_eq!(
        check("[registry]\ndocument = \"r.toml\"\n", &registry).unwrap_err(),
        [
            "c.toml: identity.pepper_file: is missing; the registry holds API keys, which are checked with it",
            "r.toml:10:1: backends[0].allow_private_network: is refused by c.toml, where network.allow_private_backends is not true",
            "r.toml:19:1: apis[0].authentication: `cases-v1` takes tokens only, and no issuer's are accepted; name one in identity.issuers",
        ]
    );
}

#[test]
fn a_file_that_is_not_there_or_not_toml() {
    assert_eq!(
        check_file(Path::new("no/such.toml")).unwrap_err().render(),
        "no/such.toml: cannot be read: No such file or directory (os error 2)\n"
    );
    assert_eq!(
        check("= 1\n", "").unwrap_err(),
        ["c.toml:1:1: unquoted keys cannot be empty, expected letters, numbers, `-`, `_`"]
    );
}

/// The demo's registry, compiled with the operations of the published documents.
fn demo() -> Snapshot {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../config/demo/registry.toml"));
    load::from_file(path).unwrap().loaded.compile().unwrap()
}

#[test]
fn in_the_demo_the_banks_app_may_read_cases_and_ask_for_contacts() {
    let snapshot = demo();
    let application = snapshot.find_application("exempelbanken-app").unwrap();
    let now = 1_795_000_000;
    for (method, path) in [
        (Method::GET, "/case-status/v1/cases"),
        (Method::POST, "/contact-routing/v1/routes"),
    ] {
        let Found::Route(route) = snapshot.find(&method, path) else {
            panic!("{path} is not found")
        };
        let Access::Granted(agreement) = snapshot.access_to_route(application, route, now) else {
            panic!("{path} is refused")
        };
        assert!(snapshot.agreement_grants(agreement, route), "{path}");
    }
    let Found::Route(cases) = snapshot.find(&Method::GET, "/case-status/v1/cases") else {
        panic!("not found")
    };
    assert_eq!(snapshot.route(cases).authentication, Authentication::Token);
    assert_eq!(*snapshot.route(cases).scopes[0], *"cases.read");
}

#[test]
fn the_demo_shows_each_kind_of_agreement_and_limits_each_call() {
    let snapshot = demo();
    for kind in [
        AgreementKind::Avtal,
        AgreementKind::Overenskommelse,
        AgreementKind::Anvandarvillkor,
    ] {
        assert!(
            snapshot.agreements().iter().any(|agreement| agreement.kind == kind),
            "{kind:?}"
        );
    }
    for api in snapshot.apis() {
        assert!(
            api.limits.iter().any(|limit| limit.per == LimitPer::Address),
            "{}",
            api.id
        );
        let known = api.authentication != Authentication::None;
        assert_eq!(
            api.limits.iter().any(|limit| limit.per == LimitPer::Application),
            known,
            "{}",
            api.id
        );
    }
}

#[test]
fn a_test_e_identification_is_refused_where_real_people_come() {
    let config = |base: &str, provider: &str| {
        format!(
            "[gateway]\npublic_base_url = \"{base}\"\n[registry]\ndocument = \"r.toml\"\n[network]\nallow_private_backends = true\n\
             [identity.service]\ndatabase = \"sqlite:x\"\nkey_encryption_file = \"c.toml\"\n\
             [identity.people]\nclient_id = \"gateway\"\nkey_file = \"c.toml\"\n{provider}\n"
        )
    };
    let test = "issuer = \"http://127.0.0.1:8105/e-id\"\ntest_provider = true";
    assert_eq!(
        check(&config("http://127.0.0.1:8080", test), REGISTRY),
        Ok(Kind::Configuration)
    );
    let refused = check(&config("https://api.example.se", test), REGISTRY)
        .unwrap_err()
        .join("\n");
    assert!(refused.contains("identity.people.test_provider"), "{refused}");
    let plain = "issuer = \"http://127.0.0.1:8105/e-id\"";
    let refused = check(&config("https://api.example.se", plain), REGISTRY)
        .unwrap_err()
        .join("\n");
    assert!(refused.contains("is plain http"), "{refused}");
    let real = "issuer = \"https://login.example.se\"";
    assert_eq!(
        check(&config("https://api.example.se", real), REGISTRY),
        Ok(Kind::Configuration)
    );
}
