//! Canaries, mirrors, and APIs that are taken aside.

use crate::support::{Builder, client, full, gateway, origin, problem};
use http::{Request, Response};
use hyper::body::Incoming;
use snapshot::{Authentication, BackendDraft, Canary, Maintenance, Mirror};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// An origin that says its name, and counts.
async fn named(name: &'static str) -> (SocketAddr, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let address = origin(move |_: Request<Incoming>| {
        counted.fetch_add(1, Ordering::SeqCst);
        async move { Response::new(full(name)) }
    })
    .await;
    (address, calls)
}

fn beside(own: SocketAddr, other: SocketAddr) -> Builder {
    gateway(own).with(|draft| {
        let next = BackendDraft {
            id: "next".into(),
            addresses: vec![format!("http://{other}")],
            ..draft.backends[0].clone()
        };
        draft.backends.push(next);
    })
}

fn canary(percent: u8) -> Option<Canary> {
    Some(Canary {
        backend: "next".into(),
        percent,
        header: Some("x-canary".into()),
        applications: Vec::new(),
    })
}

#[tokio::test]
async fn a_canary_gets_its_share_and_those_who_ask_for_it() {
    let ((own, _), (next, _)) = (named("own").await, named("next").await);
    let gateway = beside(own, next).api(|api| api.traffic.canary = canary(25)).start();
    let client = client();
    let mut to_next = 0;
    for _ in 0..400 {
        let answer = client.get(gateway.url("/test/v1/any/x")).send().await.unwrap();
        to_next += usize::from(answer.text().await.unwrap() == "next");
    }
    assert!((60..145).contains(&to_next), "{to_next} of 400 are not about a quarter");
    let asked = client.get(gateway.url("/test/v1/any/x")).header("X-Canary", "1");
    assert_eq!(asked.send().await.unwrap().text().await.unwrap(), "next");
}

#[tokio::test]
async fn a_canary_can_be_for_one_application() {
    let ((own, _), (next, _)) = (named("own").await, named("next").await);
    let gateway = beside(own, next)
        .api(|api| {
            api.authentication = Authentication::Key;
            api.traffic.canary = Some(Canary {
                applications: vec!["pilot".into()],
                ..canary(0).unwrap()
            });
        })
        .with(|draft| {
            let pilot = snapshot::ApplicationDraft {
                id: "pilot".into(),
                ..draft.applications[0].clone()
            };
            draft.applications.push(pilot);
        })
        .agreement(&[], None)
        .start();
    for (key, name) in [("key-app", "own"), ("key-pilot", "next")] {
        let answer = gateway.get("/test/v1/any/x", &[("x-api-key", key)]).await;
        assert_eq!(answer.text().await.unwrap(), name);
    }
}

#[tokio::test]
async fn a_mirror_is_shown_reads_only_and_nobody_gets_its_answers() {
    let ((own, owns), (next, nexts)) = (named("own").await, named("next").await);
    let mirror = || {
        Some(Mirror {
            backend: "next".into(),
            percent: 100,
        })
    };
    let gateway = beside(own, next).api(|api| api.traffic.mirror = mirror()).start();
    let client = client();
    for _ in 0..10 {
        let answer = client.get(gateway.url("/test/v1/any/x")).send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), "own");
    }
    let shown = tokio::time::timeout(Duration::from_secs(5), async {
        while nexts.load(Ordering::SeqCst) < 10 {
            tokio::task::yield_now().await;
        }
    });
    shown.await.expect("the mirror sees the reads");
    for _ in 0..5 {
        let answer = client
            .post(gateway.url("/test/v1/any/x"))
            .body("a change")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.text().await.unwrap(), "own");
    }
    assert_eq!((owns.load(Ordering::SeqCst), nexts.load(Ordering::SeqCst)), (15, 10));
    // A mirror that does not answer is nobody's affair.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let gateway = beside(own, silent.local_addr().unwrap())
        .api(|api| api.traffic.mirror = mirror())
        .start();
    let answer = gateway.get("/test/v1/any/x", &[]).await;
    assert_eq!(answer.text().await.unwrap(), "own");
}

#[tokio::test]
async fn an_api_that_is_taken_aside_says_so_in_its_owners_words() {
    let (own, calls) = named("own").await;
    let gateway = gateway(own)
        .api(|api| {
            api.authentication = Authentication::Key;
            api.traffic.maintenance = Some(Maintenance {
                message: "Vi byter databas och är tillbaka 06.00.".into(),
                message_en: Some("We change databases and are back at 06.00.".into()),
                retry_after: Duration::from_secs(7200),
            });
        })
        .start();
    let answer = gateway.get("/test/v1/any/x", &[]).await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["retry-after"]),
        (503, &"7200".parse().unwrap())
    );
    let body = problem(answer).await;
    assert_eq!(body["code"], "api-maintenance");
    let (sv, en) = (
        "Vi byter databas och är tillbaka 06.00.",
        "We change databases and are back at 06.00.",
    );
    assert_eq!(body["detail"], format!("The test API: {sv} / {en}"));
    assert_eq!(body["message"], serde_json::json!({"sv": sv, "en": en}));
    assert_eq!(gateway.get("/test/v1/nowhere", &[]).await.status(), 404);
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[test]
fn calls_are_not_shown_to_another_organisation() {
    let mut draft = beside("127.0.0.1:1".parse().unwrap(), "127.0.0.1:2".parse().unwrap())
        .api(|api| api.traffic.canary = canary(5))
        .draft;
    assert!(snapshot::Snapshot::compile(&draft).is_ok());
    draft.backends[1].organisation = "bank".into();
    let problems = snapshot::Snapshot::compile(&draft).unwrap_err();
    assert!(
        problems.iter().any(|problem| problem.field == "canary.backend"),
        "{problems:?}"
    );
}
