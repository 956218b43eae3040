//! The pages where people see and decide: log in, what they have consented to, who has read about them, withdraw, take
//! everything along. Plain HTML that works without script, in Swedish and English.
//!
//! Served under `/me`. A session is a word in a cookie; every form carries a word that only the session's pages know
//! (CSRF). Nothing tells a stranger whether somebody exists: who is not logged in is asked to log in.

pub(crate) mod authorize;
mod consent;
mod cookies;
mod document;
mod login;
mod mine;
mod page;
mod session;

pub use document::{facts, openapi};

use super::openid::OpenId;
use super::{People, PeopleError};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use snapshot::Snapshot;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

/// Largest form, in bytes.
const MAX_BODY: usize = 16 * 1024;

/// Gives the registry's picture in force: names of organisations and applications.
pub type Picture = Arc<dyn Fn() -> Arc<Snapshot> + Send + Sync>;

/// Ends access tokens at once.
pub trait Revoke: Send + Sync {
    /// Revokes the access token with this id; every node refuses it within a second.
    fn revoke<'a>(&'a self, token_id: &'a str) -> Pin<Box<dyn Future<Output = Result<(), PeopleError>> + Send + 'a>>;
}

/// The pages. Cheap to clone.
#[derive(Clone)]
pub struct Web(Arc<Inner>);

struct Inner {
    people: People,
    openid: OpenId,
    base_url: String,
    picture: Picture,
    revoke: Arc<dyn Revoke>,
}

impl fmt::Debug for Web {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Web(..)")
    }
}

impl Web {
    /// Pages that people reach at `base_url` (`scheme://host[:port]`). Over plain http, which only a gateway on loopback
    /// speaks, cookies go without `Secure`.
    pub fn new(
        people: People,
        openid: OpenId,
        base_url: impl Into<String>,
        picture: Picture,
        revoke: Arc<dyn Revoke>,
    ) -> Self {
        Self(Arc::new(Inner {
            people,
            openid,
            base_url: base_url.into(),
            picture,
            revoke,
        }))
    }

    /// Where the e-identification sends people back to; to be registered there.
    pub fn callback_uri(base_url: &str) -> String {
        format!("{base_url}/me/callback")
    }

    /// Everything that is served, as `/me/..`.
    pub fn router(&self) -> Router {
        Router::new()
            .nest(facts().base_path, document::routes().split_for_parts().0)
            .layer(DefaultBodyLimit::max(MAX_BODY))
            .with_state(self.clone())
    }

    fn secure(&self) -> bool {
        self.0.base_url.starts_with("https://")
    }
}
