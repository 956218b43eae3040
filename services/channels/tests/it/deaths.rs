//! Workers that die and workers that share: nothing is lost, and nothing comes twice but what was under way.

use std::collections::HashMap;
use std::time::Duration;

use channels::Channels;

use crate::support::{SILENCE, both};

#[tokio::test]
async fn a_restart_between_any_two_steps_loses_nothing() {
    for service in both().await {
        service.subscribe("alva").await;
        service.go_on().await;
        for case in 0..5 {
            service.news.tell("alva", case);
            // Another process with the same database each time; the one before is simply gone.
            let other = Channels::open(service.config.clone()).await.unwrap();
            other.read_changes().await.unwrap();
            drop(other);
        }
        Channels::open(service.config.clone())
            .await
            .unwrap()
            .deliver()
            .await
            .unwrap();
        let subjects: std::collections::HashSet<_> = service
            .endpoint
            .events()
            .iter()
            .map(|hook| hook.body["subject"].to_string())
            .collect();
        assert_eq!((subjects.len(), service.endpoint.events().len()), (5, 5));
    }
}

#[tokio::test]
async fn what_a_killed_worker_had_in_hand_is_sent_again_under_the_same_id_and_not_before_its_claim_ends() {
    for service in both().await {
        service.subscribe("alva").await;
        service.go_on().await;
        service.news.tell("alva", 1);
        service.channels.read_changes().await.unwrap();
        service.endpoint.answer_with(SILENCE);
        let victim = Channels::open(service.config.clone()).await.unwrap();
        let task = tokio::spawn(async move { victim.deliver().await });
        let arrived = async {
            while service.endpoint.events().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), arrived).await.unwrap();
        task.abort();
        service.endpoint.answer_with(200);
        service.go_on().await;
        assert_eq!(service.endpoint.events().len(), 1, "another may still be at it");
        service.hands.forward(61);
        service.go_on().await;
        let events = service.endpoint.events();
        assert_eq!((events.len(), &events[0].id), (2, &events[1].id));
        service.hands.forward(61);
        service.go_on().await;
        assert_eq!(service.endpoint.events().len(), 2);
    }
}

#[tokio::test]
async fn several_workers_share_what_is_due_and_send_nothing_twice() {
    for service in both().await {
        service.subscribe("alva").await;
        service.subscribe("bo").await;
        service.go_on().await;
        for case in 0..60 {
            service.news.tell(if case % 2 == 0 { "alva" } else { "bo" }, case % 20);
        }
        let mut workers = Vec::new();
        for _ in 0..4 {
            let other = Channels::open(service.config.clone()).await.unwrap();
            workers.push(tokio::spawn(async move {
                // Every one reads the same changes; each change is taken once.
                other.read_changes().await.unwrap();
                for _ in 0..200 {
                    if other.deliver().await.unwrap() == 0 {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                }
            }));
        }
        for worker in workers {
            worker.await.unwrap();
        }
        service.go_on().await;
        let events = service.endpoint.events();
        let mut seen: HashMap<String, usize> = HashMap::new();
        let mut last: HashMap<String, String> = HashMap::new();
        for hook in &events {
            *seen.entry(hook.id.clone()).or_default() += 1;
            let (subject, sequence) = (hook.body["subject"].to_string(), hook.body["sequence"].to_string());
            let before = last.insert(subject, sequence.clone());
            assert!(before.is_none_or(|before| before < sequence), "out of order");
        }
        assert_eq!((seen.len(), events.len()), (60, 60));
    }
}
