//! A person's own cases, a child's and a company's: told apart, put together as asked for, and never mixed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use sandbox::Person;
use serde_json::Value;

use crate::support::{Answer, Running, client, party, person};

/// Who acts for whom, as the gateway says it.
const ACTORS: [(&str, &str); 3] = [("", ""), ("alva", "guardian"), ("bo", "representative")];

/// Every filter, and the words that pass it.
const FILTERS: [(&str, &[&str]); 6] = [
    ("", &["own", "child", "represented"]),
    ("&whose=own", &["own"]),
    ("&whose=child", &["child"]),
    ("&whose=represented", &["represented"]),
    ("&whose=own,child", &["own", "child"]),
    ("&whose=represented,own", &["own", "represented"]),
];

async fn list(service: &Running, of: &Person, (actor, relation): (&str, &str), filter: &str) -> Answer {
    let path = format!("/cases?limit=100{filter}");
    let actor = if actor.is_empty() { String::new() } else { party(actor) };
    let headers = [("vagvisare-actor", actor.as_str()), ("vagvisare-relation", relation)];
    let headers = if actor.is_empty() { &headers[..0] } else { &headers };
    service.get_with(&of.party_id.to_string(), &path, headers).await
}

/// Each case and whose it is.
fn whose(answer: &Answer) -> BTreeMap<String, String> {
    let text = |case: &Value, field: &str| case[field].as_str().unwrap().to_owned();
    let cases = answer.cases().into_iter();
    cases.map(|case| (text(case, "caseId"), text(case, "whose"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_asked_for_whoever_acts_nobody_sees_the_cases_of_somebody_else() {
    // No source may be late: what is late is missing, and lists are compared here.
    let service = &Running::over_sandbox_within(&[], Duration::from_secs(60)).await;
    let named = [
        "alva",
        "bo",
        "cilla",
        "gry",
        "hugo",
        "kerstin",
        "provbolaget",
        "person1",
        "person2",
    ];
    let mut of_whom: BTreeMap<String, &str> = BTreeMap::new();
    for key in named {
        let of = &person(key);
        let each = ACTORS
            .into_iter()
            .flat_map(|actor| FILTERS.map(|(filter, words)| (actor, filter, words)));
        let asked =
            each.map(|(actor, filter, words)| async move { (actor.0, words, list(service, of, actor, filter).await) });
        let answers = join_all(asked).await;
        for of_one_actor in answers.chunks(FILTERS.len()) {
            let all = whose(&of_one_actor[0].2);
            for (actor, words, answer) in of_one_actor {
                let wanted = |word: &String| words.contains(&word.as_str());
                let expected: BTreeMap<_, _> = all.clone().into_iter().filter(|(_, word)| wanted(word)).collect();
                assert_eq!(
                    (answer.status, whose(answer)),
                    (200, expected),
                    "{key} {actor} {words:?}"
                );
                for case in answer.cases() {
                    may_be_named(of, actor, case);
                }
            }
            // A case is one person's, whoever acts for them.
            for id in all.into_keys() {
                let before = of_whom.insert(id, key);
                assert!(before.is_none_or(|before| before == key), "{before:?} and {key}");
            }
        }
    }
    assert!(of_whom.len() > 15, "{}", of_whom.len());
}

/// Only who is asked about, who acts, and a child whose guardian is asked about.
fn may_be_named(of: &Person, actor: &str, case: &Value) {
    let mut known = vec![of.party_id.to_string()];
    if !actor.is_empty() {
        known.push(party(actor));
    }
    if of.key == "alva" || of.key == "bo" {
        known.push(party("gry"));
    }
    let named: BTreeSet<_> = case["parties"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["partyId"].as_str().unwrap())
        .collect();
    assert!(
        named.iter().all(|one| known.iter().any(|known| known == one)),
        "{}: {case}",
        of.key
    );
}

#[tokio::test]
async fn a_guardian_sees_whose_a_case_is_and_who_acts() {
    let service = Running::over_sandbox(&[]).await;
    // Her own list: what the region tells her as a guardian is her child's.
    let own = list(&service, &person("alva"), ("", ""), "").await;
    let region = own.of("region-exempelland")[0];
    assert_eq!(region["whose"], "child");
    let parts: Vec<_> = region["parties"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["partyId"].as_str().unwrap(), one["role"].as_str().unwrap()))
        .collect();
    let (alva, gry) = (party("alva"), party("gry"));
    assert_eq!(parts, [(alva.as_str(), "guardian"), (gry.as_str(), "applicant")]);
    assert_eq!(own.of("exempelby")[0]["whose"], "own");

    // The child's list, for which she acts: every case is the child's, and says who acts.
    let childs = list(&service, &person("gry"), ("alva", "guardian"), "&whose=child").await;
    assert_eq!(childs.cases().len(), 1);
    let case = childs.cases()[0];
    assert_eq!(
        (&case["parties"][0]["partyId"], &case["parties"][0]["role"]),
        (&gry.as_str().into(), &"applicant".into())
    );
    assert_eq!(
        (&case["parties"][1]["partyId"], &case["parties"][1]["role"]),
        (&alva.as_str().into(), &"guardian".into())
    );
    assert_eq!(
        list(&service, &person("gry"), ("", ""), "").await.cases()[0]["whose"],
        "own"
    );
    let path = format!("/cases/{}", case["caseId"].as_str().unwrap());
    let acting = [("vagvisare-actor", alva.as_str()), ("vagvisare-relation", "guardian")];
    assert_eq!(service.get_with(&gry, &path, &acting).await.body["whose"], "child");
    // For herself she may not: it is asked about whom the token speaks for.
    assert_eq!(service.get(&alva, &path).await.status, 404);
    // Another tag when another acts, since the answer says so.
    let as_child = service.get(&gry, &path).await;
    assert_ne!(as_child.etag, service.get_with(&gry, &path, &acting).await.etag);

    let company = list(&service, &person("provbolaget"), ("bo", "representative"), "").await;
    assert!(!company.cases().is_empty() && company.cases().iter().all(|case| case["whose"] == "represented"));
}

#[tokio::test]
async fn a_filter_that_does_not_exist_is_refused_by_name() {
    let service = Running::over_sandbox(&[]).await;
    for wrong in ["whose=", "whose=mine", "whose=own,", "whose=own&whose=child"] {
        let answer = service.get(&party("alva"), &format!("/cases?{wrong}")).await;
        assert_eq!(
            (answer.status, answer.body["errors"][0]["field"].as_str()),
            (400, Some("whose")),
            "{wrong}"
        );
    }
    let next = service.get(&party("alva"), "/cases?whose=own,child&limit=1").await;
    let links = next.body["_links"].to_string();
    assert!(links.contains("whose=own%2Cchild"), "{links}");
    let gone = client()
        .get(format!("{}/cases", service.url))
        .header("vagvisare-actor", party("alva"))
        .send()
        .await;
    assert_eq!(gone.unwrap().status(), 403, "who acts for nobody speaks for nobody");
}
