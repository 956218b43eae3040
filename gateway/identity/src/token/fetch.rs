//! Where key sets come from: a file, or an address on the web that is believed no more than it must be.

use super::error::VerifierError;
use super::issuer::{Issuer, KeySource};
use super::keys::KeySet;
use reqwest::header::{ACCEPT, CACHE_CONTROL, HeaderMap};
use reqwest::{Client, StatusCode, Url};
use snapshot::network_policy::is_public;
use std::error::Error;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Largest key set, in bytes.
const MAX_BYTES: usize = 256 * 1024;

/// Why a key set could not be had. For the log, not for callers.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// No answer, or none in time.
    #[error("no answer")]
    Http(#[source] reqwest::Error),
    /// The address's name leads to no address of the public network, where only those are asked.
    #[error("the network policy forbids every address of its name")]
    Forbidden,
    /// An answer other than 200. Redirects are not followed.
    #[error("answered with status {0}")]
    Status(StatusCode),
    /// More than 256 KiB.
    #[error("the key set is too large")]
    TooLarge,
    /// Not JSON, or not strictly so.
    #[error("the key set is not valid JSON")]
    Json(#[source] serde_json::Error),
    /// JSON, but not `{"keys": [{..}]}`.
    #[error("the document is no key set")]
    NoKeySet,
    /// More than 100 keys.
    #[error("the key set has too many keys")]
    TooManyKeys,
    /// The attempt was broken off.
    #[error("the attempt was broken off")]
    Cancelled,
}

/// A key set as it came.
pub(crate) struct Fetched {
    pub(crate) keys: KeySet,
    /// How long the sender says it may be kept.
    pub(crate) max_age: Option<Duration>,
}

/// One issuer's source, ready to be asked.
#[derive(Debug)]
pub(crate) enum Fetcher {
    File(PathBuf),
    Url { client: Client, url: Url },
    Own,
}

impl Fetcher {
    /// # Errors
    /// If the address may not be asked.
    pub(crate) fn new(issuer: &Issuer) -> Result<Self, VerifierError> {
        match &issuer.keys {
            KeySource::File(path) => Ok(Self::File(path.clone())),
            KeySource::Own => Ok(Self::Own),
            KeySource::Url(text) => {
                let url = Url::parse(text)
                    .ok()
                    .filter(|url| may_be_asked(url, issuer.allow_http_loopback));
                let url = url.ok_or_else(|| VerifierError::Url(text.clone()))?;
                if issuer.public_network_only && !is_public_or_name(&url) {
                    return Err(VerifierError::Url(text.clone()));
                }
                let client = client(issuer).map_err(VerifierError::Client)?;
                Ok(Self::Url { client, url })
            }
        }
    }

    pub(crate) async fn fetch(&self) -> Result<Fetched, FetchError> {
        match self {
            Self::File(path) => {
                let path = path.clone();
                let read = tokio::task::spawn_blocking(move || read_file(&path)).await;
                read.unwrap_or(Err(FetchError::Cancelled))
            }
            // Nothing is fetched: keys are brought, and bring their own time.
            Self::Own => Err(FetchError::NoKeySet),
            Self::Url { client, url } => download(client, url.clone()).await,
        }
    }
}

/// `https`; or `http` to this machine where the configuration says so. Never with a password in it.
fn may_be_asked(url: &Url, allow_http_loopback: bool) -> bool {
    let host = url.host_str().unwrap_or_default();
    let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let loopback = host == "localhost" || literal.is_ok_and(|address| address.is_loopback());
    let scheme = match url.scheme() {
        "https" => !host.is_empty(),
        "http" => allow_http_loopback && loopback,
        _ => false,
    };
    scheme && url.username().is_empty() && url.password().is_none()
}

fn client(issuer: &Issuer) -> reqwest::Result<Client> {
    let mut builder = Client::builder();
    if issuer.public_network_only {
        builder = builder.dns_resolver(std::sync::Arc::new(PublicOnly));
    }
    builder
        .timeout(issuer.fetch_timeout)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        // A fetch every few minutes needs no kept connection, and one may be made on any of several runtimes.
        .pool_max_idle_per_host(0)
        // The loopback rule above must mean this machine, whatever a resolver says.
        .resolve("localhost", SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
        .user_agent("vagvisare")
        .build()
}

/// Looks names up and passes over everything that is not of the public network: a key set's address must not reach what
/// stands beside the gateway.
struct PublicOnly;

impl reqwest::dns::Resolve for PublicOnly {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(NotPublic.into());
            }
            let addresses: reqwest::dns::Addrs = Box::new(public.into_iter());
            Ok(addresses)
        })
    }
}

/// What [`PublicOnly`] says of a name that leads nowhere else.
#[derive(Debug, thiserror::Error)]
#[error("not an address of the public network")]
struct NotPublic;

fn unanswered(error: reqwest::Error) -> FetchError {
    let mut next = error.source();
    while let Some(cause) = next {
        if cause.is::<NotPublic>() {
            return FetchError::Forbidden;
        }
        next = cause.source();
    }
    FetchError::Http(error)
}

/// A literal address is never looked up, so it is checked here; a name when it is looked up.
fn is_public_or_name(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    literal.map_or(host != "localhost", is_public)
}

/// Reads a key file at once, for the start.
pub(crate) fn read_file(path: &Path) -> Result<Fetched, FetchError> {
    let failed = |source| FetchError::File {
        path: path.to_owned(),
        source,
    };
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut io::Read::take(file, MAX_BYTES as u64 + 1), &mut bytes).map_err(failed)?;
    if bytes.len() > MAX_BYTES {
        return Err(FetchError::TooLarge);
    }
    Ok(Fetched {
        keys: KeySet::read(&bytes)?,
        max_age: None,
    })
}

async fn download(client: &Client, url: Url) -> Result<Fetched, FetchError> {
    let request = client
        .get(url)
        .header(ACCEPT, "application/jwk-set+json, application/json");
    let mut response = request.send().await.map_err(unanswered)?;
    if response.status() != StatusCode::OK {
        return Err(FetchError::Status(response.status()));
    }
    let max_age = max_age(response.headers());
    let mut bytes = Vec::new();
    while let Some(part) = response.chunk().await.map_err(FetchError::Http)? {
        if bytes.len() + part.len() > MAX_BYTES {
            return Err(FetchError::TooLarge);
        }
        bytes.extend_from_slice(&part);
    }
    Ok(Fetched {
        keys: KeySet::read(&bytes)?,
        max_age,
    })
}

/// `Cache-Control` (RFC 9111, section 5.2.2): `max-age`, or zero where keeping is forbidden.
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let values = headers
        .get_all(CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let ages = values.flat_map(|value| value.split(',')).filter_map(|directive| {
        let directive = directive.trim().to_ascii_lowercase();
        if directive == "no-store" || directive == "no-cache" {
            return Some(Duration::ZERO);
        }
        let seconds = directive.strip_prefix("max-age=")?.trim_matches('"').parse().ok()?;
        Some(Duration::from_secs(seconds))
    });
    ages.min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_this_machine_are_asked() {
        let asked = |url: &str, loopback| may_be_asked(&Url::parse(url).unwrap(), loopback);
        for url in ["https://id.example/jwks", "https://192.0.2.1:8443/jwks"] {
            assert!(asked(url, false), "{url}");
        }
        for url in [
            "http://127.0.0.1:1/jwks",
            "http://[::1]:1/jwks",
            "http://localhost:1/jwks",
            "http://127.1/jwks",
        ] {
            assert!(asked(url, true), "{url}");
            assert!(!asked(url, false), "{url}");
        }
        for url in [
            "http://id.example/jwks",
            "http://localhost.example/jwks",
            "http://127.0.0.1.example/jwks",
            "http://0.0.0.0/jwks",
            "https://user:password@id.example/jwks",
            "http://good@127.0.0.1/jwks",
            "file:///etc/passwd",
            "data:,{}",
        ] {
            assert!(!asked(url, true), "{url}");
        }
    }

    #[test]
    fn what_stands_beside_the_gateway_is_not_asked_for_a_clients_keys() {
        for own in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "[::1]",
            "[::ffff:10.0.0.1]",
            "[fd00::1]",
            "[fe80::1]",
            "[64:ff9b::a00:1]",
            "[2002:a00:1::]",
            "localhost",
        ] {
            let url = Url::parse(&format!("https://{own}/jwks")).unwrap();
            assert!(!is_public_or_name(&url), "{own}");
        }
        for other in ["id.example", "8.8.8.8", "[2606:4700::1111]"] {
            let url = Url::parse(&format!("https://{other}/jwks")).unwrap();
            assert!(is_public_or_name(&url), "{other}");
        }
    }

    #[tokio::test]
    async fn a_name_of_what_stands_beside_the_gateway_is_told_as_forbidden() {
        let client = Client::builder()
            .no_proxy()
            .dns_resolver(std::sync::Arc::new(PublicOnly))
            .build()
            .unwrap();
        let url = Url::parse("https://localhost/jwks").unwrap();
        let outcome = download(&client, url).await.err();
        assert!(matches!(outcome, Some(FetchError::Forbidden)), "{outcome:?}");
    }

    #[test]
    fn the_shortest_age_counts() {
        let age = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CACHE_CONTROL, value.parse().unwrap());
            }
            max_age(&headers)
        };
        assert_eq!(age(&[]), None);
        assert_eq!(age(&["public, Max-Age=60"]), Some(Duration::from_secs(60)));
        assert_eq!(age(&["max-age=60", "max-age=30"]), Some(Duration::from_secs(30)));
        assert_eq!(age(&["max-age=60, no-store"]), Some(Duration::ZERO));
        assert_eq!(age(&["max-age=-1, max-age=99999999999999999999999"]), None);
    }
}
