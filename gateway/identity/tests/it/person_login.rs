//! The pages of people when the e-identification fails them.

use crate::person_codes::BACK;
use crate::service_support::{CASES, ISSUER, now};
use axum::body::Body;
use axum::http::Request;
use database::Database;
use identity::api_key::Pepper;
use identity::people::openid::{LoginError, OpenId, ProviderSettings};
use identity::people::web::Web;
use identity::people::{MIGRATIONS, People, PersonKeys};
use snapshot::Snapshot;
use std::sync::Arc;
use tower::ServiceExt;

/// Nobody listens there.
const GONE: &str = "http://127.0.0.1:9/e-id";

fn openid(issuer: &str, test_provider: bool) -> OpenId {
    let mut settings = ProviderSettings::new(issuer, "gateway");
    settings.test_provider = test_provider;
    OpenId::new(settings).unwrap()
}

#[tokio::test]
async fn without_its_provider_a_person_is_told_whose_fault_it_is() {
    let (node, directory) = crate::service_support::node().await;
    let address = format!("sqlite:{}", directory.path().join("people.sqlite").display());
    let database = Database::open(&address, &[MIGRATIONS]).await.unwrap();
    let keys = PersonKeys::from_secrets(&Pepper::from_bytes([1; 32]), &[]).unwrap();
    let web = Web::new(
        People::new(database, keys),
        openid(GONE, true),
        "http://127.0.0.1:8080",
        Arc::new(|| Arc::new(Snapshot::empty())),
        Arc::new(node.service.clone()),
    );
    let ask = async |request: Request<Body>| {
        let answer = web.router().oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(body.into()).unwrap())
    };
    let (status, page) = ask(Request::post("/me/login").body(Body::empty()).unwrap()).await;
    assert_eq!(status, 502);
    assert!(page.contains("inte hos dig"), "{page}");
    let (status, _) = ask(Request::get("/me/login").body(Body::empty()).unwrap()).await;
    assert_eq!(status, 200);
}

/// What an application asks a person, but for who it is.
const ASKED: [(&str, &str); 7] = [
    ("response_type", "code"),
    ("redirect_uri", BACK),
    ("code_challenge_method", "S256"),
    ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
    ("resource", CASES),
    ("scope", "cases.read"),
    ("state", "s1"),
];

#[tokio::test]
async fn where_requests_must_be_pushed_a_browser_brings_none() {
    // Of all applications, or of those that say so themselves.
    for (everybody, client) in [(true, "app"), (false, "pushing")] {
        let (node, directory) = crate::service_support::node().await;
        let address = format!("sqlite:{}", directory.path().join("people.sqlite").display());
        let database = Database::open(&address, &[MIGRATIONS]).await.unwrap();
        let keys = PersonKeys::from_secrets(&Pepper::from_bytes([1; 32]), &[]).unwrap();
        let people = People::new(database, keys).with_pushed_requests_only(everybody);
        node.service.serve_people(people.clone());
        let picture = Arc::clone(&node.snapshot);
        let web = Web::new(
            people,
            openid(GONE, true),
            "http://127.0.0.1:8080",
            Arc::new(move || Arc::clone(&picture)),
            Arc::new(node.service.clone()),
        );
        let authorize = async |query: &str| {
            let request = Request::get(format!("/me/authorize?{query}"))
                .body(Body::empty())
                .unwrap();
            let answer = web.router().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), 303);
            answer.headers()["location"].to_str().unwrap().to_owned()
        };
        let query: Vec<String> = ASKED.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let query = query.join("&");
        let refused = authorize(&format!("client_id={client}&{query}")).await;
        assert!(
            refused.starts_with(&format!("{BACK}?error=invalid_request&")) && refused.contains("state=s1"),
            "{refused}"
        );
        if !everybody {
            assert_eq!(authorize(&format!("client_id=app&{query}")).await, "/me/consent");
        }

        let mut form = node.good();
        form.retain(|(name, _)| !["grant_type", "resource", "scope", "client_assertion"].contains(name));
        form.push(("client_assertion", node.key.assertion(client, ISSUER, now()).unwrap()));
        form.extend(ASKED.map(|(name, value)| (name, value.to_owned())));
        let pushed = node.post("/oauth2/par", &form, &[]).await;
        assert_eq!(pushed.status, 201, "{pushed:?}");
        let uri = pushed.body["request_uri"].as_str().unwrap();
        assert_eq!(
            authorize(&format!("client_id={client}&request_uri={uri}")).await,
            "/me/consent"
        );
        let metadata = Request::get("/.well-known/oauth-authorization-server");
        let metadata = node.send(metadata.body(Body::empty()).unwrap()).await.body;
        assert_eq!(metadata["require_pushed_authorization_requests"], everybody);
    }
}

#[tokio::test]
async fn plain_http_is_for_a_test_provider_on_this_machine_only() {
    assert_eq!(openid(GONE, true).check().await, Err(LoginError::Unavailable));
    for (issuer, test_provider) in [
        (GONE, false),
        ("http://192.0.2.1/e-id", true),
        ("http://127.0.0.1.evil.example", true),
    ] {
        let refused = openid(issuer, test_provider).check().await;
        assert!(matches!(refused, Err(LoginError::Invalid(_))), "{issuer}: {refused:?}");
    }
}
