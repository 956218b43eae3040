//! Nothing is told without the person's consent, from the moment it is withdrawn; nothing is lost while nobody can say.

use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use channels::{Channels, ChannelsConfig, ConsentsConfig, SecretKeys};
use serde_json::{Value, json};

use crate::support::{Running, Task, client, start};

/// Somebody who knows about one consent.
struct Gateway {
    says: Arc<AtomicU8>,
    config: ConsentsConfig,
    _task: Task,
}

const IN_FORCE: u8 = 0;
const ENDED: u8 = 1;
const UNKNOWN: u8 = 2;
const SILENT: u8 = 3;

impl Gateway {
    async fn start(allow_unknown: bool) -> Self {
        let says = Arc::new(AtomicU8::new(IN_FORCE));
        let shared = Arc::clone(&says);
        let answer = move |headers: HeaderMap, Json(asked): Json<Value>| async move {
            assert_eq!(headers["authorization"], "Bearer of-the-services");
            let expected = json!({
                "partyId": "alva", "applicationId": "bank", "organisationId": "tjansterna", "scope": "cases.events.subscribe",
            });
            assert_eq!(asked, expected);
            let say = |status: &str| -> Response { Json(json!({ "status": status })).into_response() };
            match shared.load(Ordering::SeqCst) {
                IN_FORCE => say("inForce"),
                ENDED => say("ended"),
                UNKNOWN => say("unknown"),
                _ => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            }
        };
        let (url, task) = start(Router::new().route("/consents/checks", post(answer))).await;
        let url = format!("{url}/consents/checks");
        Self {
            says,
            config: ConsentsConfig {
                url,
                key: "of-the-services".to_owned(),
                organisation: "tjansterna".to_owned(),
                allow_unknown,
            },
            _task: task,
        }
    }

    fn say(&self, what: u8) {
        self.says.store(what, Ordering::SeqCst);
    }

    async fn service(&self) -> Running {
        let consents = Some(self.config.clone());
        Running::configured(None, |config| ChannelsConfig { consents, ..config }).await
    }
}

#[tokio::test]
async fn after_a_withdrawal_nothing_is_sent_and_nothing_is_kept_for_it() {
    let gateway = Gateway::start(false).await;
    let service = gateway.service().await;
    let (path, _) = service.subscribe("alva").await;
    service.go_on().await;
    service.news.tell("alva", 1);
    service.go_on().await;
    assert_eq!(service.endpoint.events().len(), 1);
    gateway.say(ENDED);
    for case in 2..5 {
        service.news.tell("alva", case);
        service.go_on().await;
    }
    assert_eq!(service.endpoint.events().len(), 1, "not one after the withdrawal");
    let subscription = service.get("alva", &path).await;
    assert_eq!(subscription["state"], "disabled");
    assert_eq!(subscription["stateReason"], "the person no longer consents");
    let waiting = service.get("alva", &format!("{path}/deliveries?state=pending")).await;
    assert_eq!(waiting["deliveries"].as_array().unwrap().len(), 0, "{waiting}");

    // A person who says yes again is told of what comes after; the endpoint shows again that it wants it.
    gateway.say(IN_FORCE);
    let replays = format!("{path}/replays");
    let (status, _) = service.call("POST", "alva", &replays, Some(json!({}))).await;
    assert_eq!(status, 202);
    service.go_on().await;
    service.news.tell("alva", 6);
    service.go_on().await;
    assert_eq!(
        (service.endpoint.events().len(), service.endpoint.verifications()),
        (2, 2)
    );
}

#[tokio::test]
async fn while_nobody_can_say_nothing_is_sent_and_nothing_is_lost() {
    let gateway = Gateway::start(false).await;
    let service = gateway.service().await;
    service.subscribe("alva").await;
    service.go_on().await;
    gateway.say(SILENT);
    service.news.tell("alva", 1);
    service.go_on().await;
    assert_eq!(service.endpoint.events().len(), 0);
    gateway.say(IN_FORCE);
    service.hands.forward(3);
    service.go_on().await;
    assert_eq!(service.endpoint.events().len(), 1);
}

#[tokio::test]
async fn people_whom_the_gateway_does_not_know_are_told_about_only_where_that_is_said() {
    for (allowed, expected) in [(false, 0), (true, 1)] {
        let gateway = Gateway::start(allowed).await;
        let service = gateway.service().await;
        gateway.say(UNKNOWN);
        service.subscribe("alva").await;
        service.go_on().await;
        service.news.tell("alva", 1);
        service.go_on().await;
        assert_eq!(service.endpoint.events().len(), expected);
    }
}

#[tokio::test]
async fn a_stream_ends_when_the_consent_does() {
    let gateway = Gateway::start(false).await;
    let service = gateway.service().await;
    let stream = client()
        .get(format!("{}/events/stream", service.url))
        .header("vagvisare-subject", "alva")
        .header("vagvisare-application", "bank");
    let stream = stream.send().await.unwrap();
    gateway.say(ENDED);
    service.news.tell("alva", 1);
    service.channels.read_changes().await.unwrap();
    let rest = tokio::time::timeout(Duration::from_secs(10), stream.text());
    assert!(!rest.await.unwrap().unwrap().contains("data:"));
}

#[tokio::test]
async fn a_copied_database_holds_no_secret_and_another_key_takes_over_once_it_knows_the_old_one() {
    let service = Running::start(None).await;
    let key = |name: &str, digits: &str| {
        let path = service.directory().join(name);
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(&path).unwrap();
        std::io::Write::write_all(&mut file, digits.as_bytes()).unwrap();
        path
    };
    let (_, secret) = service.subscribe("alva").await;
    let bare = secret.strip_prefix("whsec_").unwrap().as_bytes();
    let mut bytes = Vec::new();
    for file in std::fs::read_dir(service.directory()).unwrap() {
        bytes.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    assert!(bytes.windows(4).any(|part| part == b"bank"), "this is not the database");
    assert!(!bytes.windows(bare.len()).any(|part| part == bare));

    // The running service seals with 0x07 repeated.
    let (old, new) = (key("old", &"07".repeat(32)), key("new", &"1".repeat(64)));
    let none: &[&Path] = &[];
    let open = |keys| {
        Channels::open(ChannelsConfig {
            keys,
            ..service.config.clone()
        })
    };
    let new_alone = || SecretKeys::load(&new, none).unwrap();
    assert!(open(new_alone()).await.is_err(), "it would send what nobody can check");
    open(SecretKeys::load(&new, &[&old]).unwrap()).await.unwrap();
    open(new_alone()).await.unwrap();
}
