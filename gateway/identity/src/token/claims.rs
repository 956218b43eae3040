//! What a token says, and whether it may be said here and now.

use super::error::TokenError;
use crate::json::{Object, Value};
use std::fmt;
use std::sync::Arc;

/// The checked claims of a verified token, in pieces that are cheap to share.
#[derive(Clone, PartialEq, Eq)]
pub struct Claims {
    /// `iss`, as configured.
    pub issuer: Arc<str>,
    /// `sub`: the person's opaque id, or the client's own.
    pub subject: Arc<str>,
    /// `client_id`: the application's stable id.
    pub client_id: Arc<str>,
    /// `scope`, taken apart.
    pub scopes: Arc<[Box<str>]>,
    /// `nbf`, Unix seconds.
    pub not_before: i64,
    /// `exp`, Unix seconds.
    pub expires_at: i64,
    /// `iat`, Unix seconds.
    pub issued_at: Option<i64>,
    /// `jti`.
    pub token_id: Option<Arc<str>>,
    /// `agreement_id`: the agreement it was issued under, by our own issuer.
    pub agreement: Option<Arc<str>>,
    /// `credential`: what the client proved itself with, at our own issuer.
    pub credential: Option<Box<str>>,
    /// `act`: who acts, if it is somebody else than the client: a person, or a client that got it in exchange.
    pub actor: Option<Arc<str>>,
    /// The person in `act`: a guardian or representative of the one that the token is about.
    pub representative: Option<Representative>,
    /// `cnf`: what its sender has to prove.
    pub confirmation: Option<Confirmation>,
    /// `party`: the person by the id that the API's own organisation knows, sealed; opened once the signature holds.
    pub(crate) sealed_party: Option<Box<str>>,
    /// What was sealed, from our own issuer: what a backend of the API is told in place of the subject.
    pub known_as: Option<Arc<str>>,
    /// Whether it speaks for a person: its subject is someone else than the client (RFC 9068, section 2.2).
    pub person: bool,
}

/// A person who acts for the one that a token is about.
#[derive(Clone, PartialEq, Eq)]
pub struct Representative {
    /// By what the client's organisation knows them.
    pub party_id: Arc<str>,
    /// What lets them act: `guardian` or `representative`.
    pub relation: Arc<str>,
    /// By what the API's own organisation knows them, sealed; opened once the signature holds.
    pub(crate) sealed: Option<Box<str>>,
    /// What was sealed, from our own issuer.
    pub known_as: Option<Arc<str>>,
}

impl fmt::Debug for Representative {
    /// Who a person is does not belong in a log.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Representative(..)")
    }
}

/// What binds a token to its sender (RFC 7800), as a SHA-256 thumbprint in base64url.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmation {
    /// `jkt`: a key that each request proves (RFC 9449).
    Key(Arc<str>),
    /// `x5t#S256`: the certificate of the connection (RFC 8705).
    Certificate(Arc<str>),
}

/// Limits in time, in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    /// How far clocks may be apart.
    pub(crate) leeway: i64,
    /// From `nbf` (and `iat`) to `exp` at most.
    pub(crate) max_lifetime: i64,
}

impl Claims {
    /// Whether the token grants `scope`.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|granted| **granted == *scope)
    }

    /// Reads the claims of an as yet unverified token and checks that they fit `audience` and `now` (Unix seconds).
    pub(crate) fn read(
        claims: &Object,
        issuer: &Arc<str>,
        audience: &str,
        now: i64,
        times: Times,
    ) -> Result<Self, TokenError> {
        let subject = required(text(claims, "sub")?, "sub")?;
        let client_id = required(text(claims, "client_id")?, "client_id")?;
        let (actor, representative) = actors(claims)?;
        let read = Self {
            issuer: Arc::clone(issuer),
            subject: subject.into(),
            client_id: client_id.into(),
            scopes: scopes(claims)?,
            not_before: required(seconds(claims, "nbf")?, "nbf")?,
            expires_at: required(seconds(claims, "exp")?, "exp")?,
            issued_at: seconds(claims, "iat")?,
            token_id: text(claims, "jti")?.map(Into::into),
            agreement: text(claims, "agreement_id")?.map(Into::into),
            credential: text(claims, "credential")?.map(Into::into),
            actor,
            representative,
            confirmation: confirmation(claims)?,
            sealed_party: text(claims, "party")?.map(Into::into),
            known_as: None,
            person: subject != client_id,
        };
        check_audience(claims, audience)?;
        read.check_times(now, times)?;
        read.check_lifetime(times)?;
        Ok(read)
    }

    /// Whether the token is valid at `now`, within the leeway.
    pub(crate) fn check_times(&self, now: i64, times: Times) -> Result<(), TokenError> {
        if now >= self.expires_at.saturating_add(times.leeway) {
            return Err(TokenError::Expired);
        }
        let latest = now.saturating_add(times.leeway);
        if self.not_before > latest || self.issued_at.is_some_and(|issued| issued > latest) {
            return Err(TokenError::NotYetValid);
        }
        Ok(())
    }

    fn check_lifetime(&self, times: Times) -> Result<(), TokenError> {
        let fits = |begin: i64| (1..=times.max_lifetime).contains(&self.expires_at.saturating_sub(begin));
        let fits = fits(self.not_before) && self.issued_at.is_none_or(fits);
        fits.then_some(()).ok_or(TokenError::Lifetime)
    }
}

impl fmt::Debug for Claims {
    /// Without the subject: who a person is does not belong in a log.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Claims")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .field("scopes", &self.scopes)
            .field("expires_at", &self.expires_at)
            .field("person", &self.person)
            .finish_non_exhaustive()
    }
}

/// The unverified `iss`, by which the keys are chosen.
pub(crate) fn issuer(claims: &Object) -> Result<&str, TokenError> {
    required(text(claims, "iss")?, "iss")
}

pub(crate) fn required<T>(claim: Option<T>, name: &'static str) -> Result<T, TokenError> {
    claim.ok_or(TokenError::MissingClaim(name))
}

/// A string; an empty one counts as missing.
pub(crate) fn text<'a>(claims: &'a Object, name: &'static str) -> Result<Option<&'a str>, TokenError> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::Text(text)) if text.is_empty() => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text)),
        Some(_) => Err(TokenError::WrongClaimType(name)),
    }
}

/// A NumericDate (RFC 7519, section 2). A fraction is cut off; what has no exact second in an `f64` is refused.
pub(crate) fn seconds(claims: &Object, name: &'static str) -> Result<Option<i64>, TokenError> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match claims.get(name) {
        None => Ok(None),
        Some(Value::Whole(seconds)) => Ok(Some(*seconds)),
        Some(Value::Number(seconds)) if seconds.abs() < EXACT => Ok(Some(seconds.floor() as i64)),
        Some(_) => Err(TokenError::WrongClaimType(name)),
    }
}

fn scopes(claims: &Object) -> Result<Arc<[Box<str>]>, TokenError> {
    let scope = text(claims, "scope")?.unwrap_or_default();
    Ok(scope
        .split(' ')
        .filter(|scope| !scope.is_empty())
        .map(Into::into)
        .collect())
}

/// `aud` is one string or a list of strings, one of which is `audience`. An API without an audience accepts no token.
fn check_audience(claims: &Object, audience: &str) -> Result<(), TokenError> {
    let named = match claims.get("aud") {
        None => return Err(TokenError::MissingClaim("aud")),
        Some(Value::Text(one)) => one == audience,
        Some(Value::List(several)) => {
            if !several.iter().all(|one| matches!(one, Value::Text(_))) {
                return Err(TokenError::WrongClaimType("aud"));
            }
            several
                .iter()
                .any(|one| matches!(one, Value::Text(one) if one == audience))
        }
        Some(_) => return Err(TokenError::WrongClaimType("aud")),
    };
    (named && !audience.is_empty())
        .then_some(())
        .ok_or(TokenError::WrongAudience)
}

/// RFC 8693 section 4.1: the nearest who acts, and the person among those who do.
fn actors(claims: &Object) -> Result<(Option<Arc<str>>, Option<Representative>), TokenError> {
    let (mut nearest, mut at) = (None, claims);
    // A client that got the token in exchange, and inside it the person.
    for _ in 0..2 {
        at = match at.get("act") {
            None => break,
            Some(Value::Object(actor)) => actor,
            Some(_) => return Err(TokenError::WrongClaimType("act")),
        };
        let Some(party_id) = text(at, "sub")? else { break };
        nearest = nearest.or_else(|| Some(party_id.into()));
        if let Some(relation) = text(at, "relation")? {
            let representative = Representative {
                party_id: party_id.into(),
                relation: relation.into(),
                sealed: text(at, "party")?.map(Into::into),
                known_as: None,
            };
            return Ok((nearest, Some(representative)));
        }
    }
    Ok((nearest, None))
}

/// A binding that is not understood is refused: passing over it would make the token anybody's.
fn confirmation(claims: &Object) -> Result<Option<Confirmation>, TokenError> {
    const WRONG: TokenError = TokenError::WrongClaimType("cnf");
    let Some(confirmation) = claims.get("cnf") else {
        return Ok(None);
    };
    let Value::Object(members) = confirmation else {
        return Err(WRONG);
    };
    let mut known = members.iter();
    match (known.next(), known.next()) {
        (Some((name, Value::Text(thumbprint))), None) if thumbprint.len() == 43 => match name.as_str() {
            "jkt" => Ok(Some(Confirmation::Key(thumbprint.as_str().into()))),
            "x5t#S256" => Ok(Some(Confirmation::Certificate(thumbprint.as_str().into()))),
            _ => Err(WRONG),
        },
        _ => Err(WRONG),
    }
}
