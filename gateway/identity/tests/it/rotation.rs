//! New keys are learnt, withdrawn keys are forgotten at once.

use crate::key_server::{Answer, KeyServer, until};
use crate::signing::{AUDIENCE, NOW, Signer, at_once, file_issuer, in_time, key_set};
use identity::token::{Issuer, TokenError, Verifier};
use std::time::Duration;

#[tokio::test]
async fn a_new_key_is_learnt_from_the_first_token_that_names_it() {
    let (old, new) = (Signer::ed25519(), Signer::p256());
    let server = KeyServer::with_keys(&[old.jwk("old")]).await;
    let verifier = Verifier::new(vec![server.issuer()]).unwrap();
    assert!(in_time(verifier.verify(&old.good("old"), AUDIENCE, NOW)).await.is_ok());
    server.answer(Answer::Keys(key_set(&[old.jwk("old"), new.jwk("new")])));
    assert!(in_time(verifier.verify(&new.good("new"), AUDIENCE, NOW)).await.is_ok());
    assert!(
        at_once(verifier.verify(&old.good("old"), AUDIENCE, NOW)).is_ok(),
        "the old key is still there"
    );
    assert_eq!(server.asked(), 2);
}

#[tokio::test]
async fn a_withdrawn_key_takes_remembered_tokens_with_it() {
    let (old, new) = (Signer::ed25519(), Signer::ed25519());
    let server = KeyServer::with_keys(&[old.jwk("old")]).await;
    let verifier = Verifier::new(vec![server.issuer()]).unwrap();
    let remembered = old.good("old");
    assert!(in_time(verifier.verify(&remembered, AUDIENCE, NOW)).await.is_ok());
    server.answer(Answer::Keys(key_set(&[new.jwk("new")])));
    assert!(
        at_once(verifier.verify(&remembered, AUDIENCE, NOW)).is_ok(),
        "nobody has said so yet"
    );
    assert!(in_time(verifier.verify(&new.good("new"), AUDIENCE, NOW)).await.is_ok());
    assert_eq!(
        at_once(verifier.verify(&remembered, AUDIENCE, NOW)),
        Err(TokenError::UnknownKey)
    );
}

#[tokio::test]
async fn another_key_under_the_same_id_replaces_the_first() {
    let (first, second, third) = (Signer::ed25519(), Signer::ed25519(), Signer::ed25519());
    let server = KeyServer::with_keys(&[first.jwk("k")]).await;
    let verifier = Verifier::new(vec![server.issuer()]).unwrap();
    let token = first.good("k");
    assert!(in_time(verifier.verify(&token, AUDIENCE, NOW)).await.is_ok());
    server.answer(Answer::Keys(key_set(&[second.jwk("k"), third.jwk("third")])));
    assert!(
        in_time(verifier.verify(&third.good("third"), AUDIENCE, NOW))
            .await
            .is_ok()
    );
    assert_eq!(
        at_once(verifier.verify(&token, AUDIENCE, NOW)),
        Err(TokenError::BadSignature)
    );
    assert!(at_once(verifier.verify(&second.good("k"), AUDIENCE, NOW)).is_ok());
}

#[tokio::test]
async fn withdrawing_every_key_refuses_every_token() {
    let signer = Signer::ed25519();
    let server = KeyServer::with_keys(&[signer.jwk("k")]).await;
    let verifier = Verifier::new(vec![server.issuer()]).unwrap();
    assert!(in_time(verifier.verify(&signer.good("k"), AUDIENCE, NOW)).await.is_ok());
    server.answer(Answer::Keys(key_set(&[])));
    assert!(
        in_time(verifier.verify(&signer.good("unknown"), AUDIENCE, NOW))
            .await
            .is_err()
    );
    assert_eq!(
        at_once(verifier.verify(&signer.good("k"), AUDIENCE, NOW)),
        Err(TokenError::UnknownKey)
    );
}

#[tokio::test]
async fn a_stale_set_is_used_while_it_is_fetched_anew() {
    let (old, new) = (Signer::ed25519(), Signer::ed25519());
    let server = KeyServer::with_keys(&[old.jwk("old")]).await;
    // Fresh for a moment, and then stale for a long one.
    let verifier = Verifier::new(vec![Issuer {
        max_age: Duration::from_millis(50),
        ..server.issuer()
    }])
    .unwrap();
    assert!(in_time(verifier.verify(&old.good("old"), AUDIENCE, NOW)).await.is_ok());
    server.answer(Answer::Keys(key_set(&[new.jwk("new")])));
    // Whoever asks in this phase is answered; sooner or later the new set is in force, without an unknown key seen.
    let mut outcome = Ok(());
    let end = tokio::time::Instant::now() + Duration::from_secs(10);
    while outcome.is_ok() && tokio::time::Instant::now() < end {
        outcome = in_time(verifier.verify(&old.good("old"), AUDIENCE, NOW))
            .await
            .map(drop);
        tokio::task::yield_now().await;
    }
    assert_eq!(outcome, Err(TokenError::UnknownKey));
}

#[tokio::test]
async fn the_sender_may_shorten_the_age_of_a_set() {
    let (old, new) = (Signer::ed25519(), Signer::ed25519());
    let server = KeyServer::start(Answer::KeysFor(key_set(&[old.jwk("old")]), "max-age=0")).await;
    let refetch_interval = Duration::from_millis(20);
    let verifier = Verifier::new(vec![Issuer {
        refetch_interval,
        ..server.issuer()
    }])
    .unwrap();
    let upkeep = tokio::spawn(verifier.clone().keep_fresh());
    until(|| verifier.without_keys().is_empty()).await;
    assert!(in_time(verifier.verify(&old.good("old"), AUDIENCE, NOW)).await.is_ok());
    server.answer(Answer::KeysFor(key_set(&[new.jwk("new")]), "max-age=0"));
    let asked = server.asked();
    until(|| server.asked() >= asked + 2).await;
    assert!(in_time(verifier.verify(&old.good("old"), AUDIENCE, NOW)).await.is_err());
    upkeep.abort();
}

#[tokio::test]
async fn a_changed_file_is_read_again() {
    let (old, new) = (Signer::ed25519(), Signer::ed25519());
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys.json");
    std::fs::write(&path, key_set(&[old.jwk("old")])).unwrap();
    let verifier = Verifier::new(vec![file_issuer(&path)]).unwrap();
    assert!(
        at_once(verifier.verify(&old.good("old"), AUDIENCE, NOW)).is_ok(),
        "read at the start"
    );
    std::fs::write(&path, key_set(&[new.jwk("new")])).unwrap();
    assert!(in_time(verifier.verify(&new.good("new"), AUDIENCE, NOW)).await.is_ok());
    assert_eq!(
        at_once(verifier.verify(&old.good("old"), AUDIENCE, NOW)),
        Err(TokenError::UnknownKey)
    );
}
