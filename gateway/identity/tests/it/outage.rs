//! Key servers that are down, slow or talk nonsense: the last good keys, and in the end none; never a wrong answer.

use crate::key_server::{Answer, KeyServer, until};
use crate::signing::{AUDIENCE, NOW, Signer, at_once, in_time, key_set};
use identity::token::{Issuer, KeySource, TokenError, Verifier};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

#[track_caller]
fn unavailable(outcome: Result<Arc<identity::token::Claims>, TokenError>) -> Duration {
    match outcome {
        Err(TokenError::KeysUnavailable { retry_after }) => retry_after,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn without_keys_the_fault_is_not_the_callers() {
    let signer = Signer::ed25519();
    // A port that was free a moment ago.
    let gone = KeyServer::with_keys(&[]).await;
    let (url, issuer) = (gone.url(), gone.issuer());
    drop(gone);
    until(|| std::net::TcpStream::connect(url.trim_start_matches("http://").trim_end_matches("/jwks")).is_err()).await;
    let verifier = Verifier::new(vec![Issuer {
        keys: KeySource::Url(url),
        ..issuer
    }])
    .unwrap();
    let wait = unavailable(in_time(verifier.verify(&signer.good("k"), AUDIENCE, NOW)).await);
    assert!(wait > Duration::ZERO && wait <= Duration::from_secs(10), "{wait:?}");
    // The next caller is told at once.
    unavailable(at_once(verifier.verify(&signer.good("k"), AUDIENCE, NOW)));
}

#[tokio::test]
async fn nonsense_is_not_taken_for_keys() {
    let signer = Signer::ed25519();
    let trap = KeyServer::with_keys(&[signer.jwk("k")]).await;
    let many: Vec<_> = (0..101).map(|number| signer.jwk(&format!("k{number}"))).collect();
    for answer in [
        Answer::Html,
        Answer::Huge,
        Answer::Status(404),
        Answer::Status(500),
        Answer::Status(204),
        Answer::Redirect(trap.url()),
        Answer::Keys("{}".into()),
        Answer::Keys("{\"keys\":".into()),
        Answer::Keys(key_set(&many)),
    ] {
        let server = KeyServer::start(answer.clone()).await;
        let verifier = Verifier::new(vec![server.issuer()]).unwrap();
        unavailable(in_time(verifier.verify(&signer.good("k"), AUDIENCE, NOW)).await);
        assert_eq!(server.asked(), 1);

        // Nor does it do away with keys that are there.
        server.answer(Answer::Keys(key_set(&[signer.jwk("k")])));
        let verifier = Verifier::new(vec![server.issuer()]).unwrap();
        assert!(in_time(verifier.verify(&signer.good("k"), AUDIENCE, NOW)).await.is_ok());
        server.answer(answer);
        // A token of a key that is not there may be good: nobody can say just now.
        unavailable(in_time(verifier.verify(&signer.good("x"), AUDIENCE, NOW)).await);
        unavailable(at_once(verifier.verify(&signer.good("y"), AUDIENCE, NOW)));
        assert_eq!(server.asked(), 3);
        assert!(at_once(verifier.verify(&signer.good("k"), AUDIENCE, NOW)).is_ok());
        assert!(at_once(verifier.verify(&signer.numbered("k", 1), AUDIENCE, NOW)).is_ok());
    }
    assert_eq!(trap.asked(), 0, "redirects are not followed");
}

#[tokio::test]
async fn a_slow_server_costs_its_timeout_and_no_more() {
    let signer = Signer::ed25519();
    let never = Arc::new(Semaphore::new(0));
    let server = KeyServer::start(Answer::Behind(never, key_set(&[signer.jwk("k")]))).await;
    let issuer = Issuer {
        fetch_timeout: Duration::from_millis(100),
        ..server.issuer()
    };
    let verifier = Verifier::new(vec![issuer]).unwrap();
    let begun = Instant::now();
    unavailable(in_time(verifier.verify(&signer.good("k"), AUDIENCE, NOW)).await);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    // It is asked again when the wait is over, and then believed.
    server.answer(Answer::Keys(key_set(&[signer.jwk("k")])));
    let upkeep = tokio::spawn(verifier.clone().keep_fresh());
    until(|| verifier.without_keys().is_empty()).await;
    assert!(at_once(verifier.verify(&signer.good("k"), AUDIENCE, NOW)).is_ok());
    upkeep.abort();
}

#[tokio::test]
async fn the_last_good_keys_serve_while_the_server_is_down() {
    let signer = Signer::ed25519();
    let server = KeyServer::with_keys(&[signer.jwk("k")]).await;
    let issuer = Issuer {
        max_age: Duration::from_millis(5),
        ..server.issuer()
    };
    let verifier = Verifier::new(vec![issuer]).unwrap();
    assert!(in_time(verifier.verify(&signer.good("k"), AUDIENCE, NOW)).await.is_ok());
    server.answer(Answer::Status(503));
    let begun = Instant::now();
    for number in 0..300 {
        assert!(
            in_time(verifier.verify(&signer.numbered("k", number % 7), AUDIENCE, NOW))
                .await
                .is_ok()
        );
        // The test has one thread: the fetch gets its turn here.
        tokio::task::yield_now().await;
    }
    until(|| server.asked() >= 2).await;
    // One success (or two, before the server fell), then one failure and at least a second between attempts.
    let most = 3 + usize::try_from(begun.elapsed().as_secs()).unwrap();
    assert!(server.asked() <= most, "{} fetches", server.asked());
}

#[tokio::test]
async fn in_the_end_nothing_is_believed_any_more() {
    let signer = Signer::ed25519();
    let server = KeyServer::with_keys(&[signer.jwk("k")]).await;
    let issuer = Issuer {
        max_age: Duration::from_millis(20),
        stale_for: Duration::from_millis(100),
        ..server.issuer()
    };
    let verifier = Verifier::new(vec![issuer]).unwrap();
    let remembered = signer.good("k");
    assert!(in_time(verifier.verify(&remembered, AUDIENCE, NOW)).await.is_ok());
    server.answer(Answer::Status(503));
    until(|| !verifier.without_keys().is_empty()).await;
    unavailable(in_time(verifier.verify(&remembered, AUDIENCE, NOW)).await);
    unavailable(in_time(verifier.verify(&signer.numbered("k", 1), AUDIENCE, NOW)).await);
    // And it heals.
    server.answer(Answer::Keys(key_set(&[signer.jwk("k")])));
    let upkeep = tokio::spawn(verifier.clone().keep_fresh());
    until(|| verifier.without_keys().is_empty()).await;
    upkeep.abort();
}

#[test]
fn a_runtime_that_goes_away_in_mid_fetch_leaves_no_one_waiting() {
    let signer = Signer::ed25519();
    let serving = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let gate = Arc::new(Semaphore::new(0));
    let server = serving.block_on(KeyServer::start(Answer::Behind(
        Arc::clone(&gate),
        key_set(&[signer.jwk("k")]),
    )));
    let verifier = Verifier::new(vec![server.issuer()]).unwrap();
    let asking = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };

    let first = asking();
    first.block_on(async {
        let caller = tokio::spawn(in_time(verifier.verify(&signer.good("k"), AUDIENCE, NOW)));
        until(|| server.asked() == 1).await;
        caller.abort();
    });
    drop(first);
    server.answer(Answer::Keys(key_set(&[signer.jwk("k")])));
    gate.add_permits(1);
    // The broken attempt counts as a failure, so the next one waits a little and then succeeds.
    asking().block_on(async {
        let upkeep = tokio::spawn(verifier.clone().keep_fresh());
        until(|| verifier.without_keys().is_empty()).await;
        upkeep.abort();
    });
    assert!(at_once(verifier.verify(&signer.good("k"), AUDIENCE, NOW)).is_ok());
    serving.block_on(async { drop(server) });
}
