//! `[identity]` and `[[identity.issuers]]`: what credentials are checked with.

use super::url;
use ::document::Table;
use ::identity::service::Algorithm;
use ::identity::token::{Issuer, KeySource};
use std::path::PathBuf;
use std::time::Duration;

/// `[identity]`.
#[derive(Debug, Clone, Default)]
pub struct Identity {
    /// The secret that API keys are hashed with; `None`: no keys are accepted.
    pub pepper_file: Option<PathBuf>,
    /// Whose tokens are accepted.
    pub issuers: Vec<Issuer>,
    /// `[identity.service]`: the node issues tokens itself; `None`: it does not.
    pub service: Option<TokenService>,
}

/// `[identity.service]`.
#[derive(Debug, Clone)]
pub struct TokenService {
    /// `sqlite:PATH` or `postgres://..`.
    pub database: String,
    /// Encrypts signing keys at rest.
    pub key_encryption_file: PathBuf,
    /// What they were encrypted with before; still opens.
    pub previous_key_encryption_file: Option<PathBuf>,
    /// What tokens are signed with.
    pub algorithm: Algorithm,
    /// Life of a token.
    pub lifetime: Duration,
    /// How long a signing key signs.
    pub rotate_after: Duration,
    /// Tokens a client may get in a minute.
    pub tokens_per_minute: u32,
    /// Whether proofs of possession must carry a nonce.
    pub proof_nonce: bool,
}

const ALGORITHMS: [(&str, Algorithm); 2] = [("ES256", Algorithm::ES256), ("EdDSA", Algorithm::EdDSA)];
/// REST profile SAK.12.
const LONGEST_LIFETIME: Duration = Duration::from_secs(300);

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
        service: read_service(&table.table("service")),
    }
}

fn read_service(table: &Table<'_>) -> Option<TokenService> {
    if !table.is_present() {
        return None;
    }
    let database = table.required_string("database");
    if !["sqlite:", "postgres://", "postgresql://"]
        .iter()
        .any(|scheme| database.starts_with(scheme))
    {
        table.report("database", "must be sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME");
    }
    let lifetime = table.duration("lifetime", LONGEST_LIFETIME);
    if lifetime > LONGEST_LIFETIME || lifetime.is_zero() {
        table.report("lifetime", "must be from 1s to 5m (REST profile SAK.12)");
    }
    let rotate_after = table.duration("rotate_after", Duration::from_secs(30 * 86_400));
    if rotate_after < Duration::from_secs(3_600) {
        table.report(
            "rotate_after",
            "must be at least 1h: verifiers keep a key set for minutes",
        );
    }
    Some(TokenService {
        database,
        key_encryption_file: table.required_file("key_encryption_file").unwrap_or_default(),
        previous_key_encryption_file: table.optional_file("previous_key_encryption_file"),
        algorithm: table
            .optional_one_of("algorithm", &ALGORITHMS)
            .unwrap_or(Algorithm::ES256),
        lifetime,
        rotate_after,
        tokens_per_minute: table.optional_u32("tokens_per_minute").unwrap_or(600),
        proof_nonce: table.boolean("proof_nonce", true),
    })
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
