//! Keys are fetched when needed, once, and not because strangers ask for it.

use crate::key_server::{Answer, KeyServer, until};
use crate::signing::{AUDIENCE, ISSUER, NOW, Signer, at_once, claims, file_issuer, in_time, key_set};
use futures_util::future::join_all;
use identity::token::{Issuer, KeySource, TokenError, Verdict, Verifier, VerifierError};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

#[tokio::test]
async fn the_first_token_fetches_and_the_next_does_not() {
    let signer = Signer::p256();
    let server = KeyServer::with_keys(&[signer.jwk("k")]).await;
    let verifier = Verifier::new(vec![server.issuer()]).unwrap();
    assert_eq!(server.asked(), 0);
    assert_eq!(verifier.without_keys(), [ISSUER.into()]);
    assert!(matches!(
        verifier.verify(&signer.good("k"), AUDIENCE, NOW),
        Verdict::Pending(_)
    ));
    assert!(in_time(verifier.verify(&signer.good("k"), AUDIENCE, NOW)).await.is_ok());
    for number in 0..20 {
        assert!(at_once(verifier.verify(&signer.numbered("k", number), AUDIENCE, NOW)).is_ok());
    }
    assert_eq!(server.asked(), 1);
    assert!(verifier.without_keys().is_empty());
}

#[tokio::test]
async fn a_hundred_at_once_share_one_fetch() {
    let signer = Signer::ed25519();
    let gate = Arc::new(Semaphore::new(0));
    let server = KeyServer::start(Answer::Behind(Arc::clone(&gate), key_set(&[signer.jwk("k")]))).await;
    let verifier = Verifier::new(vec![server.issuer()]).unwrap();
    let callers = (0..100).map(|number| {
        let (verifier, token) = (verifier.clone(), signer.numbered("k", number));
        tokio::spawn(async move { in_time(verifier.verify(&token, AUDIENCE, NOW)).await })
    });
    let callers: Vec<_> = callers.collect();
    until(|| server.asked() == 1).await;
    gate.add_permits(100);
    for caller in join_all(callers).await {
        assert!(caller.unwrap().is_ok());
    }
    assert_eq!(server.asked(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn so_they_do_on_many_threads() {
    let signer = Signer::ed25519();
    let server = KeyServer::with_keys(&[signer.jwk("k")]).await;
    let verifier = Verifier::new(vec![server.issuer()]).unwrap();
    let callers = (0..100).map(|number| {
        let (verifier, token) = (verifier.clone(), signer.numbered("k", number));
        tokio::spawn(async move { in_time(verifier.verify(&token, AUDIENCE, NOW)).await })
    });
    for caller in join_all(callers.collect::<Vec<_>>()).await {
        assert!(caller.unwrap().is_ok());
    }
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn unknown_keys_cause_one_fetch_however_many_there_are() {
    let signer = Signer::ed25519();
    let server = KeyServer::with_keys(&[signer.jwk("k")]).await;
    let verifier = Verifier::new(vec![server.issuer()]).unwrap();
    assert!(in_time(verifier.verify(&signer.good("k"), AUDIENCE, NOW)).await.is_ok());
    let flood = (0..300).map(|number| in_time(verifier.verify(&signer.good(&format!("k-{number}")), AUDIENCE, NOW)));
    for outcome in join_all(flood).await {
        assert_eq!(outcome, Err(TokenError::UnknownKey));
    }
    for number in 0..300 {
        let token = signer.good(&format!("later-{number}"));
        assert_eq!(
            at_once(verifier.verify(&token, AUDIENCE, NOW)),
            Err(TokenError::UnknownKey)
        );
    }
    assert_eq!(server.asked(), 2, "the first fetch and one refetch");
    assert!(at_once(verifier.verify(&signer.numbered("k", 1), AUDIENCE, NOW)).is_ok());
}

#[tokio::test]
async fn a_key_known_to_be_absent_is_not_looked_for_again() {
    let signer = Signer::ed25519();
    let server = KeyServer::with_keys(&[signer.jwk("k")]).await;
    let refetch_interval = Duration::from_millis(500);
    let verifier = Verifier::new(vec![Issuer {
        refetch_interval,
        ..server.issuer()
    }])
    .unwrap();
    assert!(in_time(verifier.verify(&signer.good("k"), AUDIENCE, NOW)).await.is_ok());
    let absent = signer.good("absent");
    assert_eq!(
        in_time(verifier.verify(&absent, AUDIENCE, NOW)).await,
        Err(TokenError::UnknownKey)
    );
    assert_eq!(server.asked(), 2);
    // Another unknown key may be looked for once the interval is over; this one may not yet.
    let end = tokio::time::Instant::now() + refetch_interval;
    until(|| tokio::time::Instant::now() > end).await;
    assert_eq!(
        at_once(verifier.verify(&absent, AUDIENCE, NOW)),
        Err(TokenError::UnknownKey)
    );
    assert_eq!(
        in_time(verifier.verify(&signer.good("other"), AUDIENCE, NOW)).await,
        Err(TokenError::UnknownKey)
    );
    assert_eq!(server.asked(), 3);
}

#[tokio::test]
async fn tokens_that_are_refused_anyway_fetch_nothing() {
    let signer = Signer::ed25519();
    let server = KeyServer::with_keys(&[signer.jwk("k")]).await;
    let verifier = Verifier::new(vec![server.issuer()]).unwrap();
    let mut own = signer.header("k");
    own["jku"] = json!(server.url());
    assert_eq!(
        at_once(verifier.verify(&signer.token(own.to_string(), claims().to_string()), AUDIENCE, NOW)),
        Err(TokenError::ForbiddenHeader("jku"))
    );
    let mut stranger = claims();
    stranger["iss"] = json!(format!("http://{}", server.address));
    let token = signer.token(signer.header("k").to_string(), stranger.to_string());
    assert_eq!(
        at_once(verifier.verify(&token, AUDIENCE, NOW)),
        Err(TokenError::UnknownIssuer)
    );
    assert_eq!(
        at_once(verifier.verify(&signer.good("k"), AUDIENCE, NOW + 3600)),
        Err(TokenError::Expired)
    );
    assert_eq!(
        at_once(verifier.verify(&signer.good("k"), "other", NOW)),
        Err(TokenError::WrongAudience)
    );
    assert_eq!(server.asked(), 0);
}

#[tokio::test]
async fn a_fetch_ends_even_if_its_caller_leaves() {
    let signer = Signer::ed25519();
    let gate = Arc::new(Semaphore::new(0));
    let server = KeyServer::start(Answer::Behind(Arc::clone(&gate), key_set(&[signer.jwk("k")]))).await;
    let verifier = Verifier::new(vec![server.issuer()]).unwrap();
    let caller = tokio::spawn(in_time(verifier.verify(&signer.good("k"), AUDIENCE, NOW)));
    until(|| server.asked() == 1).await;
    caller.abort();
    gate.add_permits(1);
    until(|| verifier.without_keys().is_empty()).await;
    assert!(at_once(verifier.verify(&signer.good("k"), AUDIENCE, NOW)).is_ok());
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn keys_are_fetched_before_anyone_asks() {
    let signer = Signer::ed25519();
    let server = KeyServer::with_keys(&[signer.jwk("k")]).await;
    let verifier = Verifier::new(vec![server.issuer()]).unwrap();
    let upkeep = tokio::spawn(verifier.clone().keep_fresh());
    until(|| verifier.without_keys().is_empty()).await;
    assert!(at_once(verifier.verify(&signer.good("k"), AUDIENCE, NOW)).is_ok());
    assert_eq!(server.asked(), 1);
    upkeep.abort();
}

#[test]
fn what_cannot_be_used_is_refused_at_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys.json");
    assert!(
        matches!(Verifier::new(vec![file_issuer(&path)]), Err(VerifierError::Keys { .. })),
        "no file"
    );
    for text in [
        "",
        "{}",
        "[]",
        "{\"keys\":{}}",
        "{\"keys\":[1]}",
        "{\"keys\":[],\"keys\":[]}",
        "<html>",
    ] {
        std::fs::write(&path, text).unwrap();
        assert!(
            matches!(Verifier::new(vec![file_issuer(&path)]), Err(VerifierError::Keys { .. })),
            "{text}"
        );
    }
    let many: Vec<_> = (0..101)
        .map(|number| Signer::ed25519().jwk(&number.to_string()))
        .collect();
    std::fs::write(&path, key_set(&many)).unwrap();
    assert!(Verifier::new(vec![file_issuer(&path)]).is_err(), "101 keys");
    std::fs::write(&path, key_set(&many[..100])).unwrap();
    assert!(Verifier::new(vec![file_issuer(&path)]).is_ok());
    std::fs::write(&path, " ".repeat(256 * 1024 + 1)).unwrap();
    assert!(Verifier::new(vec![file_issuer(&path)]).is_err(), "too large");

    for url in [
        "http://id.example/jwks",
        "http://127.0.0.1/jwks",
        "ftp://id.example/jwks",
        "jwks",
        "https://u:p@id.example/",
    ] {
        let issuer = Issuer::new(ISSUER, KeySource::Url(url.into()));
        assert!(
            matches!(Verifier::new(vec![issuer]), Err(VerifierError::Url(_))),
            "{url}"
        );
    }
    let issuer = |name: &str| Issuer::new(name, KeySource::Url("https://id.example/jwks".into()));
    assert!(matches!(
        Verifier::new(vec![issuer("")]),
        Err(VerifierError::EmptyIssuer)
    ));
    assert!(matches!(
        Verifier::new(vec![issuer("a"), issuer("a")]),
        Err(VerifierError::DuplicateIssuer(_))
    ));
    let endless = Issuer {
        max_age: Duration::MAX,
        stale_for: Duration::MAX,
        refetch_interval: Duration::MAX,
        ..issuer("a")
    };
    assert!(Verifier::new(vec![endless]).is_ok());
}
