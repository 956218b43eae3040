//! Acting for somebody else: whoever knows for whom is asked each time, and nobody acts while nobody can say.

use crate::person_codes::{Journey, journey_with};
use crate::service_support::{CASES, ISSUER, JWT_BEARER, claims, now};
use axum::routing::post;
use axum::{Json, Router};
use identity::people::{Actor, Item, NewConsent, PersonId, PersonNumber, RelationKind, RelationSettings, Relations};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const CHILD: &str = "189005019801";

/// A register that answers as it is told; `None`: not at all.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Option<Value>>>);

impl Told {
    fn says(&self, answer: Option<Value>) {
        *self.0.lock().unwrap() = answer;
    }

    /// Starts it; gives its address.
    async fn start(&self) -> String {
        let told = self.clone();
        let answer = move |Json(asked): Json<Value>| {
            let answer = told.0.lock().unwrap().clone();
            async move {
                assert_eq!(asked["personNumber"].as_str().map(str::len), Some(12), "by number");
                answer.map(Json).ok_or(axum::http::StatusCode::SERVICE_UNAVAILABLE)
            }
        };
        let router = Router::new().route("/parties/relations", post(answer));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }
}

fn guardian(may_act: bool) -> Value {
    json!({ "relations": [
        { "kind": "guardian", "partyId": "x", "personNumber": CHILD, "name": "Gry", "mayAct": may_act },
        { "kind": "nextOfKin", "personNumber": "189005019819", "name": "Cilla", "mayAct": true },
        { "kind": "representative", "personNumber": "not a number", "name": "Bolag", "mayAct": true },
    ] })
}

/// A guardian's consent for her child, and the child.
async fn for_the_child(journey: &Journey) -> (String, PersonId) {
    let child = journey
        .people
        .person(&PersonNumber::read(CHILD).unwrap())
        .await
        .unwrap();
    let items = [Item {
        api: CASES.to_owned(),
        agency: "agency".to_owned(),
        scope: "cases.read".to_owned(),
    }];
    let new = NewConsent {
        person: &journey.person,
        acts_for: Some(&child),
        relation: Some("guardian"),
        application: "app",
        organisation: "bank",
        agreement: "avtal-1",
        purpose: "tests",
        assurance: "loa3",
        items: &items,
        ends_at: i64::MAX / 2,
    };
    (journey.people.consent(&new).await.unwrap(), child)
}

#[tokio::test]
async fn only_who_may_act_and_can_be_named_is_offered() {
    let told = Told::default();
    let journey = journey_with(Some(relations(&told).await)).await;
    told.says(Some(guardian(true)));
    let offered = journey.people.represented(&journey.person).await.unwrap();
    assert_eq!(offered.len(), 1, "{offered:?}");
    assert_eq!(
        (offered[0].kind, offered[0].name.as_str()),
        (RelationKind::Guardian, "Gry")
    );
    assert!(!format!("{offered:?}").contains("Gry"), "a name is not for logs");
    told.says(Some(guardian(false)));
    assert!(journey.people.represented(&journey.person).await.unwrap().is_empty());
    told.says(Some(json!({ "relations": "all of them" })));
    assert!(journey.people.represented(&journey.person).await.is_err());
}

async fn relations(told: &Told) -> Relations {
    let settings = RelationSettings {
        url: told.start().await,
        key: None,
    };
    Relations::new(settings).unwrap()
}

#[tokio::test]
async fn a_token_names_who_acts_and_is_not_made_once_the_relation_has_ended() {
    let told = Told::default();
    let journey = journey_with(Some(relations(&told).await)).await;
    let (consent, child) = for_the_child(&journey).await;
    let party = journey.people.party_id(&child, "bank").await.unwrap();
    let actor = Actor {
        party_id: journey.party_id.clone(),
        relation: "guardian".to_owned(),
    };
    told.says(Some(guardian(true)));
    let code = journey.code_for(&consent, &party, Some(actor.clone())).await;
    let given = journey.redeem(&code, ("x", "y")).await;
    assert_eq!(given.status, 200, "{given:?}");
    let claims = claims(given.body["access_token"].as_str().unwrap());
    assert_eq!(claims["sub"], party.as_str());
    let act = &claims["act"];
    assert_eq!(
        (&act["sub"], &act["relation"]),
        (&json!(journey.party_id), &json!("guardian"))
    );
    // The agency's own id of her goes along, for the agency's side alone: to backends, and to the agency when it asks.
    let known_as = journey.people.party_id(&journey.person, "agency").await.unwrap();
    assert!(
        act["party"].is_string() && !claims.to_string().contains(&known_as),
        "{claims}"
    );
    let token = given.body["access_token"].as_str().unwrap();
    let representative = journey.claims(token).representative.clone().unwrap();
    assert_eq!(
        (representative.known_as.as_deref(), &*representative.relation),
        (Some(known_as.as_str()), "guardian")
    );
    let told_by = async |client: &str, token: &str| {
        let form = [
            ("client_assertion_type", JWT_BEARER.to_owned()),
            (
                "client_assertion",
                journey.node.key.assertion(client, ISSUER, now()).unwrap(),
            ),
            ("token", token.to_owned()),
        ];
        journey.node.post("/oauth2/introspect", &form, &[]).await.body["act"].clone()
    };
    let seen = |id: &str| json!({ "sub": id, "relation": "guardian" });
    assert_eq!(told_by("app", token).await, seen(&journey.party_id));
    assert_eq!(told_by("agency-app", token).await, seen(&known_as));
    let exchanged = journey.exchange(token, &[("scope", "cases.read")]).await.token();
    assert_eq!(
        told_by("agency-app", &exchanged).await,
        json!({ "sub": "app", "act": seen(&known_as) })
    );
    assert_eq!(
        journey
            .claims(&exchanged)
            .representative
            .clone()
            .unwrap()
            .known_as
            .as_deref(),
        Some(known_as.as_str())
    );

    told.says(Some(guardian(false)));
    let code = journey.code_for(&consent, &party, Some(actor.clone())).await;
    let refused = journey.redeem(&code, ("x", "y")).await;
    assert_eq!(
        (refused.status, &refused.body["error"]),
        (400, &json!("invalid_grant")),
        "{refused:?}"
    );
    let refresh = given.body["refresh_token"].as_str().unwrap();
    let refused = journey.refresh(refresh, &[], &[]).await;
    assert_eq!(
        (refused.status, &refused.body["error"]),
        (400, &json!("invalid_grant")),
        "{refused:?}"
    );
    told.says(Some(guardian(true)));
    assert_eq!(
        journey.refresh(refresh, &[], &[]).await.status,
        200,
        "it was not used up"
    );
}

#[tokio::test]
async fn while_the_register_is_gone_nobody_acts_for_another() {
    let told = Told::default();
    let journey = journey_with(Some(relations(&told).await)).await;
    let (consent, child) = for_the_child(&journey).await;
    let party = journey.people.party_id(&child, "bank").await.unwrap();
    let actor = Actor {
        party_id: journey.party_id.clone(),
        relation: "guardian".to_owned(),
    };
    let code = journey.code_for(&consent, &party, Some(actor)).await;
    let refused = journey.redeem(&code, ("x", "y")).await;
    assert_eq!(refused.status, 503, "{refused:?}");
    // For herself she goes on.
    let own = journey.code(&journey.consent().await).await;
    assert_eq!(journey.redeem(&own, ("x", "y")).await.status, 200);
    // It is back, and so is the code, which was not used up.
    told.says(Some(guardian(true)));
    assert_eq!(journey.redeem(&code, ("x", "y")).await.status, 200);
}
