//! `[identity]` and `[[identity.issuers]]`: what credentials are checked with.

use super::url;
use ::document::Table;
use ::identity::token::{Issuer, KeySource};
use std::path::PathBuf;

/// `[identity]`.
#[derive(Debug, Clone, Default)]
pub struct Identity {
    /// The secret that API keys are hashed with; `None`: no keys are accepted.
    pub pepper_file: Option<PathBuf>,
    /// Whose tokens are accepted.
    pub issuers: Vec<Issuer>,
}

/// Reads the section. A pepper that is named must be there: a new one would make every key in use worthless.
pub(super) fn read(table: &Table<'_>) -> Identity {
    let mut issuers: Vec<Issuer> = Vec::new();
    for issuer in table.tables("issuers") {
        let read = read_issuer(&issuer);
        if issuers.iter().any(|known| known.issuer == read.issuer) {
            issuer.report("issuer", format!("`{}` is named twice", read.issuer));
        }
        issuers.push(read);
    }
    Identity {
        pepper_file: table.optional_file("pepper_file"),
        issuers,
    }
}

fn read_issuer(table: &Table<'_>) -> Issuer {
    let name = table.required_string("issuer");
    if table.has("issuer") && name.trim().is_empty() {
        table.report(
            "issuer",
            "must not be empty; it is compared with `iss` letter by letter",
        );
    }
    let allow_loopback_http = table.boolean("allow_loopback_http", false);
    let mut issuer = Issuer::new(name, keys(table, allow_loopback_http));
    issuer.allow_http_loopback = allow_loopback_http;
    issuer
}

/// A key set's address or file. Keys fetched over plain http could be anybody's.
fn keys(table: &Table<'_>, allow_loopback_http: bool) -> KeySource {
    let text = table.required_string("jwks");
    if !text.contains("://") {
        let path = if text.is_empty() {
            None
        } else {
            table.optional_file("jwks")
        };
        return KeySource::File(path.unwrap_or_default());
    }
    match url::check(&text) {
        Err(message) => table.report("jwks", message),
        Ok(url) if url.scheme_str() == Some("http") && !url::is_loopback(&url) => {
            table.report("jwks", "is plain http to another machine; keys are fetched over https");
        }
        Ok(url) if url.scheme_str() == Some("http") && !allow_loopback_http => {
            table.report(
                "jwks",
                "is plain http; for a test issuer on this machine set allow_loopback_http = true",
            );
        }
        Ok(_) => {}
    }
    KeySource::Url(text)
}
