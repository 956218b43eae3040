//! Says who calls: an API key or an access token, as the route asks for.
//!
//! The check itself is a trait, so that the data plane needs no store and no OAuth server. A credential is sent in a
//! header only (REST profile SAK.15, SAK.16): one in the query is refused, because logs and histories keep addresses.

use crate::call::{Call, Consumer};
use crate::error::{CredentialKind, CredentialRefusal, GatewayError, ProofRefusal};
use crate::middleware::gate::{Change, Decide, Flow};
use crate::middleware::headers::fields;
use crate::plan::Shared;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use snapshot::{ApplicationIndex, Authentication, SenderConstraint, Snapshot};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use telemetry::Phase;

/// Where an API key travels.
pub const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Where a proof of possession travels (RFC 9449 section 4.1).
const DPOP: HeaderName = HeaderName::from_static("dpop");

/// Checks credentials. Called on the request path: an answer that is at hand is given at once.
pub trait Credentials: fmt::Debug + Send + Sync {
    /// The application that an API key stands for. `now` in Unix seconds.
    ///
    /// # Errors
    /// What is wrong with the key, in words that are safe to send.
    fn key(&self, presented: &str, snapshot: &Snapshot, now: i64) -> Result<ApplicationIndex, CredentialRefusal>;

    /// What an access token for `audience` says. `now` in Unix seconds.
    fn token(&self, presented: &str, audience: &str, now: i64) -> TokenVerdict;

    /// Whether the caller has shown that it holds the key its token is bound to (RFC 9449). Asked for bound tokens only.
    /// That the proof is new on this node is part of it; other nodes are asked in [`spend`](crate::middleware::spend).
    ///
    /// # Errors
    /// What is wrong with the proof, in words that are safe to send.
    fn possession(&self, question: &Possession<'_>) -> Result<Proved, ProofRefusal>;

    /// Notes that somebody reads about a person.
    fn reading(&self, _reading: Reading<'_>) -> Noted {
        Noted::Now(true)
    }

    /// What a backend that asks for it is told of the call, signed. `None`: nobody here can sign.
    fn assertion(&self, _statement: &Statement<'_>) -> Option<HeaderValue> {
        None
    }
}

/// Whether a reading is noted; if not, the call must not be answered.
pub enum Noted {
    /// At hand.
    Now(bool),
    /// When it is written down.
    Later(Pin<Box<dyn Future<Output = bool> + Send>>),
}

/// A call with a person's token, to be noted for the person.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// Id of the token.
    pub token_id: &'a Arc<str>,
    /// Audience of the API.
    pub api: &'a Arc<str>,
    /// The method.
    pub method: &'a str,
    /// The path's template.
    pub template: &'a str,
    /// The trace.
    pub trace: &'a telemetry::TraceContext,
}

/// A call, as its backend is told of it.
#[derive(Debug, Clone, Copy)]
pub struct Statement<'a> {
    /// Id of the API.
    pub api: &'a str,
    /// The application; `None`: an open call.
    pub client: Option<&'a str>,
    /// Its organisation.
    pub organisation: Option<&'a str>,
    /// The agreement that admits it.
    pub agreement: Option<&'a str>,
    /// Its organisation again, where it calls on a consumer's behalf.
    pub supplier: Option<&'a str>,
    /// What its token may be used for.
    pub scopes: Option<&'a [Box<str>]>,
    /// The person, as an opaque id.
    pub person: Option<&'a str>,
    /// Who acts for the person.
    pub actor: Option<&'a Actor>,
    /// The trace, where the statement is to be of this call alone.
    pub trace: Option<&'a str>,
    /// Unix seconds.
    pub now: i64,
}

/// A proof of possession, and what it has to be for.
#[derive(Debug, Clone, Copy)]
pub struct Possession<'a> {
    /// The proof.
    pub proof: &'a str,
    /// The token that comes with it.
    pub token: &'a str,
    /// Thumbprint of the key that the token is bound to.
    pub thumbprint: &'a str,
    /// The request's method.
    pub method: &'a str,
    /// The request's address, as callers know it.
    pub address: &'a str,
    /// Unix seconds.
    pub now: i64,
}

/// A proof that holds, as far as one node can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proved {
    /// What it is remembered by; tells nothing about anybody.
    pub id: [u8; 32],
    /// For how long it could be shown again.
    pub fresh_for: Duration,
}

/// What a token is bound to: a SHA-256 thumbprint in base64url.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Binding {
    /// Of a key that each request proves (RFC 9449).
    Key(Arc<str>),
    /// Of the connection's certificate (RFC 8705).
    Certificate(Arc<str>),
}

/// How a token was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Bearer,
    Dpop,
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
    /// The person, by the id that the API's organisation knows; `None`: the application acts for itself.
    pub subject: Option<Arc<str>>,
    /// Who acts for the person, if it is not themselves.
    pub actor: Option<Box<Actor>>,
    /// The token's own id.
    pub id: Option<Arc<str>>,
    /// What the token may be used for.
    pub scopes: Arc<[Box<str>]>,
    /// What its sender has to show; `None`: whoever has it may use it.
    pub binding: Option<Binding>,
}

/// A guardian or representative of the person that a token is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// By the id that the API's organisation knows.
    pub subject: Arc<str>,
    /// What lets them act.
    pub relation: Arc<str>,
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
                actor: None,
                scopes: None,
                token: None,
            },
        );
        Ok(Flow::Continue)
    }

    fn check_token(&self, call: &mut Call, scheme: Scheme, presented: &str) -> Result<Flow, GatewayError> {
        let now = call.facts.now();
        let audience = call.facts.api().map_or("", |api| &api.audience);
        match self.shared.credentials.token(presented, audience, now) {
            TokenVerdict::Now(verdict) => self.accept(call, scheme, presented, verdict).map(|()| Flow::Continue),
            TokenVerdict::Later(verdict) => {
                let (own, presented) = (self.clone(), presented.to_owned());
                Ok(Flow::Later(Box::pin(async move {
                    let verdict = verdict.await;
                    let change: Change = Box::new(move |call: &mut Call| {
                        let accepted = own.accept(call, scheme, &presented, verdict);
                        call.facts.record.ends(Phase::Authenticate);
                        accepted
                    });
                    Ok(change)
                })))
            }
        }
    }
}

impl Decide for Authenticate {
    fn decide(&self, call: &mut Call) -> Result<Flow, GatewayError> {
        let accepted = call.facts.route()?.authentication;
        if accepted == Authentication::None {
            return Ok(Flow::Continue);
        }
        refuse_credential_in_query(call.head.uri.query())?;
        let (headers, seen) = (&call.head.headers, &call.facts.seen);
        let key = if seen.has(fields::API_KEY) {
            single(headers, &API_KEY)?
        } else {
            None
        };
        let token = if seen.has(fields::AUTHORIZATION) {
            bearer(headers)?
        } else {
            None
        };
        let flow = match (accepted, token, key) {
            (Authentication::Token | Authentication::KeyOrToken, Some((scheme, token)), _) => {
                let token = token.to_owned();
                self.check_token(call, scheme, &token)
            }
            (Authentication::Key | Authentication::KeyOrToken, _, Some(key)) => {
                let key = key.to_owned();
                self.check_key(call, &key)
            }
            _ => Err(GatewayError::CredentialMissing),
        };
        if !matches!(flow, Ok(Flow::Later(_))) {
            call.facts.record.ends(Phase::Authenticate);
        }
        flow
    }
}

impl Authenticate {
    fn accept(
        &self,
        call: &mut Call,
        scheme: Scheme,
        presented: &str,
        verdict: Result<Token, TokenRefusal>,
    ) -> Result<(), GatewayError> {
        let verdict = match verdict {
            Ok(token) => {
                call.facts.proof = self.check_binding(call, scheme, presented, token.binding.as_ref())?;
                Ok(token)
            }
            refused => refused,
        };
        accept(call, verdict)
    }

    /// Holds a bound token to its binding, and an API that asks for one to that. Gives the proof, where there is one.
    fn check_binding(
        &self,
        call: &Call,
        scheme: Scheme,
        presented: &str,
        binding: Option<&Binding>,
    ) -> Result<Option<Proved>, GatewayError> {
        let wanted = call
            .facts
            .api()
            .map_or(SenderConstraint::None, |api| api.sender_constraint);
        match (binding, wanted, scheme) {
            // Nothing is bound and nothing has to be: what most calls come to.
            (None, SenderConstraint::None, Scheme::Bearer) => Ok(None),
            (None, SenderConstraint::None, Scheme::Dpop) => Err(unbound(
                "The token is not bound to a key: send it as Authorization: Bearer.",
            )),
            (None, SenderConstraint::Mtls, _) => Err(unbound(
                "This API takes tokens that are bound to a TLS certificate (RFC 8705).",
            )),
            (None, SenderConstraint::Dpop | SenderConstraint::Either, _)
            | (Some(Binding::Certificate(_)), SenderConstraint::Dpop, _) => {
                Err(unbound("This API takes tokens that are bound to a key (RFC 9449)."))
            }
            (Some(Binding::Key(_)), SenderConstraint::Mtls, _) => Err(unbound(
                "This API takes tokens that are bound to a TLS certificate (RFC 8705).",
            )),
            (Some(Binding::Key(_)), _, Scheme::Bearer) => Err(unbound(
                "The token is bound to a key: send it as Authorization: DPoP, with a proof in the DPoP header.",
            )),
            (Some(Binding::Key(thumbprint)), _, Scheme::Dpop) => {
                self.check_proof(call, presented, thumbprint).map(Some)
            }
            (Some(Binding::Certificate(thumbprint)), _, _) => {
                let shown = call.facts.peer.certificate.map(|certificate| certificate.encoded());
                if shown.is_some_and(|shown| shown.as_slice() == thumbprint.as_bytes()) {
                    return Ok(None);
                }
                Err(unbound(
                    "The token is bound to another certificate than the one this connection shows.",
                ))
            }
        }
    }

    fn check_proof(&self, call: &Call, presented: &str, thumbprint: &str) -> Result<Proved, GatewayError> {
        let missing = || unbound("The token is bound to a key: send one proof for this request in the DPoP header.");
        let proof = single(&call.head.headers, &DPOP)?.ok_or_else(missing)?;
        let path = call.head.uri.path();
        let address = match call.facts.public_base_url() {
            Some(base) => format!("{base}{path}"),
            None => {
                let scheme = if call.facts.peer.tls { "https" } else { "http" };
                let host = call.head.headers.get(header::HOST).and_then(|host| host.to_str().ok());
                let host = host.or(call.head.uri.authority().map(http::uri::Authority::as_str));
                format!("{scheme}://{}{path}", host.unwrap_or_default())
            }
        };
        let question = Possession {
            proof,
            token: presented,
            thumbprint,
            method: call.head.method.as_str(),
            address: &address,
            now: call.facts.now(),
        };
        let verdict = self.shared.credentials.possession(&question);
        verdict.map_err(|refusal| GatewayError::ProofRefused(Box::new(refusal)))
    }
}

fn unbound(description: &'static str) -> GatewayError {
    GatewayError::ProofRefused(Box::new(ProofRefusal {
        code: "invalid_token",
        description: description.into(),
        nonce: None,
    }))
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
            actor: token.actor,
            scopes: Some(token.scopes),
            token: token.id,
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
fn bearer(headers: &HeaderMap) -> Result<Option<(Scheme, &str)>, GatewayError> {
    let Some(value) = single(headers, &header::AUTHORIZATION)? else {
        return Ok(None);
    };
    Ok(match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            Some((Scheme::Bearer, token.trim_start_matches(' ')))
        }
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("dpop") => {
            Some((Scheme::Dpop, token.trim_start_matches(' ')))
        }
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
