//! Several nodes on one database: what one is told, all know within a second.

use crate::service_support::{CASES, Node, nodes, now};
use identity::revocation::Kind;
use identity::service::Rotation;
use identity::token::{TokenError, Verdict};
use std::time::{Duration, Instant};

fn verdict(node: &Node, token: &str) -> Result<(), TokenError> {
    match node.service.verifier(Vec::new()).unwrap().verify(token, CASES, now()) {
        Verdict::Done(outcome) => outcome.map(drop),
        Verdict::Pending(_) => panic!("our own keys are never fetched"),
    }
}

async fn until(bound: Duration, mut is: impl FnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < bound, "not within {bound:?}");
        tokio::task::yield_now().await;
    }
    began.elapsed()
}

async fn revocations(address: &str) {
    let nodes = nodes(address, 2, |_| {}).await;
    let [one, two] = nodes.as_slice() else {
        panic!("two nodes")
    };
    let upkeep = [
        tokio::spawn(one.service.clone().run()),
        tokio::spawn(two.service.clone().run()),
    ];
    for (kind, subject) in [
        (Kind::Token, None),
        (Kind::Agreement, Some("avtal-1")),
        (Kind::Credential, Some("key")),
        (Kind::Client, Some("app")),
    ] {
        let token = one.token_after(two).await;
        for node in [one, two] {
            until(Duration::from_secs(10), || verdict(node, &token) == Ok(())).await;
        }
        let said = crate::service_support::claims(&token);
        let subject = match subject {
            None => said["jti"].as_str().unwrap().to_owned(),
            Some("key") => format!("app/{}", said["credential"].as_str().unwrap()),
            Some(other) => other.to_owned(),
        };
        one.service.revoke(kind, &subject).await.unwrap();
        for node in [one, two] {
            until(Duration::from_secs(1), || {
                verdict(node, &token) == Err(TokenError::Revoked)
            })
            .await;
        }
        if kind == Kind::Credential {
            let refused = two.post("/oauth2/token", &two.good(), &[]).await;
            assert!(refused.description().contains("revoked"), "{refused:?}");
            break;
        }
    }
    for task in upkeep {
        task.abort();
    }
}

impl Node {
    /// A token of this node that was issued after every revocation so far, proved by an assertion that is used on both.
    async fn token_after(&self, other: &Node) -> String {
        let form = self.good();
        let began = now();
        // Revocations count whole seconds: what is issued in the same second is refused too.
        until(Duration::from_secs(3), || now() > began + 1).await;
        let token = self.post("/oauth2/token", &form, &[]).await.token();
        let again = other.post("/oauth2/token", &form, &[]).await;
        assert!(
            again.description().contains("used before"),
            "single use holds across nodes: {again:?}"
        );
        token
    }
}

#[tokio::test]
async fn a_revocation_holds_on_every_node_within_a_second_embedded() {
    let directory = tempfile::tempdir().unwrap();
    revocations(&format!("sqlite:{}", directory.path().join("i.sqlite").display())).await;
}

#[tokio::test]
async fn a_revocation_holds_on_every_node_within_a_second_in_postgres() {
    revocations(&database::testing::postgres().await).await;
}

#[tokio::test]
async fn keys_change_on_every_node_and_no_token_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", directory.path().join("i.sqlite").display());
    // A key signs for 6 seconds and is known for 3 before that.
    let nodes = nodes(&address, 2, |settings| {
        settings.tokens_per_minute = 10_000_000;
        settings.rotation = Rotation {
            period: 6,
            publish_before: 3,
            keep_after: 400,
        };
    })
    .await;
    let upkeep: Vec<_> = nodes
        .iter()
        .map(|node| tokio::spawn(node.service.clone().run()))
        .collect();
    let [one, two] = nodes.as_slice() else {
        panic!("two nodes")
    };
    let first = one.token().await;
    let key_id = |token: &str| token.split('.').next().unwrap().to_owned();
    let began = Instant::now();
    let mut seen = std::collections::BTreeSet::from([key_id(&first)]);
    while seen.len() < 3 {
        assert!(began.elapsed() < Duration::from_secs(40), "no new key");
        for (signs, verifies) in [(one, two), (two, one)] {
            let token = signs.token().await;
            assert_eq!(verdict(verifies, &token), Ok(()), "after {:?}", began.elapsed());
            seen.insert(key_id(&token));
        }
    }
    assert_eq!(verdict(two, &first), Ok(()), "what the first key signed still holds");
    for task in upkeep {
        task.abort();
    }
}
