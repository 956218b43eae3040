//! The OpenID provider, asked as a relying party asks it.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use sandbox::{RelyingParty, Running, SandboxConfig, people, start};
use serde_json::{Value, json};

use crate::support::alva;

const BACK: &str = "http://127.0.0.1:9/login/callback";
const VERIFIER: &str = "a-verifier-that-is-long-enough-to-be-one-0123456789";
const NUMBER: &str = "https://id.oidc.se/claim/personalIdentityNumber";

async fn sandbox() -> Running {
    start(SandboxConfig {
        relying_parties: vec!["gateway=http://127.0.0.1:9/login/callback".parse().unwrap()],
        ..SandboxConfig::default()
    })
    .await
    .unwrap()
}

fn client() -> reqwest::Client {
    let builder = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none());
    builder.build().unwrap()
}

fn request() -> Vec<(&'static str, String)> {
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()));
    [
        ("client_id", "gateway"),
        ("redirect_uri", BACK),
        ("response_type", "code"),
        ("scope", "openid https://id.oidc.se/scope/naturalPersonNumber"),
        ("state", "s&t"),
        ("nonce", "n-1"),
        ("code_challenge_method", "S256"),
    ]
    .into_iter()
    .map(|(name, value)| (name, value.to_owned()))
    .chain([("code_challenge", challenge)])
    .collect()
}

fn with(name: &'static str, value: &str) -> Vec<(&'static str, String)> {
    let mut all = request();
    all.retain(|(known, _)| *known != name);
    all.push((name, value.to_owned()));
    all
}

/// Sends the form as the page would; gives what comes back with the person.
async fn choose(sandbox: &Running, form: &[(&str, String)]) -> (String, Vec<(String, String)>) {
    let url = format!("{}/authorize", sandbox.openid_issuer);
    let answer = client().post(url).form(form).send().await.unwrap();
    assert_eq!(answer.status(), 303);
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    let (to, query) = location.split_once('?').unwrap();
    let answer = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    (to.to_owned(), answer)
}

fn value<'a>(answer: &'a [(String, String)], name: &str) -> &'a str {
    answer
        .iter()
        .find(|(known, _)| known == name)
        .map_or("", |(_, value)| value)
}

async fn code(sandbox: &Running) -> String {
    let mut form = with("person", "alva");
    form.push(("level", "http://id.elegnamnden.se/loa/1.0/loa3".to_owned()));
    let (to, answer) = choose(sandbox, &form).await;
    assert_eq!(to, BACK);
    assert_eq!(value(&answer, "state"), "s&t");
    assert_eq!(value(&answer, "iss"), sandbox.openid_issuer);
    value(&answer, "code").to_owned()
}

async fn redeem(sandbox: &Running, code: &str, changed: (&str, &str)) -> (u16, Value) {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("client_id", "gateway"),
        ("redirect_uri", BACK),
        ("code_verifier", VERIFIER),
    ];
    form.retain(|(name, _)| *name != changed.0);
    form.push(changed);
    let url = format!("{}/token", sandbox.openid_issuer);
    let answer = client().post(url).form(&form).send().await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn a_code_gives_a_signed_id_token_that_says_who_and_how_surely() {
    let sandbox = sandbox().await;
    let get = async |url: String| client().get(url).send().await.unwrap();
    let metadata: Value = get(format!("{}/.well-known/openid-configuration", sandbox.openid_issuer))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(metadata["issuer"], sandbox.openid_issuer.as_str());
    let (status, answer) = redeem(&sandbox, &code(&sandbox).await, ("x", "")).await;
    assert_eq!(status, 200, "{answer}");

    let keys: JwkSet = get(metadata["jwks_uri"].as_str().unwrap().to_owned())
        .await
        .json()
        .await
        .unwrap();
    let mut checks = Validation::new(Algorithm::ES256);
    checks.set_audience(&["gateway"]);
    checks.set_issuer(&[&sandbox.openid_issuer]);
    let id_token = answer["id_token"].as_str().unwrap();
    let claims = decode::<Value>(id_token, &DecodingKey::from_jwk(&keys.keys[0]).unwrap(), &checks)
        .unwrap()
        .claims;
    assert_eq!(claims["nonce"], "n-1");
    assert_eq!(claims["acr"], "http://id.elegnamnden.se/loa/1.0/loa3");
    assert_eq!(claims["name"], "Alva Exempel");
    assert_eq!(claims[NUMBER], alva().number.digits());

    let userinfo = client()
        .get(metadata["userinfo_endpoint"].as_str().unwrap())
        .bearer_auth(answer["access_token"].as_str().unwrap());
    let user: Value = userinfo.send().await.unwrap().json().await.unwrap();
    assert_eq!(user["sub"], claims["sub"]);
    let stranger = get(metadata["userinfo_endpoint"].as_str().unwrap().to_owned()).await;
    assert_eq!(stranger.status(), 401);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_code_works_once_and_for_whoever_asked_for_it() {
    let sandbox = sandbox().await;
    let used = code(&sandbox).await;
    assert_eq!(redeem(&sandbox, &used, ("x", "")).await.0, 200);
    assert_eq!(redeem(&sandbox, &used, ("x", "")).await.1["error"], "invalid_grant");
    for changed in [
        ("client_id", "other"),
        ("redirect_uri", "http://127.0.0.1:9/other"),
        ("code_verifier", "another-verifier-that-is-long-enough-0123456789"),
    ] {
        let (status, answer) = redeem(&sandbox, &code(&sandbox).await, changed).await;
        assert_eq!(
            (status, &answer["error"]),
            (400, &json!("invalid_grant")),
            "{changed:?}"
        );
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn nobody_is_sent_to_an_address_that_is_not_registered() {
    let sandbox = sandbox().await;
    for (name, value) in [
        ("client_id", "other"),
        ("redirect_uri", "http://127.0.0.1:9/login/callback/"),
        ("redirect_uri", "https://evil.example/"),
    ] {
        let url = format!("{}/authorize", sandbox.openid_issuer);
        let answer = client().get(&url).query(&with(name, value)).send().await.unwrap();
        assert_eq!(answer.status(), 400);
        assert!(!answer.headers().contains_key("location"));
        let answer = client().post(&url).form(&with(name, value)).send().await.unwrap();
        assert_eq!(answer.status(), 400);
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn a_wrong_request_is_told_to_the_one_who_sent_it() {
    let sandbox = sandbox().await;
    for (name, given, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("scope", "profile", "invalid_scope"),
        ("prompt", "none", "login_required"),
        ("request", "e30.e30.", "request_not_supported"),
        ("cancel", "1", "access_denied"),
    ] {
        let (to, answer) = choose(&sandbox, &with(name, given)).await;
        assert_eq!(to, BACK);
        assert_eq!(value(&answer, "error"), error, "{name}");
        assert_eq!(value(&answer, "state"), "s&t");
        assert_eq!(value(&answer, "code"), "");
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn the_page_shows_people_without_numbers_and_allows_no_script() {
    let sandbox = sandbox().await;
    let url = format!("{}/authorize", sandbox.openid_issuer);
    let answer = client()
        .get(&url)
        .query(&with("state", "\"><script>"))
        .send()
        .await
        .unwrap();
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(policy.contains("form-action 'self' http://127.0.0.1:9;"), "{policy}");
    let page = answer.text().await.unwrap();
    assert!(
        page.contains("Gry Exempel") && page.contains("skyddade personuppgifter"),
        "{page}"
    );
    assert!(!page.contains("<script>"));
    for person in people() {
        assert!(!page.contains(&person.number.digits()[2..]));
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn the_register_says_for_whom_one_may_act() {
    let sandbox = sandbox().await;
    let url = format!("{}/parties/relations", sandbox.party_register_url);
    let body = json!({ "partyId": alva().party_id });
    let answer: Value = client()
        .post(url)
        .json(&body)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(answer["relations"][0]["kind"], "guardian");
    assert_eq!(answer["relations"][0]["mayAct"], true);
    let gry = people().into_iter().find(|person| person.key == "gry").unwrap();
    assert_eq!(answer["relations"][0]["personNumber"], gry.number.digits());
    assert!(
        !people()
            .iter()
            .any(|one| one.company && answer.to_string().contains(&one.name))
    );
    sandbox.stop().await;
}

#[test]
fn a_relying_party_is_written_as_id_and_address() {
    assert_eq!("a=http://b/c".parse::<RelyingParty>().unwrap().client_id, "a");
    assert!("a".parse::<RelyingParty>().is_err());
}
