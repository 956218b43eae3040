//! Refresh tokens: each is used once, and who shows one twice ends everything that came of it. Pushed requests.

use crate::person_codes::{BACK, Journey, journey};
use crate::service_support::{Answer, CASES, ISSUER, now};
use identity::people::web::Revoke;
use identity::token::TokenError;

impl Journey {
    pub(crate) async fn refresh(&self, token: &str, more: &[(&'static str, &str)], headers: &[(&str, &str)]) -> Answer {
        let mut form = self.node.good();
        form.retain(|(name, _)| !["grant_type", "resource"].contains(name));
        for (name, value) in [("grant_type", "refresh_token"), ("refresh_token", token)]
            .iter()
            .chain(more)
        {
            form.retain(|(known, _)| known != name);
            form.push((name, (*value).to_owned()));
        }
        self.node.post("/oauth2/token", &form, headers).await
    }

    async fn begin(&self) -> (String, Answer) {
        let consent = self.consent().await;
        let answer = self.redeem(&self.code(&consent).await, ("x", "y")).await;
        (consent, answer)
    }
}

fn refresh_of(answer: &Answer) -> String {
    answer.body["refresh_token"]
        .as_str()
        .unwrap_or_else(|| panic!("{answer:?}"))
        .to_owned()
}

#[tokio::test]
async fn a_refresh_token_gives_the_next_one_and_the_second_use_ends_all_of_them() {
    let journey = journey().await;
    let (_, first) = journey.begin().await;
    let second = journey.refresh(&refresh_of(&first), &[], &[]).await;
    let third = journey
        .refresh(&refresh_of(&second), &[("scope", "cases.read")], &[])
        .await;
    for answer in [&first, &second, &third] {
        assert_eq!(journey.verified(&answer.token()), Ok(()));
    }
    // What is refused for another reason is not used up.
    let proof = [("dpop", "no.proof.at-all")];
    assert_eq!(
        journey.refresh(&refresh_of(&third), &[], &proof).await.error(),
        "invalid_dpop_proof"
    );
    for (more, error) in [
        (("scope", "cases.write"), "invalid_scope"),
        (("resource", "https://api.example.se/bound/v1"), "invalid_target"),
        (("refresh_token", "guessed"), "invalid_grant"),
    ] {
        assert_eq!(journey.refresh(&refresh_of(&third), &[more], &[]).await.error(), error);
    }
    // Another client's key opens nothing, and breaks nothing.
    let assertion = journey.node.key.assertion("agency-app", ISSUER, now()).unwrap();
    let stranger = journey
        .refresh(&refresh_of(&third), &[("client_assertion", &assertion)], &[])
        .await;
    assert_eq!(stranger.error(), "invalid_grant");
    let fourth = journey.refresh(&refresh_of(&third), &[], &[]).await;
    assert_eq!(journey.verified(&fourth.token()), Ok(()));

    let again = journey.refresh(&refresh_of(&second), &[], &[]).await;
    assert_eq!((again.status, again.error()), (400, "invalid_grant"));
    assert!(again.description().contains("stolen"), "{again:?}");
    for answer in [&first, &second, &third, &fourth] {
        assert_eq!(journey.verified(&answer.token()), Err(TokenError::Revoked));
    }
    assert_eq!(
        journey.refresh(&refresh_of(&fourth), &[], &[]).await.error(),
        "invalid_grant"
    );
}

#[tokio::test]
async fn of_many_who_come_with_one_refresh_token_at_most_one_goes_on() {
    let journey = journey().await;
    let (_, first) = journey.begin().await;
    let token = refresh_of(&first);
    let all = futures_util::future::join_all((0..8).map(|_| journey.refresh(&token, &[], &[]))).await;
    assert!(all.iter().filter(|answer| answer.status == 200).count() <= 1, "{all:?}");
    assert_eq!(journey.verified(&first.token()), Err(TokenError::Revoked));
}

#[tokio::test]
async fn a_withdrawal_a_revocation_and_a_code_used_twice_end_what_came_of_it() {
    let journey = journey().await;
    let (consent, first) = journey.begin().await;
    for id in journey.people.withdraw(&journey.person, &consent).await.unwrap() {
        Revoke::revoke(&journey.node.service, &id).await.unwrap();
    }
    assert_eq!(
        journey.refresh(&refresh_of(&first), &[], &[]).await.error(),
        "invalid_grant"
    );

    let (_, second) = journey.begin().await;
    let mut form = journey.node.good();
    form.push(("token", refresh_of(&second)));
    let told = journey.node.post("/oauth2/introspect", &form, &[]).await;
    assert_eq!(told.body["active"], true, "{told:?}");
    let again = journey.node.assertion();
    form.retain(|(name, _)| *name != "client_assertion");
    form.push(("client_assertion", again));
    assert_eq!(journey.node.post("/oauth2/revoke", &form, &[]).await.status, 200);
    assert_eq!(journey.verified(&second.token()), Err(TokenError::Revoked));
    assert_eq!(
        journey.refresh(&refresh_of(&second), &[], &[]).await.error(),
        "invalid_grant"
    );

    let consent = journey.consent().await;
    let code = journey.code(&consent).await;
    let third = journey.redeem(&code, ("x", "y")).await;
    assert_eq!(journey.redeem(&code, ("x", "y")).await.error(), "invalid_grant");
    assert_eq!(journey.verified(&third.token()), Err(TokenError::Revoked));
    assert_eq!(
        journey.refresh(&refresh_of(&third), &[], &[]).await.error(),
        "invalid_grant"
    );
}

#[tokio::test]
async fn a_request_is_pushed_by_its_client_and_refused_before_any_browser_is_sent() {
    let journey = journey().await;
    let push = async |changed: (&'static str, &str)| {
        let mut form = journey.node.good();
        form.retain(|(name, _)| *name != "grant_type");
        for (name, value) in [
            ("client_id", "app"),
            ("response_type", "code"),
            ("redirect_uri", BACK),
            ("scope", "cases.read"),
            ("code_challenge_method", "S256"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            changed,
        ] {
            form.retain(|(known, _)| *known != name);
            form.push((name, value.to_owned()));
        }
        journey.node.post("/oauth2/par", &form, &[]).await
    };
    let pushed = push(("state", "s1")).await;
    assert_eq!(pushed.status, 201, "{pushed:?}");
    assert!(
        pushed.body["request_uri"]
            .as_str()
            .unwrap()
            .starts_with("urn:ietf:params:oauth:request_uri:"),
        "{pushed:?}"
    );
    for (changed, error) in [
        (("redirect_uri", "https://evil.example/"), "invalid_request"),
        (("scope", "everything"), "invalid_scope"),
        (("resource", "https://api.example.se/none"), "invalid_target"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (
            ("request_uri", "urn:ietf:params:oauth:request_uri:x"),
            "invalid_request",
        ),
        (("dpop_jkt", "short"), "invalid_request"),
        (("client_assertion", "x.y.z"), "invalid_client"),
    ] {
        assert_eq!(push(changed).await.error(), error, "{changed:?}");
    }
    assert_eq!(push(("resource", CASES)).await.status, 201);
}
