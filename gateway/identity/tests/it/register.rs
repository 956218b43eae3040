//! The party register: whoever has the key learns what an agency knows a person by, of its own organisation's people.

use axum::body::Body;
use axum::http::Request;
use database::Database;
use identity::api_key::{Pepper, SecretText};
use identity::people::{MIGRATIONS, People, PersonKeys, PersonNumber, Register, RegisterSettings};
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

#[tokio::test]
async fn only_the_organisation_that_knows_a_person_learns_their_number_and_only_with_the_key() {
    let directory = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", directory.path().join("people.sqlite").display());
    let database = Database::open(&address, &[MIGRATIONS]).await.unwrap();
    let keys = PersonKeys::from_secrets(&Pepper::from_bytes([1; 32]), &[]).unwrap();
    let people = People::new(database, keys);
    let person = people.person(&PersonNumber::read(NUMBER).unwrap()).await.unwrap();
    let (own, banks) = (
        people.party_id(&person, "services").await.unwrap(),
        people.party_id(&person, "bank").await.unwrap(),
    );
    let settings = RegisterSettings {
        organisation: "services".to_owned(),
        key: SecretText::new("secret".to_owned()),
        behind: None,
    };
    let register = Register::new(people, settings).unwrap();
    let lookup = |party: &str| json!({ "partyId": party, "organisationId": "agency" });

    let (status, known) = ask(&register, "secret", "/parties/lookups", &lookup(&own)).await;
    assert_eq!((status, &known["identifier"]), (200, &json!(NUMBER)));
    for key in ["", "other", "secret2"] {
        assert_eq!(ask(&register, key, "/parties/lookups", &lookup(&own)).await.0, 401);
    }
    // What the consumer has in its token leads nowhere here.
    for stranger in [banks.as_str(), "nobody", ""] {
        assert_eq!(
            ask(&register, "secret", "/parties/lookups", &lookup(stranger)).await.0,
            404
        );
    }
    assert_eq!(
        ask(&register, "secret", "/parties/lookups", &json!({ "x": 1 })).await.0,
        422
    );
    let whose = json!({ "partyId": own });
    assert_eq!(ask(&register, "secret", "/parties/engagements", &whose).await.0, 404);

    // The other way, for what an agency pushes.
    let identification = json!({ "organisationId": "agency", "identifier": NUMBER });
    let (status, found) = ask(&register, "secret", "/parties/identifications", &identification).await;
    assert_eq!((status, &found["partyId"]), (200, &json!(own)));
    let nobody = json!({ "organisationId": "agency", "identifier": "p00" });
    assert_eq!(
        ask(&register, "secret", "/parties/identifications", &nobody).await.0,
        404
    );
}
