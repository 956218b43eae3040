//! When the caller leaves, nobody goes on asking for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use case_status::{Form, Producer};
use model::LocalizedText;

use crate::support::{Running, client};
use crate::worse::{register, serve};

/// How many calls are in hand at the producer.
#[derive(Clone, Default)]
struct InHand(Arc<AtomicUsize>);

struct One(InHand);

impl Drop for One {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn never(State(in_hand): State<InHand>) -> &'static str {
    in_hand.0.fetch_add(1, Ordering::SeqCst);
    let _one = One(in_hand);
    std::future::pending().await
}

#[tokio::test]
async fn calls_to_producers_end_when_the_caller_leaves() {
    let in_hand = InHand::default();
    let router = Router::new().route("/cases", get(never)).with_state(in_hand.clone());
    let (base_url, _producer) = serve(router).await;
    let (register, _register) = register().await;
    let producer = Producer {
        id: "never".to_owned(),
        organisation_id: "never".to_owned(),
        name: LocalizedText::swedish("Aldrig"),
        form: Form::Cases,
        base_url,
        relation_term: None,
        rules: Vec::new(),
    };
    // A deadline so far away that only leaving can end the call.
    let service = Running::over(vec![producer], &register, Duration::from_secs(600)).await;
    let caller = tokio::spawn(
        client()
            .get(format!("{}/cases", service.url))
            .header("vagvisare-subject", "a")
            .send(),
    );
    until(|| in_hand.0.load(Ordering::SeqCst) == 1).await;
    caller.abort();
    until(|| in_hand.0.load(Ordering::SeqCst) == 0).await;
}

async fn until(condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), wait).await.unwrap();
}
