//! Stopping lets what is in hand finish and takes nothing new.

use std::sync::Arc;

use axum::routing::get;
use service_host::{Service, ServiceTelemetry};
use tokio::sync::Notify;

use crate::support::{Running, client};

#[tokio::test]
async fn a_request_in_hand_is_answered_and_a_new_one_is_not() {
    let (arrived, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let waits = {
        let (arrived, go_on) = (Arc::clone(&arrived), Arc::clone(&go_on));
        move || async move {
            arrived.notify_one();
            go_on.notified().await;
            "done"
        }
    };
    let router = axum::Router::new().route("/waits", get(waits));
    let service = Running::start(Service::new("stops", "1").routes(router), ServiceTelemetry::off()).await;
    let url = service.url.clone();
    let in_hand = tokio::spawn(client().get(format!("{url}/waits")).send());
    arrived.notified().await;
    let stopping = tokio::spawn(service.stop());
    // The listener is gone before what is in hand is done.
    while client().get(format!("{url}/health/live")).send().await.is_ok() {
        tokio::task::yield_now().await;
    }
    go_on.notify_one();
    assert_eq!(in_hand.await.unwrap().unwrap().text().await.unwrap(), "done");
    stopping.await.unwrap();
}
