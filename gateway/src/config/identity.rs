//! `[identity]` and `[[identity.issuers]]`: what credentials are checked with.

use super::url;
use ::document::Table;
use ::identity::people::openid::ProviderSettings;
use ::identity::service::Algorithm;
use ::identity::token::{Issuer, KeySource};
use std::net::SocketAddr;
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
    /// `[identity.people]`: people log in and decide here; `None`: they do not.
    pub people: Option<People>,
}

/// `[identity.people]`.
#[derive(Debug, Clone)]
pub struct People {
    /// Encrypts who people are.
    pub key_file: PathBuf,
    /// What that was encrypted with before; every row is encrypted anew at the start.
    pub previous_key_file: Option<PathBuf>,
    /// The secret that the gateway shows the provider; `None`: PKCE alone.
    pub client_secret_file: Option<PathBuf>,
    /// Where people log in.
    pub provider: ProviderSettings,
    /// `[identity.people.register]`: what agencies know people by; `None`: nobody is told.
    pub register: Option<Register>,
    /// Whether an application must push what it will ask a person (RFC 9126).
    pub pushed_requests_only: bool,
    /// Whether a call that reads about a person waits until that is written down; if not, a node that dies loses what it
    /// was told in its last moments.
    pub readings_before_answers: bool,
    /// `[identity.people.relations]`: for whom people may act; `None`: nobody acts for anybody else.
    pub relations: Option<Relations>,
}

/// `[identity.people.relations]`.
#[derive(Debug, Clone)]
pub struct Relations {
    /// A register that answers `POST /parties/relations`.
    pub url: String,
    /// What is shown there.
    pub key_file: Option<PathBuf>,
}

/// `[identity.people.register]`.
#[derive(Debug, Clone)]
pub struct Register {
    /// Where it listens, on this machine.
    pub listen: SocketAddr,
    /// Whose services ask.
    pub organisation: String,
    /// What they show is made from it.
    pub key_file: PathBuf,
    /// A register of agencies' own references.
    pub behind: Option<String>,
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
        people: read_people(&table.table("people")),
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

fn read_people(table: &Table<'_>) -> Option<People> {
    if !table.is_present() {
        return None;
    }
    let issuer = table.required_string("issuer");
    let mut provider = ProviderSettings::new(issuer.as_str(), table.required_string("client_id"));
    provider.test_provider = table.boolean("test_provider", false);
    if let Some(name) = table.optional_string("name") {
        provider.name = name;
    }
    if let Some(claim) = table.optional_string("number_claim") {
        provider.number_claim = claim;
    }
    if table.has("scopes") {
        provider.scopes = table.strings("scopes");
    }
    let levels = table.strings("levels");
    if !levels.is_empty() {
        provider.levels = levels;
    }
    match url::check(&issuer) {
        Err(message) => table.report("issuer", message),
        Ok(url) if url.scheme_str() == Some("http") && !(provider.test_provider && url::is_loopback(&url)) => {
            table.report(
                "issuer",
                "is plain http; a provider that people log in at is reached over https",
            );
        }
        Ok(_) => {}
    }
    Some(People {
        key_file: table.required_file("key_file").unwrap_or_default(),
        previous_key_file: table.optional_file("previous_key_file"),
        client_secret_file: table.optional_file("client_secret_file"),
        provider,
        register: read_register(&table.table("register")),
        pushed_requests_only: table.boolean("pushed_requests_only", false),
        readings_before_answers: table.boolean("readings_before_answers", true),
        relations: read_relations(&table.table("relations")),
    })
}

fn read_register(table: &Table<'_>) -> Option<Register> {
    if !table.is_present() {
        return None;
    }
    let listen: Option<SocketAddr> = table.parsed("listen", "an address such as 127.0.0.1:9180");
    match listen {
        None if !table.has("listen") => table.report("listen", "is missing"),
        Some(address) if !address.ip().is_loopback() => table.report(
            "listen",
            "must be on this machine: person numbers cross no network without TLS",
        ),
        _ => {}
    }
    let behind = table.optional_string("behind");
    if let Some(address) = &behind {
        check_register(table, "behind", address);
    }
    Some(Register {
        listen: listen.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0))),
        organisation: table.required_string("organisation"),
        key_file: table.required_file("key_file").unwrap_or_default(),
        behind,
    })
}

fn read_relations(table: &Table<'_>) -> Option<Relations> {
    if !table.is_present() {
        return None;
    }
    let url = table.required_string("url");
    check_register(table, "url", &url);
    Some(Relations {
        url,
        key_file: table.optional_file("key_file"),
    })
}

/// A register that is asked by person number.
fn check_register(table: &Table<'_>, key: &'static str, address: &str) {
    match url::check(address) {
        Err(message) => table.report(key, message),
        Ok(url) if url.scheme_str() == Some("http") && !url::is_loopback(&url) => {
            table.report(
                key,
                "is plain http to another machine; person numbers are sent over https",
            );
        }
        Ok(_) => {}
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
