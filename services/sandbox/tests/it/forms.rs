//! Each agency answers in its own form, about the one who is asked about.

use serde_json::{Value, json};

use crate::support::{alva, client, identifier, sandbox, url};

fn question(number: &str, arende: Option<&str>) -> Value {
    let mut part = json!({ "kund": { "identifierare": number, "typ": "Personnummer" } });
    if let Some(reference) = arende {
        part["arende"] = json!({ "identifierare": reference, "typ": "Producentarendereferens" });
    }
    json!({ "fraga": { "parter": [part] } })
}

#[tokio::test]
async fn the_national_form_tells_events_of_the_one_who_is_asked_about() {
    let sandbox = sandbox().await;
    let number = identifier(&sandbox, "studiestodsverket", &alva()).await;
    assert_eq!(number, alva().number.digits());
    let url = format!("{}/kundhandelseFragaSynkron", url(&sandbox, "studiestodsverket"));
    let ask = |body: Value| {
        client()
            .post(&url)
            .header("skv_client_correlation_id", "1")
            .json(&body)
            .send()
    };

    let answer: Value = ask(question(&number, None)).await.unwrap().json().await.unwrap();
    let group = &answer["kundhandelser"][0];
    assert_eq!(group["part"]["kund"]["identifierare"], number.as_str());
    let events = group["kundhandelserForPart"].as_array().unwrap();
    assert_eq!(group["totaltAntalKundhandelser"], events.len());
    assert!(events.iter().all(|event| {
        event["kundhandelseTyp"]
            .as_str()
            .unwrap()
            .starts_with("STUDIE.STUDIEMEDEL.")
    }));
    assert_eq!(answer["delfragor"][0]["httpCode"], 200);

    let reference = events[0]["referenser"][0]["identifierare"].as_str().unwrap();
    let one: Value = ask(question(&number, Some(reference)))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(
        one["kundhandelser"],
        answer["kundhandelser"]
            .clone()
            .tap(|groups| groups[0]["part"] = one["kundhandelser"][0]["part"].clone())
    );
    let other: Value = ask(question(&number, Some("SM-0")))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(other["kundhandelser"][0]["totaltAntalKundhandelser"], 0);
    sandbox.stop().await;
}

#[tokio::test]
async fn the_national_form_refuses_what_the_standard_does_not_allow() {
    let sandbox = sandbox().await;
    let number = alva().number.digits().to_owned();
    let url = format!("{}/kundhandelseFragaSynkron", url(&sandbox, "skattekontoret"));
    let with = |change: fn(&mut Value)| question(&number, None).tap(change);
    let cases: [(bool, Value); 7] = [
        (false, question(&number, None)),
        (true, json!({})),
        (true, with(|q| q["fraga"]["parter"] = json!([]))),
        (
            true,
            with(|q| q["fraga"]["parter"][0]["kund"]["typ"] = json!("Skonummer")),
        ),
        (
            true,
            with(|q| q["fraga"]["parter"][0]["kund"]["identifierare"] = json!("9001019802")),
        ),
        (
            true,
            with(|q| q["fraga"]["behandling"] = json!({ "paginering": { "offset": 0, "limit": 5 } })),
        ),
        (
            true,
            with(
                |q| q["fraga"]["behandling"] = json!({ "sortering": [{ "attribut": "tidpunkt", "stigande": true }], "paginering": { "offset": 0, "limit": 1001 } }),
            ),
        ),
    ];
    for (correlated, body) in cases {
        let mut request = client().post(&url).json(&body);
        if correlated {
            request = request.header("skv_client_correlation_id", "1");
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 400, "{body}");
        let answer: Value = answer.json().await.unwrap();
        assert!(
            answer["message"].is_string() && answer.as_object().unwrap().len() == 1,
            "errors are {{\"message\"}}"
        );
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn an_old_system_writes_as_it_always_has() {
    let sandbox = sandbox().await;
    let number = identifier(&sandbox, "familjekassan", &alva()).await;
    let url = format!("{}/kundhandelseFragaSynkron", url(&sandbox, "familjekassan"));
    let request = client().post(&url).header("skv_client_correlation_id", "1");
    let answer = request.json(&question(&number, None)).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/json; charset=ISO-8859-1");
    let body = answer.bytes().await.unwrap();
    assert!(std::str::from_utf8(&body).is_err(), "it is not UTF-8");
    let text: String = body.iter().map(|byte| char::from(*byte)).collect();
    let answer: Value = serde_json::from_str(&text).unwrap();
    let group = &answer["kundhandelser"][0];
    let events = group["kundhandelserForPart"].as_array().unwrap();
    assert_eq!((events.len(), &group["totaltAntalKundhandelser"]), (2, &json!(4)));
    assert_eq!(events[0]["rubrik"], "Ansökan om föräldrapenning");
    assert_eq!(events[0]["tidpunkt"], "20260507T120000+0200");
    sandbox.stop().await;
}

#[tokio::test]
async fn the_municipality_has_its_own_references_and_its_own_clock() {
    let sandbox = sandbox().await;
    let party = identifier(&sandbox, "exempelby", &alva()).await;
    assert!(!party.contains(alva().number.digits()));
    let base = format!("{}/errands", url(&sandbox, "exempelby"));
    let answer: Value = client()
        .get(&base)
        .query(&[("party", &party)])
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let errand = &answer["errands"][0];
    assert_eq!(
        (
            errand["state"].as_str(),
            errand["missing_documents"][0]["code"].as_str()
        ),
        (Some("KOMPLETTERING"), Some("situationsplan"))
    );
    assert_eq!(errand["changed"], "2026-11-17 11:00");
    let number = errand["errand_no"].as_str().unwrap();
    let one = |party: String| {
        client()
            .get(format!("{base}/{number}"))
            .query(&[("party", party)])
            .send()
    };
    assert_eq!(one(party).await.unwrap().status(), 200);
    assert_eq!(one("p0".to_owned()).await.unwrap().status(), 404);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_profile_clean_agency_pages_and_speaks_of_parents() {
    let sandbox = sandbox().await;
    let party = identifier(&sandbox, "region-exempelland", &alva()).await;
    let base = format!("{}/cases", url(&sandbox, "region-exempelland"));
    let answer: Value = client()
        .get(&base)
        .query(&[("party", &party)])
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(answer["cases"][0]["parties"][0]["role"], "guardian");
    assert_eq!(
        (answer["party"].as_str(), answer["_meta"]["totalRecords"].as_u64()),
        (Some(party.as_str()), Some(1))
    );
    let without = client().get(&base).send().await.unwrap();
    assert_eq!(
        (
            without.status().as_u16(),
            without.headers()["content-type"].to_str().unwrap()
        ),
        (400, "application/problem+json")
    );
    sandbox.stop().await;
}

#[tokio::test]
async fn a_register_knows_only_those_who_have_to_do_with_each_other() {
    let sandbox = sandbox().await;
    let url = format!("{}/parties/lookups", sandbox.party_register_url);
    for body in [
        json!({ "partyId": "6a0e1c7e-5b1d-5c53-8a5e-1f2b3c4d5e6f", "organisationId": "exempelby" }),
        json!({ "partyId": alva().party_id, "organisationId": "nowhere" }),
    ] {
        assert_eq!(client().post(&url).json(&body).send().await.unwrap().status(), 404);
    }
    sandbox.stop().await;
}

/// Changing a value in the middle of an expression.
trait Tap: Sized {
    fn tap(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

impl Tap for Value {}
