//! Says who calls: an API key or an access token, as the route asks for.
//!
//! The check itself is a trait, so that the data plane needs no store and no OAuth server. A credential is sent in a
//! header only (REST profile SAK.15, SAK.16): one in the query is refused, because logs and histories keep addresses.

use crate::call::{Call, Consumer};
use crate::error::{CredentialKind, CredentialRefusal, GatewayError};
use crate::middleware::gate::{Change, Decide, Flow};
use crate::plan::Shared;
use http::{HeaderMap, HeaderName, header};
use snapshot::{ApplicationIndex, Authentication, Snapshot};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use telemetry::Phase;

/// Where an API key travels.
pub const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Checks credentials. Called on the request path: an answer that is at hand is given at once.
pub trait Credentials: fmt::Debug + Send + Sync {
    /// The application that an API key stands for. `now` in Unix seconds.
    ///
    /// # Errors
    /// What is wrong with the key, in words that are safe to send.
    fn key(&self, presented: &str, snapshot: &Snapshot, now: i64) -> Result<ApplicationIndex, CredentialRefusal>;

    /// What an access token for `audience` says. `now` in Unix seconds.
    fn token(&self, presented: &str, audience: &str, now: i64) -> TokenVerdict;
}

/// The answer about a token.
pub enum TokenVerdict {
    /// At hand.
    Now(Result<Token, TokenRefusal>),
    /// The issuer's keys have to be fetched first.
    Later(Pin<Box<dyn Future<Output = Result<Token, TokenRefusal>> + Send>>),
}

/// A verified access token: shared pieces, so that a cached token costs no copies.
#[derive(Debug, Clone)]
pub struct Token {
    /// The application (`client_id`).
    pub client: Arc<str>,
    /// The person, as an opaque id; `None`: the application acts for itself.
    pub subject: Option<Arc<str>>,
    /// What the token may be used for.
    pub scopes: Arc<[Box<str>]>,
}

/// Why there is no token.
#[derive(Debug, Clone)]
pub enum TokenRefusal {
    /// The token does not hold.
    Refused(CredentialRefusal),
    /// Nobody can say: the issuer's keys are not to be had.
    KeysUnavailable {
        /// When to try again.
        retry_after: Duration,
    },
}

/// The decision.
#[derive(Debug, Clone)]
pub struct Authenticate {
    shared: Arc<Shared>,
}

impl Authenticate {
    /// Takes the check from the shared parts.
    pub fn new(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::clone(shared),
        }
    }

    fn check_key(&self, call: &mut Call, presented: &str) -> Result<Flow, GatewayError> {
        let now = call.facts.now();
        let application = self
            .shared
            .credentials
            .key(presented, &call.facts.plan.snapshot, now)
            .map_err(GatewayError::CredentialRefused)?;
        settle(
            call,
            Consumer {
                application,
                subject: None,
                scopes: None,
            },
        );
        Ok(Flow::Continue)
    }

    fn check_token(&self, call: &mut Call, presented: &str) -> Result<Flow, GatewayError> {
        let now = call.facts.now();
        let audience = call.facts.api().map_or("", |api| &api.audience);
        match self.shared.credentials.token(presented, audience, now) {
            TokenVerdict::Now(verdict) => accept(call, verdict).map(|()| Flow::Continue),
            TokenVerdict::Later(verdict) => Ok(Flow::Later(Box::pin(async move {
                let verdict = verdict.await;
                let change: Change = Box::new(move |call: &mut Call| accept(call, verdict));
                Ok(change)
            }))),
        }
    }
}

impl Decide for Authenticate {
    fn decide(&self, call: &mut Call) -> Result<Flow, GatewayError> {
        let accepted = call.facts.route()?.authentication;
        if accepted == Authentication::None {
            return Ok(Flow::Continue);
        }
        let began = Instant::now();
        refuse_credential_in_query(call.head.uri.query())?;
        let key = single(&call.head.headers, &API_KEY)?;
        let token = bearer(&call.head.headers)?;
        let flow = match (accepted, token, key) {
            (Authentication::Token | Authentication::KeyOrToken, Some(token), _) => {
                let token = token.to_owned();
                self.check_token(call, &token)
            }
            (Authentication::Key | Authentication::KeyOrToken, _, Some(key)) => {
                let key = key.to_owned();
                self.check_key(call, &key)
            }
            _ => Err(GatewayError::CredentialMissing),
        };
        call.facts.record.phase(Phase::Authenticate, began, Instant::now());
        flow
    }
}

fn accept(call: &mut Call, verdict: Result<Token, TokenRefusal>) -> Result<(), GatewayError> {
    let token = verdict.map_err(|refusal| match refusal {
        TokenRefusal::Refused(refusal) => GatewayError::CredentialRefused(refusal),
        TokenRefusal::KeysUnavailable { retry_after } => GatewayError::KeysUnavailable { retry_after },
    })?;
    let application = call
        .facts
        .plan
        .snapshot
        .find_application(&token.client)
        .ok_or_else(|| {
            GatewayError::CredentialRefused(CredentialRefusal {
                kind: CredentialKind::Token,
                code: "unknown_client",
                description: "The token names an application that is not registered.".into(),
            })
        })?;
    settle(
        call,
        Consumer {
            application,
            subject: token.subject,
            scopes: Some(token.scopes),
        },
    );
    Ok(())
}

fn settle(call: &mut Call, consumer: Consumer) {
    let application = call.facts.plan.snapshot.application(consumer.application);
    call.facts.record.application = Some(Arc::clone(&application.id));
    call.facts.consumer = Some(consumer);
}

/// The header's value; two of them could be read differently by two programs.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, GatewayError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(GatewayError::Malformed("Send one credential of a kind, not several."));
    }
    value
        .to_str()
        .map(Some)
        .map_err(|_| GatewayError::Malformed("The credential holds characters that none has."))
}

/// RFC 6750 section 2.1. Another scheme counts as no credential: it may be meant for someone else.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, GatewayError> {
    let Some(value) = single(headers, &header::AUTHORIZATION)? else {
        return Ok(None);
    };
    Ok(match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Some(token.trim_start_matches(' ')),
        _ => None,
    })
}

fn refuse_credential_in_query(query: Option<&str>) -> Result<(), GatewayError> {
    const NAMES: [&str; 7] = [
        "access_token",
        "api_key",
        "apikey",
        "api-key",
        "x-api-key",
        "x_api_key",
        "authorization",
    ];
    let Some(query) = query else { return Ok(()) };
    let found = query.split('&').any(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        NAMES.iter().any(|known| name.eq_ignore_ascii_case(known)) || value.starts_with("vv_")
    });
    if found {
        return Err(GatewayError::Malformed(
            "Credentials never belong in an address: send X-Api-Key or Authorization. Replace this one, it may be in logs by now.",
        ));
    }
    Ok(())
}
