//! A test e-identification. It asks nobody to prove anything, which is why it only ever knows people who do not exist.
//!
//! In two forms: an OpenID provider ([`provider`]) to log in at as one would at a real one, and, for scripts, an
//! address that hands out an access token for somebody at once.

mod api;
mod key;
mod page;
mod provider;
mod token;

pub(crate) use api::api;
pub use api::{TokenRequest, openapi};
pub use provider::RelyingParty;
pub(crate) use provider::{Provider, router};
pub(crate) use token::Issuer;
