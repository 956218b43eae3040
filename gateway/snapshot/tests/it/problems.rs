//! Every class of bad registry: the problem's place and words.

use crate::fixture::{agreement, api, backend, document, draft, limit, organisation, problems, route};
use snapshot::{AgreementKind, Authentication, Cors, Draft, KeyDraft, LifecycleState, OrganisationKind};
use std::time::Duration;

/// The problems after one change to a good registry.
fn after(change: impl FnOnce(&mut Draft)) -> Vec<String> {
    let mut draft = draft();
    change(&mut draft);
    problems(&draft)
}

#[test]
fn an_agreement_names_a_limit_that_is_not_there() {
    assert_eq!(
        after(|draft| draft.agreements[0].limits = vec!["none".into()]),
        ["agreements[0].limits[0]: there is no limit `none`"]
    );
}

#[test]
fn unknown_references() {
    let found = after(|draft| {
        draft.apis[0].organisation = "nobody".into();
        draft.apis[0].backend = Some("nowhere".into());
        draft.apis[0].limits = vec!["per-application".into(), "unlimited".into()];
        draft.backends[0].organisation = "nobody".into();
        draft.applications[0].organisation = "nobody".into();
        draft.agreements[0].producers.push("nobody".into());
        draft.agreements[0].consumers.push("noone".into());
        draft.agreements[0].applications = vec!["no-app".into()];
        draft.agreements[0].apis.push("no-api".into());
    });
    assert_eq!(
        found,
        [
            "backends[0].organisation: there is no organisation `nobody`",
            "apis[0].organisation: there is no organisation `nobody`",
            "apis[0].limits[1]: there is no limit `unlimited`",
            "apis[0].backend: there is no backend `nowhere`",
            "applications[0].organisation: there is no organisation `nobody`",
            "agreements[0].apis[1]: there is no API `no-api`",
            "agreements[0].producers[1]: there is no organisation `nobody`",
            "agreements[0].consumers[1]: there is no organisation `noone`",
            "agreements[0].applications[0]: there is no application `no-app`",
        ]
    );
}

#[test]
fn repeated_and_malformed_ids() {
    let found = after(|draft| {
        draft
            .organisations
            .push(organisation("agency", OrganisationKind::Region));
        draft.backends.push(backend("två ord", "http://127.0.0.1:1"));
        draft.limits.push(limit("per-application"));
        draft.agreements.push(agreement("one", AgreementKind::Avtal));
        let mut twin = draft.apis[0].clone();
        twin.version = "2.0.0".into();
        draft.apis.push(twin);
        let keys = |id: &str| KeyDraft {
            id: id.into(),
            hash: [0; 32],
            expires_at: None,
        };
        draft.applications[0].keys = vec![keys("k1"), keys("k1"), keys("")];
        draft.applications.push(draft.applications[0].clone());
        draft.applications[1].keys.clear();
    });
    assert_eq!(
        found,
        [
            "agreements[1].id: `one` is already agreements[0]",
            "organisations[2].id: `agency` is already organisations[0]",
            "limits[1].id: `per-application` is already limits[0]",
            "backends[1].id: `två ord` is not an id; use 1 to 128 letters, digits and `-`, `_`, `.`, `:`",
            "apis[1].id: `cases-v1` is already apis[0]",
            "applications[1].id: `bank-app` is already applications[0]",
            "applications[0].keys[1].id: `k1` is the id of another key; a key's id is unique in the registry",
            "applications[0].keys[2].id: must not be empty",
        ]
    );
}

#[test]
fn colliding_routes() {
    let found = after(|draft| {
        draft.apis[0].routes = [
            "GET /cases/{id}",
            "POST /cases/{id}",
            "GET /cases/{caseId}",
            "* /all",
            "* /all",
            "GET /all",
        ]
        .map(route)
        .into();
        draft.apis[0].routes.push(route("GET /{*rest}"));
        draft.apis[0].routes.push(route("GET /{*other}"));
        draft.apis[0].routes.push(route("GET /a{x}b"));
        draft.apis[0].routes.push(route("GET /a{y}b"));
    });
    assert_eq!(
        found,
        [
            "apis[0].routes[2].path: `/cases/{caseId}` collides with `GET /cases/v1/cases/{id}`: same method, same shape",
            "apis[0].routes[4].path: `/all` collides with `* /cases/v1/all`: same method, same shape",
            "apis[0].routes[7].path: `/{*other}` collides with `GET /cases/v1/{*rest}`: same method, same shape",
            "apis[0].routes[9].path: `/a{y}b` collides with `GET /cases/v1/a{x}b`: same method, same shape",
        ]
    );
}

#[test]
fn bad_templates_methods_and_scopes() {
    let found = after(|draft| {
        draft.apis[0].routes = ["GET cases", "GET /a//b", "TRACE /cases"].map(route).into();
        draft.apis[0].routes[2].scopes = vec!["cases.read".into(), "two words".into()];
    });
    assert_eq!(
        found,
        [
            "apis[0].routes[0].path: `cases` must begin with `/`",
            "apis[0].routes[1].path: `/a//b` has an empty segment (`//`)",
            "apis[0].routes[2].method: CONNECT and TRACE are never passed on",
            "apis[0].routes[2].scopes[1]: `two words` is not a scope (RFC 6749 section 3.3)",
        ]
    );
}

#[test]
fn versions_states_and_base_paths() {
    let found = after(|draft| {
        let versions = ["1.0", "01.0.0", "1.0.0-", "0.9.0", "1.1.0"];
        draft.apis = versions
            .iter()
            .enumerate()
            .map(|(number, version)| {
                let mut api = api(&format!("api{number}"), version, &["GET /"]);
                api.id = format!("api{number}");
                api
            })
            .collect();
        draft.apis[4].state = LifecycleState::Alpha;
        let mut twin = api("api4", "1.7.0", &[]);
        twin.id = "twin".into();
        draft.apis.push(twin);
        draft.agreements.clear();
    });
    assert_eq!(
        found,
        [
            "apis[0].version: `1.0` is not a semantic version; write MAJOR.MINOR.PATCH",
            "apis[1].version: `01.0.0` is not a semantic version; write MAJOR.MINOR.PATCH",
            "apis[2].version: `1.0.0-` is not a semantic version; write MAJOR.MINOR.PATCH",
            "apis[3].version: `0.9.0` must begin with 1 or more when the state is active (REST profile VER.12)",
            "apis[4].version: `1.1.0` must begin with 0 while the state is alpha or beta (REST profile VER.11)",
            "apis[5].version: apis[4] is already served at `/api4/v1`: one major version, one API",
        ]
    );
}

#[test]
fn lifecycle_dates_and_successor() {
    let found = after(|draft| {
        draft.apis[0].state = LifecycleState::Deprecated;
        draft.apis[0].sunset_at = Some(i64::MAX);
        draft.apis[0].successor = Some("javascript:alert(1)".into());
        let mut second = api("cases", "2.0.0", &[]);
        second.deprecated_at = Some(2_000);
        second.sunset_at = Some(1_000);
        second.successor = Some("/cases/v3>; rel=evil".into());
        second.released = "31 January".into();
        draft.apis.push(second);
    });
    assert_eq!(
        found,
        [
            "apis[0].deprecated_at: is missing; a deprecated API says since when (RFC 9745)",
            "apis[0].sunset_at: is not a time that can be written as an HTTP date",
            "apis[0].successor: `javascript:alert(1)` is neither an absolute URL nor a path beginning with `/`",
            "apis[1].released: `31 January` is not a date; write YYYY-MM-DD",
            "apis[1].sunset_at: is before deprecated_at; an API is deprecated before it goes away (RFC 9745 section 4)",
            "apis[1].successor: `/cases/v3>; rel=evil` is neither an absolute URL nor a path beginning with `/`",
        ]
    );
}

#[test]
fn what_an_api_must_say() {
    let found = after(|draft| {
        let api = &mut draft.apis[0];
        api.name = "Case_Status".into();
        api.title = " ".into();
        api.audience = String::new();
        api.backend = None;
        api.deadline = Duration::ZERO;
        api.idle_timeout = Duration::ZERO;
        api.limits = vec!["per-application".into(), "per-application".into()];
        api.cors = Some(Cors {
            origins: vec![http::HeaderValue::from_static("https://a.se")],
            any_origin: true,
        });
    });
    assert_eq!(
        found,
        [
            "apis[0].name: `Case_Status` is not a URL name; use a-z, 0-9 and `-`, beginning with a letter",
            "apis[0].title: must not be empty",
            "apis[0].audience: must not be empty",
            "apis[0].cors: allows any origin and names some; choose one",
            "apis[0].deadline: must be longer than zero",
            "apis[0].idle_timeout: must be longer than zero",
            "apis[0].limits[1]: `per-application` is named twice",
            "apis[0].backend: is missing; the API's routes need one",
        ]
    );
}

#[test]
fn personal_data_is_never_open() {
    let found = after(|draft| {
        let api = &mut draft.apis[0];
        api.personal_data = true;
        api.authentication = Authentication::None;
        api.routes = vec![route("GET /cases"), route("GET /api-info")];
        api.routes[0].authentication = Some(Authentication::None);
        api.routes[1].authentication = Some(Authentication::None);
        draft
            .agreements
            .push(agreement("terms", AgreementKind::Anvandarvillkor));
    });
    assert_eq!(
        found,
        [
            "apis[0].authentication: must not be none: the API holds personal data",
            "apis[0].routes[0].authentication: must not be none on `/cases`: the API holds personal data",
            "agreements[1].apis[0]: `cases-v1` holds personal data, which anvandarvillkor cannot grant; use another kind of agreement",
        ]
    );
}

#[test]
fn backends() {
    let found = after(|draft| {
        draft.backends[0].addresses.clear();
        draft.backends[0].connect_timeout = Duration::ZERO;
        let mut second = backend("second", "http://user@host");
        second.addresses.push("http://host/".into());
        second.addresses.push("http://host".into());
        draft.backends.push(second);
    });
    assert_eq!(
        found,
        [
            "backends[0].addresses: must name at least one address",
            "backends[0].connect_timeout: must be longer than zero",
            "backends[1].addresses[0]: must not hold a user name or password",
            "backends[1].addresses[2]: `http://host` is named twice",
        ]
    );
}

#[test]
fn limits() {
    let found = after(|draft| {
        draft.limits[0].quota = 0;
        draft.limits[0].name = "two words".into();
        draft.limits[0].window = Duration::from_millis(1_500);
        let mut second = limit("second");
        second.burst = Some(601);
        let mut third = limit("third");
        third.burst = Some(0);
        draft.limits.extend([second, third]);
    });
    assert_eq!(
        found,
        [
            "limits[0].name: must be visible ASCII without quotes: it is sent in RateLimit-Policy",
            "limits[0].window: must be a whole number of seconds, at least one",
            "limits[0].quota: must be at least 1; to refuse every call, end the agreement",
            "limits[1].burst: is 601, more than the quota of 600",
            "limits[2].burst: must be at least 1; a burst of nothing admits nothing",
        ]
    );
}

#[test]
fn agreements() {
    let found = after(|draft| {
        draft
            .organisations
            .push(organisation("other-agency", OrganisationKind::StateAgency));
        let mut between_agencies = agreement("two", AgreementKind::Avtal);
        between_agencies.consumers.push("other-agency".into());
        let mut allowed = agreement("three", AgreementKind::Overenskommelse);
        allowed.consumers = vec!["other-agency".into()];
        let mut empty = agreement("four", AgreementKind::Avtal);
        empty.purpose = String::new();
        empty.valid_to = Some(empty.valid_from);
        empty.apis.clear();
        empty.producers.clear();
        empty.consumers.clear();
        let mut crossed = agreement("five", AgreementKind::Avtal);
        crossed.producers = vec!["bank".into()];
        crossed.consumers = vec!["other-agency".into()];
        crossed.applications = vec!["bank-app".into()];
        let with_private = agreement("six", AgreementKind::Overenskommelse);
        draft
            .agreements
            .extend([between_agencies, allowed, empty, crossed, with_private]);
    });
    assert_eq!(
        found,
        [
            "agreements[1].kind: `agency` and `other-agency` are both state agencies, which cannot have an avtal with each other; use overenskommelse",
            "agreements[3].purpose: must not be empty",
            "agreements[3].valid_to: is not after valid_from; the agreement would never be in force",
            "agreements[3].producers: must name at least one",
            "agreements[3].consumers: must name at least one",
            "agreements[3].apis: must name at least one",
            "agreements[4].apis[0]: `cases-v1` belongs to `agency`, which is not one of the producers",
            "agreements[4].applications[0]: `bank-app` belongs to `bank`, which is not one of the consumers",
            "agreements[5].kind: `bank` is a private actor, and an overenskommelse is between public parties only; use avtal",
        ]
    );
}

#[test]
fn the_gateways_own_documents() {
    let found = after(|draft| {
        draft.apis[0].documents = vec![("/docs".into(), document("a")), ("/docs".into(), document("b"))];
        let paths = [
            "/problems/unknown",
            "problems",
            "/cases/v1/other",
            "/a/{b}",
            "/problems/unknown",
        ];
        draft.documents = paths.map(|path| (path.to_owned(), document("c"))).into();
    });
    assert_eq!(
        found,
        [
            "apis[0].documents[1]: `/docs` collides with `GET /cases/v1/docs`: same method, same shape",
            "documents[1].path: `problems` must begin with `/`",
            "documents[2].path: `/cases/v1/other` lies under an API; add it to that API's documents",
            "documents[3].path: `/a/{b}` must not hold parameters",
            "documents[4].path: `/problems/unknown` is named twice",
        ]
    );
}
