//! What no longer holds, although its time is not up: consulted for each credential, without a lock.
//!
//! Whoever learns of revocations ([`crate::service`] reads them from its database) puts the whole set here. A verifier asks
//! it after its memory of verified tokens, so that no remembered token outlives its revocation.

use crate::token::Claims;
use arc_swap::ArcSwap;
use std::collections::HashMap;

/// What can be revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// One access token, by its `jti`.
    Token,
    /// Every token of a client that was issued until then.
    Client,
    /// What a client proves itself with, and the tokens that it got with it: `client/credential`.
    Credential,
    /// Every token issued under an agreement until then.
    Agreement,
    /// An API key, by its public id.
    ApiKey,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Token,
        Self::Client,
        Self::Credential,
        Self::Agreement,
        Self::ApiKey,
    ];

    /// Its name in the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Client => "client",
            Self::Credential => "credential",
            Self::Agreement => "agreement",
            Self::ApiKey => "api-key",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Everything that is revoked just now.
#[derive(Debug, Default)]
pub struct Set {
    tables: [HashMap<Box<str>, i64>; 5],
    len: usize,
}

impl Set {
    /// Adds one. `at` is the Unix second of the revocation: what was issued later holds.
    pub fn add(&mut self, kind: Kind, subject: &str, at: i64) {
        if let Some(table) = self.tables.get_mut(kind as usize) {
            table.insert(subject.into(), at);
            self.len += 1;
        }
    }

    fn at(&self, kind: Kind, subject: &str) -> Option<i64> {
        self.tables.get(kind as usize)?.get(subject).copied()
    }
}

/// The set in force.
#[derive(Debug, Default)]
pub struct Revocations(ArcSwap<Set>);

impl Revocations {
    /// Puts another set in force.
    pub fn replace(&self, set: Set) {
        self.0.store(set.into());
    }

    /// Number of revocations in force.
    pub fn len(&self) -> usize {
        self.0.load().len
    }

    /// Whether nothing is revoked.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a token that says this has been revoked.
    pub fn refuses(&self, claims: &Claims) -> bool {
        let set = self.0.load();
        if set.len == 0 {
            return false;
        }
        let issued = claims.issued_at.unwrap_or(claims.not_before);
        let until = |kind, subject: &str| set.at(kind, subject).is_some_and(|at| issued <= at);
        claims
            .token_id
            .as_deref()
            .is_some_and(|id| set.at(Kind::Token, id).is_some())
            || until(Kind::Client, &claims.client_id)
            || claims
                .agreement
                .as_deref()
                .is_some_and(|agreement| until(Kind::Agreement, agreement))
            || claims
                .credential
                .as_deref()
                .is_some_and(|credential| self.refuses_credential(&claims.client_id, credential))
    }

    /// Whether what a client proves itself with has been revoked.
    pub fn refuses_credential(&self, client: &str, credential: &str) -> bool {
        let set = self.0.load();
        set.len > 0 && set.at(Kind::Credential, &credential_name(client, credential)).is_some()
    }

    /// Whether an API key has been revoked.
    pub fn refuses_key(&self, id: &str) -> bool {
        let set = self.0.load();
        set.len > 0 && set.at(Kind::ApiKey, id).is_some()
    }

    /// The second until which what a client signed is refused.
    pub fn client_epoch(&self, client: &str) -> Option<i64> {
        self.0.load().at(Kind::Client, client)
    }
}

/// How a client's credential is named in the set.
pub fn credential_name(client: &str, credential: &str) -> String {
    format!("{client}/{credential}")
}
