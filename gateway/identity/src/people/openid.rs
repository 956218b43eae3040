//! People log in at an external OpenID provider: this is the relying party's side of it (OpenID Connect Core 1.0, code
//! flow with PKCE). What is accepted is decided here and nowhere else: issuer, audience, nonce, signature, level of assurance.

use super::PersonNumber;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// What the Swedish profile calls a person number.
pub const NUMBER_CLAIM: &str = "https://id.oidc.se/claim/personalIdentityNumber";
/// The scope that asks for it.
pub const NUMBER_SCOPE: &str = "https://id.oidc.se/scope/naturalPersonNumber";
/// The level of assurance that is asked for unless another is configured.
pub const LEVEL: &str = "http://id.elegnamnden.se/loa/1.0/loa3";

/// Largest answer that is read from the provider, in bytes.
const MOST: usize = 256 * 1024;
/// How long its documents are used.
const FRESH: Duration = Duration::from_secs(300);
/// Algorithms of ID tokens.
const ALGORITHMS: [Algorithm; 6] = [
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
    Algorithm::PS256,
    Algorithm::RS256,
    Algorithm::RS512,
];

/// An OpenID provider, and what we are to it.
#[derive(Clone)]
pub struct ProviderSettings {
    /// Its issuer, letter by letter; the discovery document is under it.
    pub issuer: String,
    /// What people call it.
    pub name: String,
    /// Our `client_id` there.
    pub client_id: String,
    /// Our secret there; `None`: we are a public client and PKCE holds.
    pub client_secret: Option<String>,
    /// The claim with the person number.
    pub number_claim: String,
    /// The scopes to ask for, beside `openid`.
    pub scopes: Vec<String>,
    /// Levels of assurance that are accepted; the first is asked for.
    pub levels: Vec<String>,
    /// For development: a provider that proves nothing, with invented people, over plain http on this machine.
    pub test_provider: bool,
}

impl ProviderSettings {
    /// A provider as the Swedish profile has it.
    pub fn new(issuer: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            name: "e-legitimation".to_owned(),
            client_id: client_id.into(),
            client_secret: None,
            number_claim: NUMBER_CLAIM.to_owned(),
            scopes: vec![NUMBER_SCOPE.to_owned()],
            levels: vec![LEVEL.to_owned(), "http://id.elegnamnden.se/loa/1.0/loa4".to_owned()],
            test_provider: false,
        }
    }
}

impl fmt::Debug for ProviderSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ProviderSettings")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// Why somebody could not be logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// The provider does not answer, or not as one.
    #[error("the e-identification does not answer")]
    Unavailable,
    /// It answered and refused: a code that is used, a client it does not know.
    #[error("the e-identification refused the login")]
    Refused,
    /// The ID token is not one that we may accept.
    #[error("the e-identification's answer does not hold: {0}")]
    Invalid(&'static str),
    /// The login was weaker than required.
    #[error("the login is weaker than required")]
    Weak,
}

/// Somebody who has logged in.
#[derive(Debug)]
pub struct LoggedIn {
    /// Who.
    pub number: PersonNumber,
    /// The level of assurance that was reached.
    pub level: String,
    /// When, Unix seconds.
    pub at: i64,
}

/// What goes to the provider and must come back: kept beside the browser, never in it.
#[derive(Debug, Clone)]
pub struct Attempt<'a> {
    /// `state`.
    pub state: &'a str,
    /// `nonce`.
    pub nonce: &'a str,
    /// `code_verifier`.
    pub verifier: &'a str,
    /// Where the browser comes back to.
    pub redirect_uri: &'a str,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
    /// The sandbox's test e-identification says so of itself.
    #[serde(default)]
    synthetic_people_only: bool,
}

#[derive(Debug)]
struct Known {
    at: tokio::time::Instant,
    metadata: Metadata,
    keys: JwkSet,
}

/// The relying party. Cheap to clone.
#[derive(Debug, Clone)]
pub struct OpenId {
    settings: Arc<ProviderSettings>,
    client: reqwest::Client,
    known: Arc<Mutex<Option<Arc<Known>>>>,
}

impl OpenId {
    /// For one provider; asks it nothing yet.
    ///
    /// # Errors
    /// When the platform's TLS cannot be set up.
    pub fn new(settings: ProviderSettings) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(2))
            .timeout(Duration::from_secs(5));
        let client = if settings.test_provider {
            client.no_proxy()
        } else {
            client
        };
        Ok(Self {
            client: client.build()?,
            settings: Arc::new(settings),
            known: Arc::default(),
        })
    }

    /// What people call the provider.
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// The provider's issuer.
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// Asks the provider for its documents, so that a wrong one is found at the start.
    ///
    /// # Errors
    /// [`LoginError::Invalid`] for one that may not be used here; [`LoginError::Unavailable`].
    pub async fn check(&self) -> Result<(), LoginError> {
        self.known(false).await.map(|_| ())
    }

    /// Where to send the browser.
    ///
    /// # Errors
    /// [`LoginError::Unavailable`].
    pub async fn start(&self, attempt: &Attempt<'_>, language: &str) -> Result<String, LoginError> {
        let known = self.known(false).await?;
        let mut query = form_urlencoded::Serializer::new(String::new());
        let scope = std::iter::once("openid").chain(self.settings.scopes.iter().map(String::as_str));
        let scope = scope.collect::<Vec<_>>().join(" ");
        let challenge = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, attempt.verifier.as_bytes());
        query.extend_pairs([
            ("response_type", "code"),
            ("client_id", &self.settings.client_id),
            ("redirect_uri", attempt.redirect_uri),
            ("scope", &scope),
            ("state", attempt.state),
            ("nonce", attempt.nonce),
            ("code_challenge", &URL_SAFE_NO_PAD.encode(challenge)),
            ("code_challenge_method", "S256"),
            ("prompt", "login"),
            ("ui_locales", language),
        ]);
        if let Some(level) = self.settings.levels.first() {
            query.append_pair("acr_values", level);
        }
        let endpoint = &known.metadata.authorization_endpoint;
        let join = if endpoint.contains('?') { '&' } else { '?' };
        Ok(format!("{endpoint}{join}{}", query.finish()))
    }

    /// Whether an answer with this `iss` may be the provider's (RFC 9207).
    ///
    /// # Errors
    /// [`LoginError::Invalid`] for somebody else's; [`LoginError::Unavailable`].
    pub async fn check_issuer(&self, iss: Option<&str>) -> Result<(), LoginError> {
        match iss {
            Some(iss) if iss == self.settings.issuer => Ok(()),
            Some(_) => Err(LoginError::Invalid("it comes from another provider")),
            None if self
                .known(false)
                .await?
                .metadata
                .authorization_response_iss_parameter_supported =>
            {
                Err(LoginError::Invalid("iss is missing"))
            }
            None => Ok(()),
        }
    }

    /// Gives the code for an ID token and reads who it is.
    ///
    /// # Errors
    /// See [`LoginError`].
    pub async fn finish(&self, code: &str, attempt: &Attempt<'_>) -> Result<LoggedIn, LoginError> {
        #[derive(Deserialize)]
        struct Answer {
            id_token: String,
        }
        let known = self.known(false).await?;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", attempt.redirect_uri),
            ("client_id", &self.settings.client_id),
            ("code_verifier", attempt.verifier),
        ];
        let mut request = self.client.post(&known.metadata.token_endpoint).form(&form);
        if let Some(secret) = &self.settings.client_secret {
            request = request.basic_auth(&self.settings.client_id, Some(secret));
        }
        let answer: Answer = read(request).await?;
        self.read_id_token(&answer.id_token, attempt.nonce).await
    }

    async fn read_id_token(&self, token: &str, nonce: &str) -> Result<LoggedIn, LoginError> {
        let header = decode_header(token).map_err(|_| LoginError::Invalid("it is no ID token"))?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(LoginError::Invalid("its algorithm is not accepted"));
        }
        let find = |known: &Known| {
            let fits = |key: &&jsonwebtoken::jwk::Jwk| header.kid.is_none() || key.common.key_id == header.kid;
            known
                .keys
                .keys
                .iter()
                .find(fits)
                .and_then(|key| DecodingKey::from_jwk(key).ok())
        };
        let mut key = find(self.known(false).await?.as_ref());
        if key.is_none() {
            // Its keys may have changed since they were read.
            key = find(self.known(true).await?.as_ref());
        }
        let key = key.ok_or(LoginError::Invalid("its key is not known"))?;
        let mut checks = Validation::new(header.alg);
        checks.set_audience(&[&self.settings.client_id]);
        checks.set_issuer(&[&self.settings.issuer]);
        checks.set_required_spec_claims(&["exp", "iss", "aud"]);
        checks.leeway = 30;
        let claims = decode::<Value>(token, &key, &checks)
            .map_err(|_| LoginError::Invalid("signature, issuer, audience or time"))?
            .claims;
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        if text("nonce") != Some(nonce) {
            return Err(LoginError::Invalid("nonce"));
        }
        let level = text("acr").unwrap_or_default();
        if !self.settings.levels.is_empty() && !self.settings.levels.iter().any(|known| known == level) {
            return Err(LoginError::Weak);
        }
        let number = text(&self.settings.number_claim).and_then(PersonNumber::read);
        Ok(LoggedIn {
            number: number.ok_or(LoginError::Invalid("it does not say who it is"))?,
            level: level.to_owned(),
            at: claims
                .get("auth_time")
                .and_then(Value::as_i64)
                .unwrap_or_else(|| jiff::Timestamp::now().as_second()),
        })
    }

    /// The provider's documents, read anew when they are old; with `anew` at once.
    async fn known(&self, anew: bool) -> Result<Arc<Known>, LoginError> {
        let mut known = self.known.lock().await;
        let most = if anew { Duration::from_secs(5) } else { FRESH };
        if let Some(known) = known.as_ref().filter(|known| known.at.elapsed() < most) {
            return Ok(Arc::clone(known));
        }
        let url = format!(
            "{}/.well-known/openid-configuration",
            self.settings.issuer.trim_end_matches('/')
        );
        let metadata: Metadata = read(self.client.get(self.allowed(&url)?)).await?;
        if metadata.issuer != self.settings.issuer {
            return Err(LoginError::Invalid("it calls itself by another name"));
        }
        if metadata.synthetic_people_only && !self.settings.test_provider {
            return Err(LoginError::Invalid(
                "it is a test e-identification, which proves nothing",
            ));
        }
        self.allowed(&metadata.authorization_endpoint)?;
        self.allowed(&metadata.token_endpoint)?;
        let keys = read(self.client.get(self.allowed(&metadata.jwks_uri)?)).await?;
        let read = Arc::new(Known {
            at: tokio::time::Instant::now(),
            metadata,
            keys,
        });
        *known = Some(Arc::clone(&read));
        Ok(read)
    }

    fn allowed<'a>(&self, url: &'a str) -> Result<&'a str, LoginError> {
        let loopback = ["http://127.0.0.1", "http://localhost", "http://[::1]"]
            .iter()
            .any(|start| url.strip_prefix(start).is_some_and(|rest| rest.starts_with([':', '/'])));
        if url.starts_with("https://") || (self.settings.test_provider && loopback) {
            Ok(url)
        } else {
            Err(LoginError::Invalid("an address of it is not https"))
        }
    }
}

/// Sends a request and reads a whole answer of at most [`MOST`] bytes.
async fn read<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, LoginError> {
    let mut response = request.send().await.map_err(|_| LoginError::Unavailable)?;
    if response.status().is_server_error() {
        return Err(LoginError::Unavailable);
    }
    if !response.status().is_success() {
        return Err(LoginError::Refused);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| LoginError::Unavailable)? {
        if body.len().saturating_add(chunk.len()) > MOST {
            return Err(LoginError::Invalid("it is too large"));
        }
        body.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&body).map_err(|_| LoginError::Invalid("it is not JSON as expected"))
}
