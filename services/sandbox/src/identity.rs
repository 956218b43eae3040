//! A test e-identification: pick a synthetic person, get an access token that speaks for them. It asks nobody
//! to prove anything, which is why it only ever knows people who do not exist.

mod api;
mod key;
mod token;

pub(crate) use api::api;
pub use api::{TokenRequest, openapi};
pub(crate) use token::Issuer;
