//! What the list and the single case say: filters, order, pages, links, tags.

use serde_json::Value;

use crate::support::{Running, party};

#[tokio::test]
async fn the_list_has_a_case_from_every_agency_and_is_complete() {
    let service = Running::over_sandbox(&[]).await;
    let answer = service.get(&party("alva"), "/cases").await;
    assert_eq!(
        (answer.status, answer.cases().len(), &answer.body["complete"]),
        (200, 7, &Value::Bool(true))
    );
    let municipality = answer.of("exempelby")[0];
    assert_eq!(
        (
            municipality["ballHolder"].as_str(),
            municipality["requiresAction"].as_bool()
        ),
        (Some("person"), Some(true))
    );
    assert_eq!(municipality["nextSteps"][0]["what"]["sv"], "Skicka in: Situationsplan");
    assert_eq!(answer.of("region-exempelland")[0]["parties"][0]["role"], "guardian");
    assert_eq!(answer.of("indrivningsverket")[0]["status"], "waitingForOther");
}

#[tokio::test]
async fn filters_and_orders_do_what_they_say() {
    let service = Running::over_sandbox(&[]).await;
    let alva = party("alva");
    let needs_me = service.get(&alva, "/cases?requiresAction=true").await;
    assert!(!needs_me.cases().is_empty() && needs_me.cases().iter().all(|case| case["requiresAction"] == true));
    let open = service.get(&alva, "/cases?open=true").await;
    let closed = service.get(&alva, "/cases?open=false").await;
    assert_eq!(open.cases().len() + closed.cases().len(), 7);
    let one = service.get(&alva, "/cases?organisation=exempelby").await;
    assert_eq!(
        (one.cases().len(), one.source("skattekontoret")["status"].as_str()),
        (1, Some("notAsked"))
    );

    let by = |answer: &crate::support::Answer, field: &str| -> Vec<String> {
        answer
            .cases()
            .iter()
            .map(|case| case[field].as_str().unwrap_or("~").to_owned())
            .collect()
    };
    let newest = by(&service.get(&alva, "/cases").await, "lastChangedAt");
    assert!(newest.is_sorted_by(|a, b| a >= b), "{newest:?}");
    let oldest = by(&service.get(&alva, "/cases?sort=startedAt").await, "startedAt");
    assert!(oldest.is_sorted(), "{oldest:?}");
    let due = service.get(&alva, "/cases?sort=dueAt").await;
    assert_eq!(due.cases()[0]["requiresAction"], true);
}

#[tokio::test]
async fn pages_fit_together_and_links_lead_to_them() {
    let service = Running::over_sandbox(&[]).await;
    let alva = party("alva");
    let mut seen = Vec::new();
    let mut path = "/cases?open=true&limit=2&sort=title".to_owned();
    loop {
        let answer = service.get(&alva, &path).await;
        assert!(answer.body["_meta"]["count"].as_u64().unwrap() <= 2);
        seen.extend(
            answer
                .cases()
                .iter()
                .map(|case| case["caseId"].as_str().unwrap().to_owned()),
        );
        let links = answer.body["_links"].as_array().unwrap();
        let Some(next) = links.iter().find(|link| link["rel"] == "next") else {
            break;
        };
        path = next["href"]
            .as_str()
            .unwrap()
            .strip_prefix(&service.url)
            .unwrap()
            .to_owned();
        assert!(path.contains("open=true"), "{path}");
    }
    let all = service.get(&alva, "/cases?open=true&limit=100&sort=title").await;
    let all: Vec<_> = all
        .cases()
        .iter()
        .map(|case| case["caseId"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(seen, all);
    let beyond = service.get(&alva, "/cases?page=99").await;
    assert_eq!((beyond.status, beyond.cases().len()), (200, 0));
}

#[tokio::test]
async fn links_are_the_gateways_when_there_is_one() {
    let service = Running::over_sandbox(&[]).await;
    let headers = [
        ("forwarded", "proto=https;host=api.example"),
        ("vagvisare-forwarded-prefix", "/case-status/v1"),
    ];
    let answer = service.get_with(&party("alva"), "/cases", &headers).await;
    let own = answer.cases()[0]["_links"][0]["href"].as_str().unwrap();
    assert!(own.starts_with("https://api.example/case-status/v1/cases/"), "{own}");
}

#[tokio::test]
async fn each_case_is_found_by_its_link_with_its_events() {
    let service = Running::over_sandbox(&[]).await;
    let alva = party("alva");
    for case in service.get(&alva, "/cases").await.cases() {
        let path = case["_links"][0]["href"]
            .as_str()
            .unwrap()
            .strip_prefix(&service.url)
            .unwrap()
            .to_owned();
        let answer = service.get(&alva, &path).await;
        assert_eq!((answer.status, &answer.body["caseId"]), (200, &case["caseId"]));
        assert_eq!(answer.body["revision"], case["revision"]);
        let events = answer.body["events"].as_array().unwrap();
        assert!(!events.is_empty() && events.iter().all(|event| event["caseId"] == case["caseId"]));
    }
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let service = Running::over_sandbox(&[]).await;
    let alva = party("alva");
    let list = service.get(&alva, "/cases").await;
    let one = format!("/cases/{}", list.cases()[0]["caseId"].as_str().unwrap());
    for path in ["/cases", one.as_str()] {
        let tag = service.get(&alva, path).await.etag.unwrap();
        let again = service.get_with(&alva, path, &[("if-none-match", &tag)]).await;
        assert_eq!(
            (again.status, again.etag.as_deref(), &again.body),
            (304, Some(tag.as_str()), &Value::Null)
        );
        let other = service.get_with(&alva, path, &[("if-none-match", "W/\"0\"")]).await;
        assert_eq!(other.status, 200);
    }
    service.switch("exempelby", "error503").await;
    let tag = list.etag.unwrap();
    assert_eq!(
        service
            .get_with(&alva, "/cases", &[("if-none-match", &tag)])
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_wrong_parameter_is_named() {
    let service = Running::over_sandbox(&[]).await;
    for (path, field) in [
        ("/cases?limit=0", "limit"),
        ("/cases?limit=101", "limit"),
        ("/cases?open=yes", "open"),
        ("/cases?sort=size", "sort"),
        ("/cases?pnr=1", "pnr"),
    ] {
        let answer = service.get(&party("alva"), path).await;
        assert_eq!(
            (answer.status, answer.body["errors"][0]["field"].as_str()),
            (400, Some(field))
        );
    }
}
