//! Which agreement decides.

use crate::fixture::{agreement, api, compiled, draft, route};
use http::Method;
use snapshot::{Access, AgreementKind, ApplicationDraft, Draft, Found, Snapshot};

/// What the bank's app hears about `cases-v1`, in words.
fn ask(draft: &Draft, now: i64) -> String {
    let snapshot = compiled(draft);
    let application = snapshot.find_application("bank-app").unwrap();
    words(
        &snapshot,
        snapshot.access(application, snapshot.find_api("cases-v1").unwrap(), now),
    )
}

fn words(snapshot: &Snapshot, access: Access) -> String {
    match access {
        Access::Granted(index) => format!("granted {}", snapshot.agreement(index).id),
        Access::Ended(index) => format!("ended {}", snapshot.agreement(index).id),
        Access::NotYet(index) => format!("not yet {}", snapshot.agreement(index).id),
        Access::Suspended(index) => format!("suspended {}", snapshot.agreement(index).id),
        Access::Missing => "missing".to_owned(),
    }
}

#[test]
fn an_agreement_begins_at_its_first_second_and_ends_before_its_last() {
    let mut draft = draft();
    draft.agreements[0].valid_to = Some(2_000);
    let answers: Vec<String> = [999, 1_000, 1_999, 2_000].map(|now| ask(&draft, now)).into();
    assert_eq!(answers, ["not yet one", "granted one", "granted one", "ended one"]);
}

#[test]
fn a_suspended_agreement_admits_nothing_while_it_would_be_in_force() {
    let mut draft = draft();
    draft.agreements[0].suspended = true;
    assert_eq!(ask(&draft, 1_500), "suspended one");
}

#[test]
fn the_agreement_in_force_wins_whatever_the_order() {
    let mut ended = agreement("ended", AgreementKind::Avtal);
    ended.valid_to = Some(1_500);
    let mut older = agreement("older", AgreementKind::Avtal);
    older.valid_to = Some(1_200);
    let mut future = agreement("future", AgreementKind::Avtal);
    future.valid_from = 9_000;
    let in_force = agreement("in-force", AgreementKind::Avtal);
    let mut draft = draft();
    draft.agreements = vec![ended.clone(), in_force.clone(), future.clone(), older.clone()];
    assert_eq!(ask(&draft, 2_000), "granted in-force");
    draft.agreements.reverse();
    assert_eq!(ask(&draft, 2_000), "granted in-force");
    draft.agreements = vec![older.clone(), ended.clone()];
    assert_eq!(ask(&draft, 2_000), "ended ended");
    draft.agreements = vec![ended, future, older];
    assert_eq!(ask(&draft, 2_000), "not yet future");
}

#[test]
fn an_agreement_may_name_applications() {
    let mut draft = draft();
    let mut other = draft.applications[0].clone();
    other.id = "bank-other".into();
    draft.applications.push(other);
    draft.agreements[0].applications = vec!["bank-other".into()];
    let snapshot = compiled(&draft);
    let api = snapshot.find_api("cases-v1").unwrap();
    let of = |id: &str| {
        words(
            &snapshot,
            snapshot.access(snapshot.find_application(id).unwrap(), api, 2_000),
        )
    };
    assert_eq!(of("bank-app"), "missing");
    assert_eq!(of("bank-other"), "granted one");
}

#[test]
fn an_agreement_covers_its_own_apis_and_parties_only() {
    let mut draft = draft();
    draft.apis.push(api("cases", "2.0.0", &["GET /cases"]));
    draft.applications.push(ApplicationDraft {
        own_agreements_only: false,
        id: "agency-app".into(),
        name: "The agency's own".into(),
        organisation: "agency".into(),
        ..ApplicationDraft::default()
    });
    let snapshot = compiled(&draft);
    let (bank, agency) = (
        snapshot.find_application("bank-app").unwrap(),
        snapshot.find_application("agency-app").unwrap(),
    );
    let (first, second) = (
        snapshot.find_api("cases-v1").unwrap(),
        snapshot.find_api("cases-v2").unwrap(),
    );
    assert_eq!(words(&snapshot, snapshot.access(bank, first, 2_000)), "granted one");
    assert_eq!(snapshot.access(bank, second, 2_000), Access::Missing);
    assert_eq!(snapshot.access(agency, first, 2_000), Access::Missing);
}

#[test]
fn among_agreements_in_force_the_one_with_the_routes_scopes_is_named() {
    let mut draft = draft();
    let mut read = route("GET /read");
    read.scopes = vec!["cases.read".into()];
    let mut write = route("POST /write");
    write.scopes = vec!["cases.read".into(), "cases.write".into()];
    draft.apis[0].routes = vec![read, write];
    let (mut reading, mut writing) = (
        agreement("reading", AgreementKind::Avtal),
        agreement("writing", AgreementKind::Avtal),
    );
    reading.scopes = vec!["cases.read".into()];
    writing.scopes = vec!["cases.write".into(), "cases.read".into()];
    draft.agreements = vec![writing.clone(), reading.clone()];
    for _ in 0..2 {
        let snapshot = compiled(&draft);
        let application = snapshot.find_application("bank-app").unwrap();
        let Found::Route(write) = snapshot.find(&Method::POST, "/cases/v1/write") else {
            panic!("not found")
        };
        assert_eq!(
            words(&snapshot, snapshot.access_to_route(application, write, 2_000)),
            "granted writing"
        );
        draft.agreements.reverse();
    }
    draft.agreements = vec![reading];
    let snapshot = compiled(&draft);
    let Found::Route(write) = snapshot.find(&Method::POST, "/cases/v1/write") else {
        panic!("not found")
    };
    let Found::Route(read) = snapshot.find(&Method::GET, "/cases/v1/read") else {
        panic!("not found")
    };
    let Access::Granted(found) = snapshot.access_to_route(snapshot.find_application("bank-app").unwrap(), write, 2_000)
    else {
        panic!("an agreement in force is named even when its scopes fall short")
    };
    assert!(!snapshot.agreement_grants(found, write));
    assert!(snapshot.agreement_grants(found, read));
}

#[test]
fn an_agreement_without_scopes_grants_all_scopes_of_its_apis() {
    let mut draft = draft();
    draft.apis[0].routes[0].scopes = vec!["cases.read".into()];
    let snapshot = compiled(&draft);
    let Found::Route(route) = snapshot.find(&Method::GET, "/cases/v1/cases") else {
        panic!("not found")
    };
    let Access::Granted(found) = snapshot.access_to_route(snapshot.find_application("bank-app").unwrap(), route, 2_000)
    else {
        panic!("not granted")
    };
    assert!(snapshot.agreement_grants(found, route));
}

#[test]
fn a_suppliers_application_calls_for_the_consumer_that_the_agreement_has() {
    let mut draft = draft();
    for (id, application) in [("vendor", "vendor-app"), ("other-bank", "other-app")] {
        draft.organisations.push(snapshot::OrganisationDraft {
            id: id.into(),
            name: id.into(),
            kind: snapshot::OrganisationKind::PrivateActor,
        });
        draft.applications.push(ApplicationDraft {
            id: application.into(),
            name: application.into(),
            organisation: id.into(),
            ..ApplicationDraft::default()
        });
    }
    let mut delegated = agreement("delegated", AgreementKind::Avtal);
    delegated.suppliers = vec!["vendor".into()];
    delegated.applications = vec!["vendor-app".into(), "bank-app".into()];
    draft.agreements = vec![delegated];
    let ask = |draft: &Draft, application: &str| {
        let snapshot = compiled(draft);
        let application = snapshot.find_application(application).unwrap();
        let Access::Granted(agreement) = snapshot.access(application, snapshot.find_api("cases-v1").unwrap(), 1_500)
        else {
            panic!("not granted")
        };
        let name = |index| snapshot.organisation(index).id.to_string();
        let delegation = snapshot.delegation(application, agreement)?;
        Some((name(delegation.supplier), delegation.consumer.map(name)))
    };
    let vendor = |consumer: Option<&str>| Some(("vendor".to_owned(), consumer.map(str::to_owned)));
    assert_eq!(ask(&draft, "vendor-app"), vendor(Some("bank")));
    assert_eq!(ask(&draft, "bank-app"), None);
    // Nobody can tell for which of several.
    draft.agreements[0].consumers.push("other-bank".into());
    assert_eq!(ask(&draft, "vendor-app"), vendor(None));
    // Who is both calls for itself.
    draft.agreements[0].consumers.push("vendor".into());
    assert_eq!(ask(&draft, "vendor-app"), None);
}
