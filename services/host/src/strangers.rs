//! Calling an address that somebody else has named: never in a network that the policy forbids, never further than it says.
//!
//! An address is looked at as it is written, and a name once more at each connect, on the addresses that it leads to: whoever
//! runs its zone may change them between two calls.

use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{ClientBuilder, Url};

/// Which addresses of strangers may be called.
#[derive(Debug, Clone, Copy)]
pub struct Strangers {
    /// Those of loopback and private networks too, and over plain HTTP: for development.
    pub allow_private_network: bool,
}

impl Strangers {
    /// A client that calls only such addresses, follows no redirect and asks no proxy.
    pub fn guard(self, client: ClientBuilder) -> ClientBuilder {
        client
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .dns_resolver(std::sync::Arc::new(self))
    }

    /// Whether an address may be one to call, as far as the address itself says; names are judged at each connect.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(self, url: &str) -> Result<Url, &'static str> {
        let parsed = Url::parse(url).map_err(|_| "must be an absolute URL")?;
        let secure = parsed.scheme() == "https" || (self.allow_private_network && parsed.scheme() == "http");
        if !secure {
            return Err("must begin with https://");
        }
        if !parsed.username().is_empty() || parsed.password().is_some() || parsed.fragment().is_some() {
            return Err("must have neither a user, a password nor a fragment");
        }
        // A literal address is never looked up, so the resolver does not see it.
        let literal = match parsed.host_str() {
            None => return Err("must have a host"),
            Some(host) => host.trim_matches(['[', ']']).parse::<IpAddr>().ok(),
        };
        if literal.is_some_and(|address| !self.allows(address)) {
            return Err("must lead to the public internet");
        }
        Ok(parsed)
    }

    /// Whether a call failed because its address is one that may not be called.
    pub fn forbade(error: &reqwest::Error) -> bool {
        let mut cause: Option<&dyn std::error::Error> = Some(error);
        while let Some(one) = cause {
            if one.is::<Forbidden>() {
                return true;
            }
            cause = one.source();
        }
        false
    }

    fn allows(self, address: IpAddr) -> bool {
        self.allow_private_network || network_policy::is_public(address)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the name leads to an address that the network policy forbids")]
struct Forbidden;

/// Looks names up, and lets only such addresses through as may be connected to.
impl Resolve for Strangers {
    fn resolve(&self, name: Name) -> Resolving {
        let strangers = *self;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| strangers.allows(address.ip())).collect();
            if allowed.is_empty() {
                return Err(Forbidden.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_public_internet_over_tls_is_allowed_by_address_and_by_name() {
        let strangers = Strangers {
            allow_private_network: false,
        };
        for url in [
            "http://example.com/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://10.1.2.3/",
            "https://169.254.169.254/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://[::ffff:127.0.0.1]/",
            "https://user@example.com/",
            "ftp://example.com/",
            "example.com",
            "https://example.com/#a",
        ] {
            assert!(strangers.check(url).is_err(), "{url}");
        }
        assert!(strangers.check("https://example.com/hook?a=b").is_ok());
        let client = strangers.guard(reqwest::Client::builder()).build().unwrap();
        let refused = client.get("https://localhost/").send().await.unwrap_err();
        assert!(Strangers::forbade(&refused), "{refused:?}");
        let development = Strangers {
            allow_private_network: true,
        };
        assert!(development.check("http://127.0.0.1:1/").is_ok());
    }
}
