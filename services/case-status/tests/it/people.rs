//! Nobody sees what is another's, and nobody can tell that it is there.

use serde_json::Value;

use crate::support::{Running, client, party};

#[tokio::test]
async fn somebody_elses_case_answers_as_one_that_does_not_exist() {
    let service = Running::over_sandbox(&[]).await;
    let list = service.get(&party("alva"), "/cases").await;
    let same = |mut problem: Value| {
        for member in ["traceId", "instance"] {
            problem.as_object_mut().unwrap().remove(member);
        }
        problem
    };
    let unknown = service
        .get(&party("bo"), "/cases/0b7d2b8c-7a8c-5d0e-9a46-0a2c6f6f3b51")
        .await;
    for case in list.cases() {
        let answer = service
            .get(&party("bo"), &format!("/cases/{}", case["caseId"].as_str().unwrap()))
            .await;
        assert_eq!((answer.status, unknown.status), (404, 404));
        assert_eq!(same(answer.body), same(unknown.body.clone()));
    }
}

#[tokio::test]
async fn without_a_person_there_is_nothing_to_show() {
    let service = Running::over_sandbox(&[]).await;
    for path in ["/cases", "/cases/0b7d2b8c-7a8c-5d0e-9a46-0a2c6f6f3b51"] {
        let answer = client().get(format!("{}{path}", service.url)).send().await.unwrap();
        assert_eq!(answer.status(), 403);
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["code"], "person-needed");
    }
}

#[tokio::test]
async fn who_has_nothing_to_do_with_an_agency_is_not_asked_about_there() {
    let service = Running::over_sandbox(&[]).await;
    let stranger = "6a0e1c7e-5b1d-5c53-8a5e-1f2b3c4d5e6f";
    for _ in 0..2 {
        let answer = service.get(stranger, "/cases").await;
        assert_eq!(
            (answer.status, answer.cases().len(), &answer.body["complete"]),
            (200, 0, &Value::Bool(true))
        );
        assert!(
            answer.body["sources"]
                .as_array()
                .unwrap()
                .iter()
                .all(|source| source["status"] == "notAsked")
        );
    }
}
