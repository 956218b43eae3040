//! Who calls, as the gateway has signed it (`Vagvisare-Assertion`): what plain headers say is replaced by it, and a request
//! without it is turned away. With it a service need not be hidden from everybody but the gateway.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::ProblemKind;
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::{Refusal, trace_headers};

pub(crate) const ASSERTION: HeaderName = HeaderName::from_static("vagvisare-assertion");
/// What is said in plain beside it.
const PLAIN: [HeaderName; 7] = [
    HeaderName::from_static("vagvisare-application"),
    HeaderName::from_static("vagvisare-organisation"),
    HeaderName::from_static("vagvisare-agreement"),
    HeaderName::from_static("vagvisare-subject"),
    HeaderName::from_static("vagvisare-scopes"),
    HeaderName::from_static("vagvisare-actor"),
    HeaderName::from_static("vagvisare-relation"),
];
const TYPE: &str = "vagvisare-assertion+jwt";
/// Longest assertion that is looked at, in bytes.
const LONGEST: usize = 8 * 1024;
/// How far clocks may be apart, in seconds.
const LEEWAY: i64 = 5;
/// How long a key set is used, and how soon it is asked for again because of an unknown key.
const FRESH: Duration = Duration::from_secs(300);
const SOONEST: Duration = Duration::from_secs(5);

/// Whose word is taken.
#[derive(Clone, Debug)]
pub struct TrustSettings {
    /// The gateway: `iss`, and where its key set is (`/.well-known/jwks.json`).
    pub issuer: String,
    /// One of them is `aud`: ids of the APIs that this service answers for, and of those whose services, of the same
    /// organisation, pass calls on to it ([`Caller::speak_for`](crate::Caller::speak_for)).
    pub apis: Vec<String>,
}

/// The check. Cheap to clone.
#[derive(Clone)]
pub struct Trust(Arc<Inner>);

struct Inner {
    settings: TrustSettings,
    client: reqwest::Client,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    keys: Arc<HashMap<String, Vec<u8>>>,
    asked: Option<Instant>,
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Trust").field(&self.0.settings).finish()
    }
}

/// What the gateway has signed.
#[derive(Clone, Deserialize)]
pub struct Told {
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
    /// The application.
    pub client: Option<String>,
    /// Its organisation.
    pub organisation: Option<String>,
    /// The agreement that admits it.
    pub agreement: Option<String>,
    /// The person, as this service's organisation knows them.
    pub person: Option<String>,
    /// What it may do.
    pub scope: Option<String>,
    /// Who acts for that person, when somebody else does.
    #[serde(default, deserialize_with = "lenient")]
    pub act: Option<Act>,
    /// The trace of the only call that it is for.
    pub trace: Option<String>,
}

/// Who acts for a person, as in the person's token (RFC 8693).
#[derive(Clone, Deserialize)]
pub struct Act {
    /// Who, as this service's organisation knows them.
    pub sub: String,
    /// What lets them: `guardian` or `representative`.
    pub relation: String,
}

/// An actor in this form; another one, such as a service that acts for itself, is nobody's guardian.
fn lenient<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Act>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

impl fmt::Debug for Told {
    /// Without the person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Told")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

/// Why an assertion is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    /// There is none.
    #[error("it is missing; call through the gateway")]
    Missing,
    /// It is no assertion of this kind.
    #[error("it is no assertion of a gateway")]
    Malformed,
    /// Its key is not among those published, or none could be had.
    #[error("its key is not among those that the gateway publishes")]
    UnknownKey,
    /// The signature is not the key's.
    #[error("its signature is wrong")]
    Signature,
    /// Another gateway, or for another API.
    #[error("it is another gateway's, or for another API")]
    NotForUs,
    /// Too old, or not valid yet.
    #[error("its time is not now")]
    Time,
    /// Made for another call.
    #[error("it is for another call")]
    OtherCall,
}

#[derive(Deserialize)]
struct Header {
    typ: String,
    alg: String,
    kid: String,
    crit: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    kid: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Trust {
    /// Takes the word of this gateway; its keys are fetched when the first call comes.
    ///
    /// # Errors
    /// When the platform's TLS cannot be set up.
    pub fn new(settings: TrustSettings) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(3))
            .build()?;
        Ok(Self(Arc::new(Inner {
            settings,
            client,
            held: Mutex::default(),
        })))
    }

    /// Reads an assertion for a call of the trace `trace` at `now` (Unix seconds).
    ///
    /// # Errors
    /// See [`Untrusted`].
    pub async fn verify(&self, assertion: &str, trace: Option<&str>, now: i64) -> Result<Told, Untrusted> {
        if assertion.len() > LONGEST {
            return Err(Untrusted::Malformed);
        }
        let (signed, signature) = assertion.rsplit_once('.').ok_or(Untrusted::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(Untrusted::Malformed)?;
        let header: Header = part(header)?;
        if header.typ != TYPE || header.alg != "ES256" || header.crit.is_some() {
            return Err(Untrusted::Malformed);
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Untrusted::Malformed)?;
        let key = self.key(&header.kid).await.ok_or(Untrusted::UnknownKey)?;
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &key)
            .verify(signed.as_bytes(), &signature)
            .map_err(|_| Untrusted::Signature)?;
        let told: Told = part(claims)?;
        let settings = &self.0.settings;
        if told.iss != settings.issuer || !settings.apis.contains(&told.aud) {
            return Err(Untrusted::NotForUs);
        }
        if told.iat > now + LEEWAY || now >= told.exp + LEEWAY {
            return Err(Untrusted::Time);
        }
        match &told.trace {
            Some(made_for) if trace != Some(made_for) => Err(Untrusted::OtherCall),
            _ => Ok(told),
        }
    }

    /// The public key as an uncompressed point.
    async fn key(&self, id: &str) -> Option<Vec<u8>> {
        let mut held = self.0.held.lock().await;
        let age = held.asked.map(|asked| asked.elapsed());
        let known = held.keys.get(id).cloned();
        let due = match &known {
            Some(_) => age.is_none_or(|age| age >= FRESH),
            None => age.is_none_or(|age| age >= SOONEST),
        };
        if !due {
            return known;
        }
        held.asked = Some(Instant::now());
        match self.fetch().await {
            Ok(keys) => {
                let found = keys.get(id).cloned();
                held.keys = Arc::new(keys);
                found
            }
            // What was known goes on being used while the gateway does not answer.
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the gateway's key set cannot be fetched"
                );
                known
            }
        }
    }

    async fn fetch(&self) -> Result<HashMap<String, Vec<u8>>, reqwest::Error> {
        let url = format!("{}/.well-known/jwks.json", self.0.settings.issuer);
        let answer = self.0.client.get(url).send().await?.error_for_status()?;
        let set: KeySet = answer.json().await?;
        let point = |key: Jwk| {
            let decode = |text: Option<String>| URL_SAFE_NO_PAD.decode(text?).ok().filter(|bytes| bytes.len() == 32);
            let id = key.kid.filter(|_| key.crv.as_deref() == Some("P-256"))?;
            Some((id, [vec![4], decode(key.x)?, decode(key.y)?].concat()))
        };
        Ok(set.keys.into_iter().filter_map(point).collect())
    }

    /// Puts the check in front of a router.
    pub(crate) fn guard(&self, router: Router) -> Router {
        router.layer(middleware::from_fn_with_state(self.clone(), guard))
    }
}

fn part<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Untrusted> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Untrusted::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| Untrusted::Malformed)
}

/// The word that was believed, for calls that are passed on to another service of the same organisation.
#[derive(Clone)]
pub(crate) struct Believed(pub(crate) HeaderValue);

async fn guard(State(trust): State<Trust>, mut request: Request, next: Next) -> Response {
    let headers = request.headers();
    let given: Vec<_> = headers.get_all(ASSERTION).iter().collect();
    let outcome = match given.as_slice() {
        [] => Err(Untrusted::Missing),
        [one] => match one.to_str() {
            Ok(text) => {
                let trace = trace_headers::read(headers).map(|span| span.trace_id().to_string());
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let now = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
                trust.verify(text, trace.as_deref(), now).await
            }
            Err(_) => Err(Untrusted::Malformed),
        },
        _ => Err(Untrusted::Malformed),
    };
    match outcome {
        Ok(told) => {
            let word = request.headers_mut().remove(ASSERTION);
            say(request.headers_mut(), &told);
            if let Some(mut word) = word {
                word.set_sensitive(true);
                request.extensions_mut().insert(Believed(word));
            }
            next.run(request).await
        }
        Err(why) => Refusal::of(ProblemKind::UntrustedCaller, format!("Vagvisare-Assertion: {why}.")).into_response(),
    }
}

/// What is said in plain is what was signed, and nothing else.
fn say(headers: &mut HeaderMap, told: &Told) {
    let act = told.act.as_ref();
    let signed = [
        told.client.as_deref(),
        told.organisation.as_deref(),
        told.agreement.as_deref(),
        told.person.as_deref(),
        told.scope.as_deref(),
        act.map(|act| act.sub.as_str()),
        act.map(|act| act.relation.as_str()),
    ];
    for (name, value) in PLAIN.into_iter().zip(signed) {
        match value.and_then(|value| HeaderValue::from_str(value).ok()) {
            Some(value) => headers.insert(name, value),
            None => headers.remove(name),
        };
    }
}
