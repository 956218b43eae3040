//! The party register: whoever has the key learns what an agency knows a person by, of its own organisation's people.

use axum::body::Body;
use axum::http::Request;
use database::Database;
use identity::api_key::{Pepper, SecretText};
use identity::people::{
    Item, MIGRATIONS, NewConsent, People, PersonId, PersonKeys, PersonNumber, Register, RegisterSettings,
};
use serde_json::{Value, json};
use tower::ServiceExt;

const NUMBER: &str = "189001019802";

async fn ask(register: &Register, key: &str, path: &str, question: &Value) -> (u16, Value) {
    let request = Request::post(path)
        .header("authorization", format!("Bearer {key}"))
        .body(Body::from(question.to_string()))
        .unwrap();
    let response = register.router().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

/// An installation with one person, and what the services of two organisations know them by.
struct World {
    people: People,
    person: PersonId,
    own: String,
    banks: String,
    register: Register,
    _directory: tempfile::TempDir,
}

async fn world() -> World {
    let directory = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", directory.path().join("people.sqlite").display());
    let database = Database::open(&address, &[MIGRATIONS]).await.unwrap();
    let keys = PersonKeys::from_secrets(&Pepper::from_bytes([1; 32]), &[]).unwrap();
    let people = People::new(database, keys);
    let person = people.person(&PersonNumber::read(NUMBER).unwrap()).await.unwrap();
    let settings = RegisterSettings {
        organisation: "services".to_owned(),
        key: SecretText::new("secret".to_owned()),
        behind: None,
    };
    World {
        own: people.party_id(&person, "services").await.unwrap(),
        banks: people.party_id(&person, "bank").await.unwrap(),
        register: Register::new(people.clone(), settings).unwrap(),
        people,
        person,
        _directory: directory,
    }
}

#[tokio::test]
async fn only_the_organisation_that_knows_a_person_learns_their_number_and_only_with_the_key() {
    let World {
        own, banks, register, ..
    } = &world().await;
    let lookup = |party: &str| json!({ "partyId": party, "organisationId": "agency" });

    let (status, known) = ask(register, "secret", "/parties/lookups", &lookup(own)).await;
    assert_eq!((status, &known["identifier"]), (200, &json!(NUMBER)));
    for key in ["", "other", "secret2"] {
        assert_eq!(ask(register, key, "/parties/lookups", &lookup(own)).await.0, 401);
    }
    // What the consumer has in its token leads nowhere here.
    for stranger in [banks.as_str(), "nobody", ""] {
        assert_eq!(
            ask(register, "secret", "/parties/lookups", &lookup(stranger)).await.0,
            404
        );
    }
    assert_eq!(
        ask(register, "secret", "/parties/lookups", &json!({ "x": 1 })).await.0,
        422
    );
    let whose = json!({ "partyId": own });
    assert_eq!(ask(register, "secret", "/parties/engagements", &whose).await.0, 404);

    // The other way, for what an agency pushes.
    let identification = json!({ "organisationId": "agency", "identifier": NUMBER });
    let (status, found) = ask(register, "secret", "/parties/identifications", &identification).await;
    assert_eq!((status, &found["partyId"]), (200, &json!(own)));
    let nobody = json!({ "organisationId": "agency", "identifier": "p00" });
    assert_eq!(
        ask(register, "secret", "/parties/identifications", &nobody).await.0,
        404
    );
}

#[tokio::test]
async fn how_a_consent_stands_is_told_to_the_organisation_whose_key_is_shown_and_to_nobody_else() {
    let world = world().await;
    let items = [Item {
        api: "channels-v1".to_owned(),
        agency: "services".to_owned(),
        scope: "cases.events.subscribe".to_owned(),
    }];
    let new = NewConsent {
        person: &world.person,
        acts_for: None,
        relation: None,
        application: "app",
        organisation: "bank",
        agreement: "a-1",
        purpose: "Säga till",
        assurance: "loa3",
        items: &items,
        ends_at: i64::MAX / 2,
    };
    let consent = world.people.consent(&new).await.unwrap();
    let question = |party: &str, organisation: &str, scope: &str| json!({ "partyId": party, "organisationId": organisation, "applicationId": "app", "scope": scope });
    let check = async |key: &str, question: Value| ask(&world.register, key, "/consents/checks", &question).await;
    let scope = "cases.events.subscribe";
    for (key, party, organisation, asked, expected) in [
        ("secret", &world.own, "services", scope, (200, "inForce")),
        ("secret", &world.own, "services", "cases.read", (200, "ended")),
        ("secret", &world.banks, "services", scope, (200, "unknown")),
        // The key is one organisation's: it says nothing of how others know people.
        ("secret", &world.banks, "bank", scope, (403, "")),
        ("", &world.own, "services", scope, (401, "")),
        ("other", &world.own, "services", scope, (401, "")),
    ] {
        let (status, answer) = check(key, question(party, organisation, asked)).await;
        assert_eq!(
            (status, answer["status"].as_str().unwrap_or_default()),
            expected,
            "{key} {organisation}"
        );
    }
    assert_eq!(check("secret", json!({ "partyId": world.own })).await.0, 422);
    world.people.withdraw(&world.person, &consent).await.unwrap();
    let (_, answer) = check("secret", question(&world.own, "services", scope)).await;
    assert_eq!(answer["status"], "ended");
}
