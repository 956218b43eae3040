//! Codes that people have granted, and the tokens they become.

use crate::service_support::{BOUND, CASES, Node, claims, node, now};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use database::Database;
use identity::api_key::Pepper;
use identity::people::web::Revoke;
use identity::people::{
    Actor, Item, MIGRATIONS, NewConsent, People, PersonGrant, PersonId, PersonKeys, PersonNumber, Relations,
};
use identity::token::{Claims, TokenError, Verdict};
use std::sync::Arc;

pub(crate) const BACK: &str = "https://app.example/callback";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const VERIFIER: &str = "a-verifier-that-is-long-enough-to-be-one-0123456789";

pub(crate) struct Journey {
    pub(crate) node: Node,
    pub(crate) people: People,
    pub(crate) person: PersonId,
    pub(crate) party_id: String,
    _directory: tempfile::TempDir,
}

pub(crate) async fn journey() -> Journey {
    journey_with(None).await
}

/// With a register of relations.
pub(crate) async fn journey_with(relations: Option<Relations>) -> Journey {
    let (node, directory) = node().await;
    let address = format!("sqlite:{}", directory.path().join("people.sqlite").display());
    let database = Database::open(&address, &[MIGRATIONS]).await.unwrap();
    let keys = PersonKeys::from_secrets(&Pepper::from_bytes([1; 32]), &[]).unwrap();
    let people = People::new(database, keys);
    let people = match relations {
        Some(relations) => people.with_relations(relations),
        None => people,
    };
    node.service.serve_people(people.clone());
    let person = people
        .person(&PersonNumber::read("189001019802").unwrap())
        .await
        .unwrap();
    let party_id = people.party_id(&person, "bank").await.unwrap();
    Journey {
        node,
        people,
        person,
        party_id,
        _directory: directory,
    }
}

impl Journey {
    pub(crate) async fn consent(&self) -> String {
        let items = [Item {
            api: CASES.to_owned(),
            agency: "agency".to_owned(),
            scope: "cases.read".to_owned(),
        }];
        let new = NewConsent {
            person: &self.person,
            acts_for: None,
            relation: None,
            application: "app",
            organisation: "bank",
            agreement: "avtal-1",
            purpose: "tests",
            assurance: "loa3",
            items: &items,
            ends_at: i64::MAX / 2,
        };
        self.people.consent(&new).await.unwrap()
    }

    pub(crate) async fn code(&self, consent: &str) -> String {
        self.code_for(consent, &self.party_id, None).await
    }

    /// About this person, by somebody who acts for them.
    pub(crate) async fn code_for(&self, consent: &str, party_id: &str, actor: Option<Actor>) -> String {
        let challenge = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, VERIFIER.as_bytes());
        let grant = PersonGrant {
            client: "app".to_owned(),
            redirect_uri: BACK.to_owned(),
            challenge: URL_SAFE_NO_PAD.encode(challenge),
            resource: CASES.to_owned(),
            scopes: vec!["cases.read".to_owned()],
            consent: consent.to_owned(),
            party_id: party_id.to_owned(),
            actor,
            assurance: "loa3".to_owned(),
            logged_in_at: now(),
            key: None,
        };
        self.people.code(&grant).await.unwrap()
    }

    pub(crate) async fn redeem(&self, code: &str, changed: (&'static str, &str)) -> crate::service_support::Answer {
        let mut form = self.node.good();
        form.retain(|(name, _)| !["grant_type", "resource"].contains(name));
        for (name, value) in [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", BACK),
            ("code_verifier", VERIFIER),
        ] {
            form.push((name, value.to_owned()));
        }
        form.retain(|(name, _)| *name != changed.0);
        form.push((changed.0, changed.1.to_owned()));
        self.node.post("/oauth2/token", &form, &[]).await
    }

    pub(crate) fn claims(&self, token: &str) -> Arc<Claims> {
        let verifier = self.node.service.verifier(Vec::new()).unwrap();
        match verifier.verify(token, CASES, now()) {
            Verdict::Done(Ok(claims)) => claims,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn exchange(
        &self,
        token: &str,
        changed: &[(&'static str, &str)],
    ) -> crate::service_support::Answer {
        let mut form = self.node.good();
        for (name, value) in [
            ("grant_type", EXCHANGE),
            ("subject_token", token),
            ("subject_token_type", ACCESS_TOKEN),
        ]
        .iter()
        .chain(changed)
        {
            form.retain(|(known, _)| known != name);
            form.push((name, (*value).to_owned()));
        }
        self.node.post("/oauth2/token", &form, &[]).await
    }

    pub(crate) fn verified(&self, token: &str) -> Result<(), TokenError> {
        match self
            .node
            .service
            .verifier(Vec::new())
            .unwrap()
            .verify(token, CASES, now())
        {
            Verdict::Done(outcome) => outcome.map(drop),
            Verdict::Pending(_) => panic!("our own keys are never fetched"),
        }
    }
}

#[tokio::test]
async fn a_code_becomes_a_token_that_names_the_person_as_the_organisation_knows_them() {
    let journey = journey().await;
    let code = journey.code(&journey.consent().await).await;
    let answer = journey.redeem(&code, ("x", "y")).await;
    let said = claims(&answer.token());
    assert_eq!(said["sub"], journey.party_id.as_str());
    assert_eq!(said["client_id"], "app");
    assert_eq!(said["scope"], "cases.read");
    assert_eq!(said["acr"], "loa3");
    // The agency's own id of the person goes along, for the agency's side alone.
    let known_as = journey.people.party_id(&journey.person, "agency").await.unwrap();
    assert_ne!(known_as, journey.party_id);
    assert!(
        said["party"].is_string() && !said.to_string().contains(&known_as),
        "{said}"
    );
    assert_eq!(
        journey.claims(&answer.token()).known_as.as_deref(),
        Some(known_as.as_str())
    );
    let again = journey.redeem(&code, ("x", "y")).await;
    assert_eq!((again.status, again.error()), (400, "invalid_grant"));
}

#[tokio::test]
async fn a_code_is_worth_nothing_without_what_belongs_to_it() {
    let journey = journey().await;
    let consent = journey.consent().await;
    for (changed, error) in [
        (("redirect_uri", "https://app.example/other"), "invalid_grant"),
        (
            ("code_verifier", "another-verifier-that-is-long-enough-0123456789"),
            "invalid_grant",
        ),
        (("code", "guessed"), "invalid_grant"),
        (("resource", BOUND), "invalid_target"),
    ] {
        let answer = journey.redeem(&journey.code(&consent).await, changed).await;
        assert_eq!((answer.status, answer.error()), (400, error), "{changed:?}");
    }
}

#[tokio::test]
async fn a_withdrawal_ends_the_codes_and_the_tokens_of_its_consent() {
    let journey = journey().await;
    let (kept, withdrawn) = (journey.consent().await, journey.consent().await);
    let other = journey.redeem(&journey.code(&kept).await, ("x", "y")).await.token();
    let token = journey
        .redeem(&journey.code(&withdrawn).await, ("x", "y"))
        .await
        .token();
    let late = journey.code(&withdrawn).await;
    assert_eq!(journey.verified(&token), Ok(()));

    for id in journey.people.withdraw(&journey.person, &withdrawn).await.unwrap() {
        Revoke::revoke(&journey.node.service, &id).await.unwrap();
    }
    assert!(journey.verified(&token).is_err());
    assert_eq!(journey.verified(&other), Ok(()));
    assert_eq!(journey.redeem(&late, ("x", "y")).await.error(), "invalid_grant");
}

#[tokio::test]
async fn a_persons_token_is_exchanged_within_the_consent_and_ends_with_it() {
    let journey = journey().await;
    let consent = journey.consent().await;
    let token = journey.redeem(&journey.code(&consent).await, ("x", "y")).await.token();
    let answer = journey.exchange(&token, &[("scope", "cases.read")]).await;
    let exchanged = answer.token();
    assert_eq!(answer.body["issued_token_type"], ACCESS_TOKEN);
    let said = claims(&exchanged);
    assert_eq!(
        (said["sub"].as_str(), said["act"]["sub"].as_str()),
        (Some(&*journey.party_id), Some("app"))
    );
    assert!(said["exp"].as_i64() <= claims(&token)["exp"].as_i64());
    assert_eq!(journey.claims(&exchanged).known_as, journey.claims(&token).known_as);
    // No wider than what the person said yes to, and nothing without a person.
    for (changed, error) in [
        (("resource", BOUND), "invalid_target"),
        (("scope", "cases.write"), "invalid_scope"),
        (("subject_token", "eyJhbGciOiJub25lIn0.e30."), "invalid_grant"),
        (("actor_token", token.as_str()), "invalid_request"),
        (
            ("requested_token_type", "urn:ietf:params:oauth:token-type:jwt"),
            "invalid_request",
        ),
    ] {
        let answer = journey.exchange(&token, &[("scope", "cases.read"), changed]).await;
        assert_eq!(answer.error(), error, "{changed:?}: {answer:?}");
    }
    let own = journey.node.token().await;
    assert_eq!(journey.exchange(&own, &[]).await.error(), "invalid_grant");

    for id in journey.people.withdraw(&journey.person, &consent).await.unwrap() {
        Revoke::revoke(&journey.node.service, &id).await.unwrap();
    }
    assert_eq!(journey.verified(&exchanged), Err(TokenError::Revoked));
    assert_eq!(
        journey.exchange(&token, &[("scope", "cases.read")]).await.error(),
        "invalid_grant"
    );
}
