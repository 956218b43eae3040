//! What the gateway has signed about a caller is believed; what anybody writes in a header is not.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use axum::Router;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use service_host::{Caller, InternalKey, Service, ServiceTelemetry, Trust, TrustSettings};

use crate::support::{Running, client};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

struct Gateway {
    pair: EcdsaKeyPair,
    issuer: String,
}

fn pair() -> EcdsaKeyPair {
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref()).unwrap()
}

fn jwk(pair: &EcdsaKeyPair, id: &str) -> Value {
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let text = |bytes| URL_SAFE_NO_PAD.encode(bytes);
    json!({ "kty": "EC", "crv": "P-256", "kid": id, "x": text(x), "y": text(y) })
}

impl Gateway {
    async fn start() -> Self {
        let pair = pair();
        let keys = json!({ "keys": [jwk(&pair, "k1")] });
        let answer = move || async move { axum::Json(keys) };
        let router = Router::new().route("/.well-known/jwks.json", get(answer));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { pair, issuer }
    }

    fn claims(&self) -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        json!({
            "iss": self.issuer, "aud": "cases-v1", "iat": now, "exp": now + 60, "client": "app",
            "organisation": "bank", "person": "party-1", "scope": "cases.read",
        })
    }

    /// Of a call that anybody may make.
    fn open_claims(&self) -> Value {
        let claims = self.claims();
        json!({ "iss": claims["iss"], "aud": claims["aud"], "iat": claims["iat"], "exp": claims["exp"] })
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let text = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", text(header), text(claims));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn header() -> Value {
    json!({ "typ": "vagvisare-assertion+jwt", "alg": "ES256", "kid": "k1" })
}

fn with(mut value: Value, name: &str, new: Value) -> Value {
    value[name] = new;
    value
}

async fn start(gateway: &Gateway) -> Running {
    let show = |caller: Caller| async move {
        let subject = caller.subject.as_ref().map(|party| party.as_str().to_owned());
        format!("{:?} {:?} {:?}", caller.application, subject, caller.scopes)
    };
    let settings = TrustSettings {
        issuer: gateway.issuer.clone(),
        apis: vec!["cases-v1".to_owned()],
    };
    let service = Service::new("test", "1").routes(Router::new().route("/who", get(show)));
    Running::start(service.trusting(Trust::new(settings).unwrap()), ServiceTelemetry::off()).await
}

async fn ask(running: &Running, headers: &[(&str, &str)]) -> (u16, String) {
    let mut request = client().get(format!("{}/who", running.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn what_is_signed_replaces_what_is_written_beside_it() {
    let gateway = Gateway::start().await;
    let running = start(&gateway).await;
    let nobody = gateway.sign(&header(), &gateway.open_claims());
    let open = [("vagvisare-assertion", nobody.as_str())];
    assert_eq!(ask(&running, &open).await, (200, "None None []".to_owned()));
    let good = gateway.sign(&header(), &gateway.claims());
    let told = "Some(\"app\") Some(\"party-1\") [\"cases.read\"]";
    let forged = [("vagvisare-assertion", good.as_str()), ("vagvisare-subject", "party-2")];
    assert_eq!(ask(&running, &forged).await, (200, told.to_owned()));

    // What is signed for one call is for that call.
    let claims = with(gateway.claims(), "trace", json!(TRACE));
    let once = gateway.sign(&header(), &claims);
    let parent = |trace: &str| format!("00-{trace}-b7ad6b7169203331-01");
    let own = [("vagvisare-assertion", once.as_str()), ("traceparent", &parent(TRACE))];
    assert_eq!(ask(&running, &own).await.0, 200);
    let other = [
        ("vagvisare-assertion", once.as_str()),
        ("traceparent", &parent(&TRACE.replace('0', "1"))),
    ];
    assert_eq!(ask(&running, &other).await.0, 401);
    running.stop().await;
}

#[tokio::test]
async fn a_call_is_passed_on_with_the_gateways_word_and_only_where_that_api_is_named() {
    let gateway = Gateway::start().await;
    let last = start(&gateway).await;
    // It answers for another API, and asks the first service on behalf of whoever calls.
    let front = |apis: &[&str], next: String| {
        let ask = move |caller: Caller| async move {
            let answer = caller.speak_for(client().get(&next)).send().await.unwrap();
            format!("{} {}", answer.status().as_u16(), answer.text().await.unwrap())
        };
        let settings = TrustSettings {
            issuer: gateway.issuer.clone(),
            apis: apis.iter().map(|&api| api.to_owned()).collect(),
        };
        let service = Service::new("front", "1").routes(Router::new().route("/who", get(ask)));
        Running::start(service.trusting(Trust::new(settings).unwrap()), ServiceTelemetry::off())
    };
    let front = front(&["cases-v1", "chat-v1"], format!("{}/who", last.url)).await;
    let passed = |api: &str| gateway.sign(&header(), &with(gateway.claims(), "aud", json!(api)));
    let (status, told) = ask(&front, &[("vagvisare-assertion", &passed("cases-v1"))]).await;
    assert_eq!(
        (status, told.as_str()),
        (200, "200 Some(\"app\") Some(\"party-1\") [\"cases.read\"]")
    );
    let (status, told) = ask(&front, &[("vagvisare-assertion", &passed("chat-v1"))]).await;
    assert!(status == 200 && told.starts_with("401 "), "{told}");
    front.stop().await;
    last.stop().await;
}

#[tokio::test]
async fn internal_routes_are_for_those_who_show_the_key_and_for_nobody_without_one() {
    let gateway = Gateway::start().await;
    let key = "0123456789abcdef0123456789abcdef";
    let service = |key: Option<&str>| {
        let settings = TrustSettings {
            issuer: gateway.issuer.clone(),
            apis: vec!["cases-v1".to_owned()],
        };
        let internal = Router::new().route("/internal/news", get(|| async { "news" }));
        let service = Service::new("test", "1").internal(internal);
        let service = match key {
            Some(key) => service.internal_key(InternalKey::new(key).unwrap()),
            None => service,
        };
        Running::start(service.trusting(Trust::new(settings).unwrap()), ServiceTelemetry::off())
    };
    let status = async |running: &Running, path: &str, shown: Option<String>| {
        let mut request = client().get(format!("{}{path}", running.url));
        if let Some(shown) = shown {
            request = request.header("authorization", shown);
        }
        request.send().await.unwrap().status().as_u16()
    };
    let keyed = service(Some(key)).await;
    assert_eq!(
        status(&keyed, "/internal/news", Some(format!("Bearer {key}"))).await,
        200
    );
    for wrong in [
        None,
        Some(format!("Bearer {key}0")),
        Some(key.to_owned()),
        Some("Bearer ".to_owned()),
    ] {
        assert_eq!(status(&keyed, "/internal/news", wrong.clone()).await, 401, "{wrong:?}");
    }
    assert_eq!(
        status(&keyed, "/health/live", None).await,
        200,
        "whoever starts it may ask whether it lives"
    );
    keyed.stop().await;
    let without = service(None).await;
    assert_eq!(
        status(&without, "/internal/news", Some(format!("Bearer {key}"))).await,
        404
    );
    without.stop().await;
}

#[tokio::test]
async fn what_is_not_signed_for_us_now_by_the_gateway_is_turned_away() {
    let gateway = Gateway::start().await;
    let running = start(&gateway).await;
    let claims = gateway.claims();
    let now = claims["iat"].as_u64().unwrap();
    let good = gateway.sign(&header(), &claims);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let stranger = Gateway {
        pair: pair(),
        issuer: gateway.issuer.clone(),
    };
    let bad = [
        stranger.sign(&header(), &claims),
        gateway.sign(&with(header(), "alg", json!("none")), &claims),
        gateway.sign(&with(header(), "alg", json!("HS256")), &claims),
        gateway.sign(&with(header(), "typ", json!("at+jwt")), &claims),
        gateway.sign(&with(header(), "kid", json!("k2")), &claims),
        gateway.sign(&with(header(), "crit", json!(["x"])), &claims),
        gateway.sign(&header(), &with(claims.clone(), "iss", json!("https://other.example"))),
        gateway.sign(&header(), &with(claims.clone(), "aud", json!("other-v1"))),
        gateway.sign(&header(), &with(claims.clone(), "aud", json!(["cases-v1"]))),
        gateway.sign(&header(), &with(claims.clone(), "exp", json!(now - 10))),
        gateway.sign(&header(), &with(claims.clone(), "iat", json!(now + 60))),
        format!("{signed}."),
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode([0; 64])),
        format!("x{signed}.{signature}"),
        format!("{good}.{signature}"),
        "x".repeat(9_000),
        String::new(),
    ];
    for assertion in bad {
        let (status, body) = ask(&running, &[("vagvisare-assertion", &assertion)]).await;
        assert_eq!(status, 401, "{assertion}: {body}");
        assert!(body.contains("\"code\":\"untrusted-caller\""), "{body}");
    }
    let (status, body) = ask(&running, &[]).await;
    assert!(status == 401 && body.contains("call through the gateway"), "{body}");
    let twice = [("vagvisare-assertion", good.as_str()), ("vagvisare-assertion", &good)];
    assert_eq!(ask(&running, &twice).await.0, 401);
    for name in ["vagvisare-subject", "vagvisare-application", "vagvisare-scopes"] {
        assert_eq!(ask(&running, &[(name, "party-1")]).await.0, 401, "{name}");
    }
    assert_eq!(ask(&running, &[("vagvisare-assertion", &good)]).await.0, 200);

    running.stop().await;
}
