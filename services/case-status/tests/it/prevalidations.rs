//! What would be wrong is said before it is sent, all of it, in plain words.

use serde_json::{Value, json};

use crate::support::{Running, client, party};

async fn check(service: &Running, organisation: &str, of: &str, content: Value) -> (u16, Value) {
    let request = client()
        .post(format!("{}/prevalidations", service.url))
        .header("vagvisare-subject", party("alva"))
        .json(&json!({ "organisationId": organisation, "serviceId": of, "content": content }));
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn said(answer: &Value) -> Vec<(&str, &str)> {
    let all = answer["shortcomings"].as_array().unwrap();
    let mut all: Vec<_> = all
        .iter()
        .map(|one| (one["pointer"].as_str().unwrap(), one["text"]["sv"].as_str().unwrap()))
        .collect();
    all.sort_unstable();
    all
}

#[tokio::test]
async fn an_application_is_checked_by_the_rules_and_by_the_municipality_itself() {
    let service = Running::over_sandbox(&[]).await;
    let right = json!({
        "fastighet": "EXEMPELBY 1:2", "atgard": "altan", "area": 24, "byggstart": "2027-04-01", "situationsplan": true,
        "ritningar": ["fasad.pdf"],
    });
    let (status, answer) = check(&service, "exempelby", "bygglov", right).await;
    assert_eq!(
        (status, &answer["valid"], &answer["ownCheck"]),
        (200, &json!(true), &json!("made")),
        "{answer}"
    );

    let wrong = json!({ "fastighet": "EXEMPELBY 99:2", "atgard": "nybyggnad", "area": "stor", "byggstart": "2020-01-01", "ritningar": [] });
    let (_, answer) = check(&service, "exempelby", "bygglov", wrong).await;
    assert_eq!(
        said(&answer),
        [
            ("/area", "Byggytan i kvadratmeter: ska vara ett tal."),
            (
                "/byggstart",
                "Byggstarten: den har redan varit. Inget får påbörjas före beslutet."
            ),
            (
                "/fastighet",
                "Fastigheten: EXEMPELBY 99:2 finns inte i Exempelby. Beteckningen står i lagfarten."
            ),
            ("/kontrollansvarig", "Kontrollansvarig saknas. Fyll i uppgiften."),
            ("/ritningar", "Ritningar: behöver minst 1."),
            ("/situationsplan", "Situationsplan saknas. Fyll i uppgiften."),
        ]
    );
    assert_eq!(answer["valid"], false);
}

#[tokio::test]
async fn a_step_says_where_what_is_to_be_sent_can_be_checked() {
    let service = Running::over_sandbox(&[]).await;
    let answer = service.get(&party("alva"), "/cases").await;
    let url = format!("{}/prevalidations", service.url);
    let permit = answer.of("exempelby")[0];
    assert_eq!(permit["nextSteps"][0]["prevalidationUrl"], url.as_str());
    let one = service
        .get(
            &party("alva"),
            &format!("/cases/{}", permit["caseId"].as_str().unwrap()),
        )
        .await;
    assert_eq!(one.body["nextSteps"][0]["prevalidationUrl"], url.as_str());
    // Only where there are rules, and only for what the person is to do.
    let others = answer
        .cases()
        .into_iter()
        .filter(|case| case["organisationId"] != "exempelby");
    assert!(
        others
            .flat_map(|case| case["nextSteps"].as_array())
            .flatten()
            .all(|step| step["prevalidationUrl"].is_null())
    );
    let of = permit["serviceId"].as_str().unwrap();
    let (status, checked) = check(&service, "exempelby", of, json!({})).await;
    assert_eq!((status, &checked["valid"]), (200, &json!(false)));
}

#[tokio::test]
async fn who_has_no_rules_and_who_is_down_are_told_apart() {
    let service = Running::over_sandbox(&[]).await;
    for (organisation, of, expected) in [
        ("exempelby", "parkering", 404),
        ("skattekontoret", "inkomstdeklaration", 404),
        ("nobody", "bygglov", 404),
        ("exempelby", "../errands", 422),
        ("exempelby", "", 422),
    ] {
        let (status, answer) = check(&service, organisation, of, json!({})).await;
        assert_eq!(status, expected, "{organisation} {of}: {answer}");
    }
    service.switch("exempelby", "garbage").await;
    assert_eq!(check(&service, "exempelby", "bygglov", json!({})).await.0, 503);
    service.switch("exempelby", "down").await;
    assert_eq!(check(&service, "exempelby", "bygglov", json!({})).await.0, 503);
}
