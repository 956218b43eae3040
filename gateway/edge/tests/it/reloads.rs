//! A registry that changes while calls are made.

use crate::support::{client, full, gateway, origin};
use http::{Request, Response};
use hyper::body::Incoming;
use snapshot::{BackendTraffic, Breaker, Snapshot};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[tokio::test(flavor = "multi_thread")]
async fn no_call_fails_while_the_registry_changes() {
    let one = origin(|_: Request<Incoming>| async { Response::new(full("answer")) }).await;
    let other = origin(|_: Request<Incoming>| async { Response::new(full("answer")) }).await;
    let builder = gateway(one);
    let mut draft = builder.draft.clone();
    let gateway = builder.start();
    let stop = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..4)
        .map(|_| {
            let (stop, url) = (Arc::clone(&stop), gateway.url("/test/v1/any/x"));
            tokio::spawn(async move {
                let (client, mut calls) = (client(), 0);
                while !stop.load(Ordering::SeqCst) || calls < 50 {
                    let answer = client.get(&url).send().await.unwrap();
                    assert_eq!(answer.status(), 200);
                    assert_eq!(answer.text().await.unwrap(), "answer");
                    calls += 1;
                }
                calls
            })
        })
        .collect();
    for turn in 0..200_u64 {
        draft.version += 1;
        draft.backends[0].addresses = match turn % 3 {
            0 => vec![format!("http://{other}")],
            1 => vec![format!("http://{one}"), format!("http://{other}")],
            _ => vec![format!("http://{one}")],
        };
        draft.backends[0].traffic = BackendTraffic {
            breaker: (turn % 2 == 0).then(Breaker::default),
            max_concurrent: std::num::NonZeroU32::new(100 + u32::try_from(turn % 5).unwrap()),
            ..BackendTraffic::default()
        };
        gateway.shared.swap(Snapshot::compile(&draft).unwrap());
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
    }
    stop.store(true, Ordering::SeqCst);
    for caller in callers {
        assert!(caller.await.unwrap() >= 50);
    }
}
