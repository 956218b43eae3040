//! Who the client is: a signed assertion (`private_key_jwt`, RFC 7523), a TLS certificate (RFC 8705) or, for simple cases,
//! a secret (`client_secret_basic`). A refusal names the check that failed, and never whether a client exists.

use super::error::OAuthError;
use super::form::Form;
use super::{Service, store};
use crate::api_key;
use crate::json::Value;
use crate::revocation;
use crate::token::claims::{required, seconds, text};
use crate::token::compact::{self, Compact, Kind};
use crate::token::keys::{Found, KeySet};
use crate::token::upkeep::{Cause, IssuerKeys, Usable};
use crate::token::{Issuer, KeySource, TokenError};
use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use quick_cache::sync::Cache;
use snapshot::{ApplicationIndex, ClientCredentials, Snapshot};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// RFC 7523 section 2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Longest assertion that is looked at, in bytes.
const MAX_ASSERTION: usize = 8 * 1024;
/// Longest life of an assertion, in seconds.
const MAX_LIFE: i64 = 300;
/// How far apart clocks may be, in seconds.
const LEEWAY: i64 = 10;
/// Key sets of clients kept in memory.
const KEY_SETS: usize = 10_000;

/// A client that has proved who it is.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) id: Arc<str>,
    pub(super) application: ApplicationIndex,
    /// The id of what it proved itself with.
    pub(super) credential: String,
    /// By what the registry knows that; see [`Registry::used`](super::Registry::used).
    used: String,
    /// The picture that all further decisions about this request are made on.
    pub(super) snapshot: Arc<Snapshot>,
}

/// Clients' key sets, read and ready.
pub(super) struct Clients {
    handed_in: Cache<[u8; 32], Arc<KeySet>>,
    published: Cache<Box<str>, Arc<IssuerKeys>>,
    allow_private: bool,
}

impl Clients {
    pub(super) fn new(allow_private: bool) -> Self {
        Self {
            handed_in: Cache::new(KEY_SETS),
            published: Cache::new(KEY_SETS),
            allow_private,
        }
    }

    fn handed_in(&self, jwks: &str) -> Option<Arc<KeySet>> {
        let place = *blake3::hash(jwks.as_bytes()).as_bytes();
        if let Some(known) = self.handed_in.get(&place) {
            return Some(known);
        }
        let read = Arc::new(KeySet::read(jwks.as_bytes()).ok()?);
        self.handed_in.insert(place, Arc::clone(&read));
        Some(read)
    }

    fn published(&self, url: &str) -> Option<Arc<IssuerKeys>> {
        if let Some(known) = self.published.get(url) {
            return Some(known);
        }
        let mut source = Issuer::new(url, KeySource::Url(url.to_owned()));
        source.allow_http_loopback = self.allow_private;
        source.public_network_only = !self.allow_private;
        let keys = IssuerKeys::new(source).ok()?;
        self.published.insert(url.into(), Arc::clone(&keys));
        Some(keys)
    }
}

/// Where the request came from, as the gateway says it.
pub(super) fn address(headers: &HeaderMap) -> &str {
    headers
        .get(header::FORWARDED)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').find_map(|part| part.strip_prefix("for=")))
        .unwrap_or("unknown")
}

/// The thumbprint of the certificate that the caller showed, as the gateway says it.
pub(super) fn certificate(headers: &HeaderMap) -> Option<[u8; 32]> {
    let value = headers.get("vagvisare-client-certificate")?.to_str().ok()?;
    URL_SAFE_NO_PAD.decode(value).ok()?.try_into().ok()
}

fn refused(what: impl std::fmt::Display) -> OAuthError {
    OAuthError::invalid_client(format!("client_assertion: {what}."))
}

fn of_assertion(error: &TokenError) -> OAuthError {
    refused(error.to_string().replace("access token", "assertion"))
}

impl Service {
    /// Finds out who the client is.
    pub(super) async fn authenticate(&self, headers: &HeaderMap, form: &Form) -> Result<Client, OAuthError> {
        let snapshot = self.inner.registry.snapshot();
        let basic = basic(headers)?;
        let assertion = form.get("client_assertion");
        let given = [
            basic.is_some(),
            assertion.is_some(),
            form.get("client_secret").is_some(),
        ];
        if given.into_iter().filter(|given| *given).count() > 1 {
            return Err(OAuthError::invalid_request(
                "Authenticate in one way: client_assertion, or Authorization: Basic.",
            ));
        }
        let claimed = match (&basic, assertion) {
            (Some((id, _)), _) => id.clone(),
            (None, Some(assertion)) => claimed_by(assertion).unwrap_or_default(),
            (None, None) => form.get("client_id").unwrap_or_default().to_owned(),
        };
        if form.get("client_id").is_some_and(|named| named != claimed) {
            return Err(OAuthError::invalid_client(
                "client_id is another client than the one that authenticates.",
            ));
        }
        let address = address(headers);
        if let Err(wait) = self.inner.throttle.may_try(&claimed, address) {
            return Err(OAuthError::slow_down(
                "Too many failed attempts for this client from this address. Other addresses are not affected.",
                wait,
            ));
        }
        let outcome = match (basic, assertion) {
            (Some((id, secret)), _) => self.by_secret(&snapshot, &id, &secret),
            (None, Some(assertion)) => self.by_assertion(&snapshot, form, assertion).await,
            (None, None) if form.get("client_secret").is_some() => Err(OAuthError::invalid_client(
                "A client secret is sent in Authorization: Basic, not in the body.",
            )),
            (None, None) => self.by_certificate(&snapshot, &claimed, headers),
        };
        let client = outcome.inspect_err(|error| {
            if error.code == "invalid_client" {
                self.inner.throttle.failed(&claimed, address);
            }
        })?;
        if self.revocations().refuses_credential(&client.id, &client.credential) {
            return Err(OAuthError::invalid_client(
                "This key or secret has been revoked. Use another one.",
            ));
        }
        let name = revocation::credential_name(&client.id, &client.used);
        self.inner.registry.used(&name, super::now());
        Ok(client)
    }

    fn by_secret(&self, snapshot: &Arc<Snapshot>, id: &str, secret: &str) -> Result<Client, OAuthError> {
        let wrong = || {
            let mut error = OAuthError::invalid_client("The client is not known, or the secret is not one of its own.");
            error.basic = true;
            error
        };
        let pepper = self.inner.settings.pepper.as_ref().ok_or_else(wrong)?;
        let presented = api_key::parse(secret).map_err(|_| wrong())?;
        let application = snapshot.find_application(id).ok_or_else(wrong)?;
        let credentials = &snapshot.application(application).credentials;
        let now = super::now();
        let stored = credentials.secrets.iter().find(|stored| {
            bool::from(stored.id.as_bytes().ct_eq(presented.id().as_bytes())) && presented.matches(&stored.hash, pepper)
        });
        let stored = stored.ok_or_else(wrong)?;
        if stored.expires_at.is_some_and(|end| now >= end) {
            return Err(wrong());
        }
        Ok(Client {
            id: Arc::clone(&snapshot.application(application).id),
            application,
            credential: stored.id.to_string(),
            used: stored.id.to_string(),
            snapshot: Arc::clone(snapshot),
        })
    }

    fn by_certificate(&self, snapshot: &Arc<Snapshot>, id: &str, headers: &HeaderMap) -> Result<Client, OAuthError> {
        let missing = || {
            OAuthError::invalid_client(
                "Say who you are: client_assertion_type and client_assertion (private_key_jwt), Authorization: Basic, or client_id with a registered TLS certificate.",
            )
        };
        let shown = certificate(headers).ok_or_else(missing)?;
        let application = snapshot.find_application(id).ok_or_else(missing)?;
        let known = &snapshot.application(application).credentials.certificates;
        if !known.iter().any(|own| bool::from(own.ct_eq(&shown))) {
            return Err(missing());
        }
        Ok(Client {
            id: Arc::clone(&snapshot.application(application).id),
            application,
            credential: URL_SAFE_NO_PAD.encode(shown),
            used: blake3::Hash::from(shown).to_hex().to_string(),
            snapshot: Arc::clone(snapshot),
        })
    }

    async fn by_assertion(&self, snapshot: &Arc<Snapshot>, form: &Form, assertion: &str) -> Result<Client, OAuthError> {
        if form.get("client_assertion_type") != Some(ASSERTION_TYPE) {
            return Err(OAuthError::invalid_request(format!(
                "client_assertion_type must be {ASSERTION_TYPE}."
            )));
        }
        if assertion.len() > MAX_ASSERTION {
            return Err(refused("it is too long"));
        }
        let compact = compact::read(assertion, Kind::ClientAssertion).map_err(|error| of_assertion(&error))?;
        let now = super::now();
        let claims = Claims::read(&compact, &self.inner.settings.issuer, now)?;
        let unknown = || refused("the client is not known, or has no key with this kid and algorithm");
        let application = snapshot.find_application(&claims.client).ok_or_else(unknown)?;
        let known = snapshot.application(application);
        let epoch = known
            .credentials
            .not_before
            .max(self.revocations().client_epoch(&known.id).map_or(i64::MIN, |at| at + 1));
        if claims.begins < epoch {
            return Err(refused(
                "it was made before the client's credentials were revoked; make a new one",
            ));
        }
        let credential = self
            .check_signature(&known.credentials, &compact)
            .await?
            .ok_or_else(unknown)?;
        let id = blake3::hash(format!("{}\n{}", known.id, claims.id).as_bytes()).to_hex();
        let first = store::use_once(&self.inner.database, &format!("a:{id}"), claims.ends + LEEWAY + 1).await?;
        if !first {
            return Err(refused(
                "the jti has been used before; make a new assertion for each request",
            ));
        }
        let published = known.credentials.jwks_url.as_deref();
        let published = published.filter(|_| known.credentials.jwks.is_none());
        Ok(Client {
            id: Arc::clone(&known.id),
            application,
            used: published.unwrap_or(&credential).to_owned(),
            credential,
            snapshot: Arc::clone(snapshot),
        })
    }

    /// The id of the key that signed it; `None`: there is no such key.
    async fn check_signature(
        &self,
        credentials: &ClientCredentials,
        compact: &Compact<'_>,
    ) -> Result<Option<String>, OAuthError> {
        if let Some(jwks) = &credentials.jwks {
            return match self.inner.clients.handed_in(jwks) {
                Some(keys) => signed_by(&keys, compact),
                None => Ok(None),
            };
        }
        let Some(url) = &credentials.jwks_url else {
            return Ok(None);
        };
        let published = self.inner.clients.published(url).ok_or_else(may_not_be_asked)?;
        let unreachable = || {
            if published.forbidden() {
                return may_not_be_asked();
            }
            OAuthError::unavailable("The client's jwks_url does not answer with a key set. Try again.")
        };
        let (mut last, mut outcome) = (false, Ok(None));
        for _ in 0..2 {
            let now = tokio::time::Instant::now();
            let seen = published.landings();
            let cause = match published.usable(now, last) {
                Usable::Keys(held) => {
                    outcome = match held.as_ref() {
                        Some(held) => signed_by(&held.keys, compact),
                        None => Err(unreachable()),
                    };
                    if last || !matches!(outcome, Ok(None)) || !published.may_seek(&compact.key_id, now) {
                        return outcome;
                    }
                    Cause::UnknownKey
                }
                Usable::AfterFetch => Cause::Age,
                Usable::Unavailable(_) => return Err(unreachable()),
            };
            published.fetched_since(seen, cause).await;
            last = true;
        }
        outcome
    }
}

/// Trying again would not help: the registration has to be changed.
fn may_not_be_asked() -> OAuthError {
    refused(
        "its jwks_url may not be asked: it must be https and lead to an address of the public internet; register another \
         address, or the key set itself",
    )
}

fn signed_by(keys: &KeySet, compact: &Compact<'_>) -> Result<Option<String>, OAuthError> {
    let (id, key) = if compact.key_id.is_empty() {
        match keys.only(compact.algorithm) {
            Some((id, key)) => (id, key),
            None => {
                return Err(refused(
                    "it names no kid, and the client has not exactly one key for its algorithm",
                ));
            }
        }
    } else {
        match keys.find(&compact.key_id, compact.algorithm) {
            Found::Key(key) => (compact.key_id.as_str(), key),
            Found::OtherAlgorithm => return Err(refused("the key with this kid is for another algorithm")),
            Found::Unknown => return Ok(None),
        }
    };
    let signed = compact.signed.as_bytes();
    match jsonwebtoken::crypto::verify(compact.signature, signed, key, compact.algorithm) {
        Ok(true) => Ok(Some(id.to_owned())),
        Ok(false) | Err(_) => Err(refused("the signature is wrong")),
    }
}

/// What an assertion says, checked but for its signature.
struct Claims {
    client: String,
    id: String,
    begins: i64,
    ends: i64,
}

impl Claims {
    fn read(compact: &Compact<'_>, issuer: &str, now: i64) -> Result<Self, OAuthError> {
        let claims = &compact.claims;
        let word = |name| {
            text(claims, name)
                .and_then(|value| required(value, name))
                .map_err(|error| of_assertion(&error))
        };
        let time = |name| seconds(claims, name).map_err(|error| of_assertion(&error));
        let (iss, sub, id) = (word("iss")?, word("sub")?, word("jti")?);
        if iss != sub {
            return Err(refused("iss and sub must both be the client_id"));
        }
        let audience = match claims.get("aud") {
            None => return Err(of_assertion(&TokenError::MissingClaim("aud"))),
            Some(Value::Text(one)) => one == issuer,
            Some(Value::List(list)) => matches!(list.as_slice(), [Value::Text(one)] if one == issuer),
            Some(_) => return Err(of_assertion(&TokenError::WrongClaimType("aud"))),
        };
        if !audience {
            return Err(refused(format_args!("aud must be {issuer} and nothing else")));
        }
        let ends = time("exp")?.ok_or_else(|| of_assertion(&TokenError::MissingClaim("exp")))?;
        if now >= ends.saturating_add(LEEWAY) {
            return Err(refused("it has expired"));
        }
        let (issued, begins) = (time("iat")?, time("nbf")?);
        if issued.into_iter().chain(begins).any(|begin| begin > now + LEEWAY) {
            return Err(refused("it is not valid yet; check the clock"));
        }
        let from = issued.into_iter().chain(begins).min().unwrap_or(now);
        if ends.saturating_sub(now) > MAX_LIFE || ends.saturating_sub(from) > MAX_LIFE || ends <= from {
            return Err(refused(format_args!("it may be valid for at most {MAX_LIFE} s")));
        }
        if id.len() > 256 {
            return Err(refused("the jti is too long"));
        }
        Ok(Self {
            client: iss.to_owned(),
            id: id.to_owned(),
            // Without iat nothing is known but that it ends within the longest life.
            begins: issued.or(begins).unwrap_or(ends - MAX_LIFE),
            ends,
        })
    }
}

/// The client that an assertion names, for counting failures; nothing is checked.
fn claimed_by(assertion: &str) -> Option<String> {
    if assertion.len() > MAX_ASSERTION {
        return None;
    }
    let compact = compact::read(assertion, Kind::ClientAssertion).ok()?;
    text(&compact.claims, "iss")
        .ok()?
        .map(|id| id.chars().take(200).collect())
}

/// RFC 6749 section 2.3.1: both parts are form-encoded first.
fn basic(headers: &HeaderMap) -> Result<Option<(String, String)>, OAuthError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let malformed = || OAuthError::invalid_request("Authorization must be Basic, with client_id and secret.");
    if values.next().is_some() {
        return Err(malformed());
    }
    let value = value.to_str().map_err(|_| malformed())?;
    let (scheme, encoded) = value.split_once(' ').ok_or_else(malformed)?;
    if !scheme.eq_ignore_ascii_case("basic") || encoded.len() > 2_048 {
        return Err(malformed());
    }
    let decoded = STANDARD.decode(encoded.trim()).map_err(|_| malformed())?;
    let decoded = String::from_utf8(decoded).map_err(|_| malformed())?;
    let (id, secret) = decoded.split_once(':').ok_or_else(malformed)?;
    let read = |text: &str| {
        form_urlencoded::parse(text.as_bytes())
            .next()
            .map(|(name, _)| name.into_owned())
            .unwrap_or_default()
    };
    Ok(Some((read(id), read(secret))))
}
