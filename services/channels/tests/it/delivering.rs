//! Deliveries: in order within a case, tried for three days, put aside, played again, paused.

use serde_json::{Value, json};

use crate::support::{Running, both};

#[tokio::test]
async fn a_webhook_says_which_case_and_nothing_of_the_person() {
    for service in both().await {
        let (path, _) = service.subscribe("alva").await;
        service.news.tell("alva", 1);
        service.news.tell("bo", 2);
        service.go_on().await;
        let events = service.endpoint.events();
        assert_eq!(events.len(), 1);
        let (hook, id) = (&events[0], path.rsplit('/').next().unwrap());
        assert_eq!(
            (hook.body["specversion"].as_str(), hook.body["type"].as_str()),
            (Some("1.0"), Some("se.vagvisare.case.updated.v1"))
        );
        assert_eq!(
            (&hook.body["subject"], &hook.body["data"]["subscriptionId"]),
            (&json!(crate::support::uuid(1)), &json!(id))
        );
        assert_eq!(hook.body["id"], hook.id.as_str());
        assert!(!hook.text.contains("alva"));
        let deliveries = service.get("alva", &format!("{path}/deliveries")).await;
        assert_eq!(deliveries["deliveries"][0]["state"], "delivered");
        service.go_on().await;
        assert_eq!(service.endpoint.events().len(), 1, "once is enough");
    }
}

#[tokio::test]
async fn what_fails_is_tried_for_three_days_then_put_aside_and_can_be_played_again() {
    for service in both().await {
        let (path, _) = service.subscribe("alva").await;
        service.go_on().await;
        service.endpoint.answer_with(500);
        service.news.tell("alva", 1);
        service.go_on().await;
        let mut waited = 0;
        for attempts in 1..10 {
            assert_eq!(service.endpoint.events().len(), attempts);
            let pending = service.get("alva", &format!("{path}/deliveries?state=pending")).await;
            assert_eq!(
                (
                    &pending["deliveries"][0]["attempts"],
                    &pending["deliveries"][0]["lastStatus"]
                ),
                (&json!(attempts), &json!(500))
            );
            let next: jiff::Timestamp = pending["deliveries"][0]["nextAttemptAt"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap();
            let seconds = next.as_second() - service.config_now();
            assert!(seconds > 0);
            service.hands.forward(seconds - 1);
            service.go_on().await;
            assert_eq!(service.endpoint.events().len(), attempts, "not before its time");
            service.hands.forward(1);
            service.go_on().await;
            waited += seconds;
        }
        let days = waited as f64 / 86_400.0;
        assert!((2.9..=3.0).contains(&days), "{days} days");
        let dead = service.get("alva", &format!("{path}/deliveries?state=dead")).await;
        assert_eq!(dead["deliveries"].as_array().unwrap().len(), 1);
        let ids: std::collections::HashSet<_> = service.endpoint.events().into_iter().map(|hook| hook.id).collect();
        assert_eq!(ids.len(), 1, "every attempt has the same id");
        service.endpoint.answer_with(200);
        let (status, replay) = service
            .call("POST", "alva", &format!("{path}/replays"), Some(json!({ "after": 0 })))
            .await;
        assert_eq!((status, &replay["eventCount"]), (202, &json!(1)));
        service.go_on().await;
        assert_eq!(service.endpoint.events().len(), 11);
        let dead = service.get("alva", &format!("{path}/deliveries?state=dead")).await;
        assert_eq!(dead["deliveries"], json!([]));
    }
}

#[tokio::test]
async fn a_case_waits_for_its_first_event_and_others_do_not_wait_for_it() {
    for service in both().await {
        service.subscribe("alva").await;
        service.go_on().await;
        service.endpoint.answer_with(503);
        service.news.tell("alva", 1);
        service.go_on().await;
        service.endpoint.answer_with(200);
        service.news.tell("alva", 1);
        service.news.tell("alva", 2);
        service.news.tell("alva", 2);
        service.go_on().await;
        let of = |service: &Running| -> Vec<(Value, Value)> {
            let events = service.endpoint.events();
            events
                .iter()
                .map(|hook| (hook.body["subject"].clone(), hook.body["sequence"].clone()))
                .collect()
        };
        let (one, two) = (json!(crate::support::uuid(1)), json!(crate::support::uuid(2)));
        let subjects: Vec<_> = of(&service).into_iter().map(|(subject, _)| subject).collect();
        assert_eq!(
            subjects,
            [one.clone(), two.clone(), two.clone()],
            "only the failed attempt of the first case"
        );
        service.hands.forward(10);
        service.go_on().await;
        let all = of(&service);
        let subjects: Vec<_> = all.iter().map(|(subject, _)| subject.clone()).collect();
        assert_eq!(subjects[3..], [one.clone(), one]);
        assert!(all[3].1.as_str() < all[4].1.as_str(), "in order: {all:?}");
    }
}

#[tokio::test]
async fn an_endpoint_that_fails_again_and_again_is_paused_until_somebody_says_that_it_works() {
    for service in both().await {
        let (path, _) = service.subscribe("alva").await;
        service.go_on().await;
        service.endpoint.answer_with(500);
        for case in 0..25 {
            service.news.tell("alva", case);
        }
        service.go_on().await;
        service.hands.forward(10);
        service.go_on().await;
        let view = service.get("alva", &path).await;
        assert_eq!(view["state"], "paused", "{view}");
        let sent = service.endpoint.events().len();
        service.hands.forward(400_000);
        service.go_on().await;
        assert_eq!(
            service.endpoint.events().len(),
            sent,
            "nothing is sent while it is paused"
        );
        service.endpoint.answer_with(200);
        service
            .call("POST", "alva", &format!("{path}/replays"), Some(json!({})))
            .await;
        service.go_on().await;
        assert_eq!(service.get("alva", &path).await["state"], "active");
        let pending = service.get("alva", &format!("{path}/deliveries?state=pending")).await;
        assert_eq!(pending["deliveries"], json!([]), "everything that waited has come");
    }
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_left_alone() {
    let service = Running::start(None).await;
    let (path, _) = service.subscribe("alva").await;
    service.go_on().await;
    service.endpoint.answer_with(410);
    service.news.tell("alva", 1);
    service.go_on().await;
    assert_eq!(service.get("alva", &path).await["state"], "disabled");
    service.hands.forward(100_000);
    service.news.tell("alva", 2);
    service.go_on().await;
    assert_eq!(service.endpoint.events().len(), 1);
}

impl Running {
    pub(crate) fn config_now(&self) -> i64 {
        self.hands.now()
    }
}
