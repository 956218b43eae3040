//! People's identities, consents and readings, on both databases.

use database::Database;
use identity::api_key::Pepper;
use identity::people::{
    Item, MIGRATIONS, NewConsent, NewReading, People, PeopleError, PersonId, PersonKeys, PersonNumber, Readings, Role,
    Standing, WordKind,
};
use std::path::Path;

const NUMBER: &str = "189001019802";

async fn databases(directory: &Path) -> Vec<Database> {
    let file = format!("sqlite:{}", directory.join("people.sqlite").display());
    let postgres = database::testing::postgres().await;
    let mut all = Vec::new();
    for address in [file, postgres] {
        all.push(Database::open(&address, &[MIGRATIONS]).await.unwrap());
    }
    all
}

fn secret(byte: u8) -> Pepper {
    Pepper::from_bytes([byte; 32])
}

fn people(database: &Database, first: u8, others: &[u8]) -> People {
    let others: Vec<Pepper> = others.iter().map(|byte| secret(*byte)).collect();
    People::new(
        database.clone(),
        PersonKeys::from_secrets(&secret(first), &others).unwrap(),
    )
}

fn number() -> PersonNumber {
    PersonNumber::read("18900101-9802").unwrap()
}

#[tokio::test]
async fn each_organisation_knows_a_person_by_an_id_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    for database in databases(directory.path()).await {
        let people = people(&database, 1, &[]);
        let person = people.person(&number()).await.unwrap();
        assert_eq!(person, people.person(&number()).await.unwrap());
        let bank = people.party_id(&person, "bank").await.unwrap();
        let landlord = people.party_id(&person, "landlord").await.unwrap();
        assert_ne!(bank, landlord);
        assert_eq!(bank, people.party_id(&person, "bank").await.unwrap());
        assert_eq!(people.person_of(&bank, "bank").await.unwrap(), Some(person.clone()));
        assert_eq!(people.person_of(&bank, "landlord").await.unwrap(), None);
        assert_eq!(people.person_of("nobody", "bank").await.unwrap(), None);
        assert_eq!(people.number(&person).await.unwrap().unwrap().expose(), NUMBER);
    }
}

#[tokio::test]
async fn who_logs_in_twice_at_once_is_one_person() {
    let directory = tempfile::tempdir().unwrap();
    for database in databases(directory.path()).await {
        let people = people(&database, 1, &[]);
        let logins = (0..8).map(|_| {
            let people = people.clone();
            tokio::spawn(async move { people.person(&number()).await.unwrap() })
        });
        let logins: Vec<_> = logins.collect();
        let mut found = Vec::new();
        for login in logins {
            found.push(login.await.unwrap());
        }
        assert!(found.windows(2).all(|two| two[0] == two[1]));
    }
}

#[tokio::test]
async fn after_a_rotation_the_new_key_alone_finds_everybody() {
    let directory = tempfile::tempdir().unwrap();
    for database in databases(directory.path()).await {
        let before = people(&database, 1, &[]);
        let person = before.person(&number()).await.unwrap();
        let bank = before.party_id(&person, "bank").await.unwrap();

        let both = people(&database, 2, &[1]);
        assert_eq!(
            both.person(&number()).await.unwrap(),
            person,
            "the old row is found while both keys are there"
        );
        assert_eq!(both.rotate().await.unwrap(), 2);
        assert_eq!(both.rotate().await.unwrap(), 0);

        let after = people(&database, 2, &[]);
        assert_eq!(after.person(&number()).await.unwrap(), person);
        assert_eq!(after.party_id(&person, "bank").await.unwrap(), bank);
        assert_eq!(after.person_of(&bank, "bank").await.unwrap(), Some(person.clone()));
        assert!(matches!(before.number(&person).await, Err(PeopleError::Sealed)));
    }
}

#[tokio::test]
async fn a_copied_database_holds_no_number_and_joins_no_ids() {
    let directory = tempfile::tempdir().unwrap();
    let database = databases(directory.path()).await.remove(0);
    let people = people(&database, 1, &[]);
    let person = people.person(&number()).await.unwrap();
    people.party_id(&person, "bank").await.unwrap();
    database.close().await;
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let content = std::fs::read(entry.unwrap().path()).unwrap();
        let text = String::from_utf8_lossy(&content);
        assert!(!text.contains(&NUMBER[2..]), "a number is stored in clear");
        assert!(
            !text.contains("bank"),
            "which organisations know a person is stored in clear"
        );
    }
    assert!(!format!("{:?} {person:?} {people:?}", number()).contains(NUMBER));
}

fn items() -> Vec<Item> {
    ["cases.read", "contacts.read"]
        .map(|scope| Item {
            api: "https://api.example/cases".to_owned(),
            agency: "exempelby".to_owned(),
            scope: scope.to_owned(),
        })
        .into()
}

async fn child(people: &People) -> PersonId {
    people
        .person(&PersonNumber::read("189005019801").unwrap())
        .await
        .unwrap()
}

async fn consent(people: &People, person: &PersonId, child: &PersonId, ends_at: i64) -> String {
    let new = NewConsent {
        person,
        acts_for: Some(child),
        relation: Some("guardian"),
        application: "app",
        organisation: "bank",
        agreement: "a-1",
        purpose: "Visa ärenden",
        assurance: "loa3",
        items: &items(),
        ends_at,
    };
    people.consent(&new).await.unwrap()
}

#[tokio::test]
async fn a_withdrawn_consent_names_its_tokens_and_admits_no_new_one() {
    let directory = tempfile::tempdir().unwrap();
    for database in databases(directory.path()).await {
        let people = people(&database, 1, &[]);
        let person = people.person(&number()).await.unwrap();
        let other = people
            .person(&PersonNumber::read("189001019810").unwrap())
            .await
            .unwrap();
        let child = child(&people).await;
        let id = consent(&people, &person, &child, i64::MAX / 2).await;
        let in_force = people.consent_in_force(&id).await.unwrap();
        assert_eq!(
            (in_force.items.as_slice(), in_force.acts_for.as_ref()),
            (items().as_slice(), Some(&child))
        );

        people.note_token(&id, "family", "long", i64::MAX / 2).await.unwrap();
        people.note_token(&id, "family", "ended", 1).await.unwrap();
        assert!(matches!(
            people.withdraw(&other, &id).await,
            Err(PeopleError::NoConsent)
        ));
        assert_eq!(people.withdraw(&person, &id).await.unwrap(), ["long"]);
        assert!(matches!(
            people.consent_in_force(&id).await,
            Err(PeopleError::NoConsent)
        ));
        let late = people.note_token(&id, "family", "late", i64::MAX / 2).await;
        assert!(matches!(late, Err(PeopleError::NoConsent)));
        let all = people.consents(&person).await.unwrap();
        assert!(all.len() == 1 && !all[0].in_force && all[0].withdrawn_at.is_some());
        assert!(people.consents(&other).await.unwrap().is_empty());
        // Whom it is about sees it too, and may take it back; nobody else may.
        let seen = people.consents(&child).await.unwrap();
        assert_eq!((all[0].role, seen[0].role), (Role::Actor, Role::Subject));
        assert_eq!(people.withdraw(&child, &id).await.unwrap(), ["long"]);
    }
}

#[tokio::test]
async fn services_that_act_later_are_told_how_a_consent_stands() {
    let directory = tempfile::tempdir().unwrap();
    for database in databases(directory.path()).await {
        let people = people(&database, 1, &[]);
        let person = people.person(&number()).await.unwrap();
        let party = people.party_id(&person, "services").await.unwrap();
        let standing = |party: &str, application: &'static str, scope: &'static str| {
            let (people, party) = (people.clone(), party.to_owned());
            async move { people.standing(&party, "services", application, scope).await.unwrap() }
        };
        assert_eq!(
            standing(&party, "app", "cases.read").await,
            Standing::Ended,
            "nothing was said yet"
        );
        let child = child(&people).await;
        consent(&people, &person, &child, i64::MAX / 2).await;
        let for_a_child = standing(&party, "app", "cases.read").await;
        assert_eq!(
            for_a_child,
            Standing::Ended,
            "what was said for a child is not said for oneself"
        );
        let child = people.party_id(&child, "services").await.unwrap();
        assert_eq!(standing(&child, "app", "cases.read").await, Standing::InForce);
        let own = NewConsent {
            person: &person,
            acts_for: None,
            relation: None,
            application: "app",
            organisation: "bank",
            agreement: "a-1",
            purpose: "Visa ärenden",
            assurance: "loa3",
            items: &items(),
            ends_at: i64::MAX / 2,
        };
        let id = people.consent(&own).await.unwrap();
        assert_eq!(standing(&party, "app", "cases.read").await, Standing::InForce);
        assert_eq!(standing(&party, "other", "cases.read").await, Standing::Ended);
        assert_eq!(standing(&party, "app", "cases.write").await, Standing::Ended);
        assert_eq!(standing("nobody", "app", "cases.read").await, Standing::Unknown);
        people.withdraw(&person, &id).await.unwrap();
        assert_eq!(standing(&party, "app", "cases.read").await, Standing::Ended);
    }
}

#[tokio::test]
async fn a_consent_ends_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    for database in databases(directory.path()).await {
        let people = people(&database, 1, &[]);
        let person = people.person(&number()).await.unwrap();
        let id = consent(&people, &person, &child(&people).await, 1).await;
        assert!(matches!(
            people.consent_in_force(&id).await,
            Err(PeopleError::NoConsent)
        ));
    }
}

#[tokio::test]
async fn every_reading_is_written_and_goes_into_the_export() {
    let directory = tempfile::tempdir().unwrap();
    for database in databases(directory.path()).await {
        let people = people(&database, 1, &[]);
        let person = people.person(&number()).await.unwrap();
        let child = child(&people).await;
        let id = consent(&people, &person, &child, i64::MAX / 2).await;
        let (readings, log) = Readings::new(people.clone());
        let log = tokio::spawn(log.run());
        people.note_token(&id, "family", "token-1", i64::MAX / 2).await.unwrap();
        for call in 0..150 {
            let told = readings.tell(NewReading {
                token_id: "token-1".into(),
                api: "https://api.example/cases".into(),
                operation: "GET /cases".to_owned(),
                trace: format!("{call:032x}"),
            });
            assert!(told);
        }
        readings.flush().await;
        // More than fit into one statement, of a token that is nobody's.
        for call in 0..700 {
            let told = readings.tell(NewReading {
                token_id: "unknown".into(),
                api: "https://api.example/cases".into(),
                operation: "GET /cases".to_owned(),
                trace: format!("{call:032x}"),
            });
            assert!(told);
        }
        readings.flush().await;
        let written = people.readings(&person, None).await.unwrap();
        assert_eq!(written.len(), 150);
        let first = &written[0];
        assert_eq!(
            (first.application.as_str(), first.consent.as_str()),
            ("app", id.as_str())
        );
        assert_eq!(written[0].trace, format!("{:032x}", 149));
        // Both are told: who acted, and whom it was about.
        let about = people.readings(&child, None).await.unwrap();
        assert_eq!(
            (about.len(), about[0].role, first.role),
            (150, Role::Subject, Role::Actor)
        );
        let export = people.export(&person).await.unwrap();
        assert_eq!(export["readings"].as_array().unwrap().len(), 150);
        assert_eq!(export["consents"][0]["items"][0]["scope"], "cases.read");
        assert!(!export.to_string().contains(NUMBER));
        drop(readings);
        log.await.unwrap();
    }
}

#[tokio::test]
async fn a_word_is_taken_once_and_never_for_another_kind() {
    let directory = tempfile::tempdir().unwrap();
    for database in databases(directory.path()).await {
        let people = people(&database, 1, &[]);
        let word = people.issue(WordKind::Code, &"content", 60).await.unwrap();
        assert_eq!(people.look::<String>(WordKind::Session, &word).await.unwrap(), None);
        assert_eq!(
            people.look::<String>(WordKind::Code, &word).await.unwrap().as_deref(),
            Some("content")
        );
        let takers: Vec<_> = (0..8)
            .map(|_| {
                let (people, word) = (people.clone(), word.clone());
                tokio::spawn(async move { people.take::<String>(WordKind::Code, &word).await.unwrap() })
            })
            .collect();
        let mut taken = 0;
        for taker in takers {
            taken += usize::from(taker.await.unwrap().is_some());
        }
        assert_eq!(taken, 1);
        let ended = people.issue(WordKind::Code, &"content", -1).await.unwrap();
        assert_eq!(people.look::<String>(WordKind::Code, &ended).await.unwrap(), None);
        assert_eq!(people.take::<String>(WordKind::Code, &ended).await.unwrap(), None);
    }
}
