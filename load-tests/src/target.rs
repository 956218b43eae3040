//! What may be put under load: an address on this machine's loopback interface, and nothing else.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

use http::{HeaderValue, Uri};

/// A checked target: plain HTTP to a loopback address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Where to connect.
    pub address: SocketAddr,
    /// The `Host` field of each request.
    pub host: HeaderValue,
    /// Path and query of each request, in origin form.
    pub path: Uri,
}

impl Target {
    /// The target `path` at `address`; refused unless the address is a loopback one.
    ///
    /// # Errors
    /// As for parsing the same as a URL.
    pub fn new(address: SocketAddr, path: &str) -> Result<Self, Refused> {
        format!("http://{address}{path}").parse()
    }
}

/// Why a target is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// Not a URL at all, or one without an address.
    NotAUrl(String),
    /// Another scheme than `http`.
    Scheme(String),
    /// An address or a name that is not this machine's loopback.
    NotLoopback(String),
}

impl std::error::Error for Refused {}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAUrl(text) => write!(formatter, "`{text}` is not a URL such as http://127.0.0.1:8080/path"),
            Self::Scheme(scheme) => write!(formatter, "`{scheme}` targets are not supported, only http"),
            Self::NotLoopback(host) => {
                write!(
                    formatter,
                    "`{host}` is not this machine's loopback (127.0.0.0/8, [::1], localhost): refused"
                )
            }
        }
    }
}

impl FromStr for Target {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let url: Uri = text.parse().map_err(|_| Refused::NotAUrl(text.to_owned()))?;
        let (Some(scheme), Some(authority)) = (url.scheme_str(), url.authority()) else {
            return Err(Refused::NotAUrl(text.to_owned()));
        };
        if scheme != "http" {
            return Err(Refused::Scheme(scheme.to_owned()));
        }
        let ip = loopback(authority.host()).ok_or_else(|| Refused::NotLoopback(authority.host().to_owned()))?;
        let address = SocketAddr::new(ip, authority.port_u16().unwrap_or(80));
        let not_a_url = |_| Refused::NotAUrl(text.to_owned());
        let path = url.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        Ok(Self {
            address,
            host: HeaderValue::from_str(authority.as_str()).map_err(|_| Refused::NotAUrl(text.to_owned()))?,
            path: path.parse().map_err(not_a_url)?,
        })
    }
}

/// The loopback address that `host` means. No name but `localhost` is looked up: an answer could point anywhere.
fn loopback(host: &str) -> Option<IpAddr> {
    if host.eq_ignore_ascii_case("localhost") {
        return Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    let ip: IpAddr = host.trim_matches(['[', ']']).parse().ok()?;
    ip.is_loopback().then_some(ip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_addresses_are_taken() {
        for (text, address) in [
            ("http://127.0.0.1:8080/a?b=c", "127.0.0.1:8080"),
            ("http://127.9.9.9:1/", "127.9.9.9:1"),
            ("http://localhost", "127.0.0.1:80"),
            ("http://[::1]:9000/", "[::1]:9000"),
        ] {
            assert_eq!(
                text.parse::<Target>().unwrap().address,
                address.parse().unwrap(),
                "{text}"
            );
        }
        let target: Target = "http://127.0.0.1:8080/a?b=c".parse().unwrap();
        assert_eq!(
            (target.path.to_string(), target.host),
            ("/a?b=c".to_owned(), HeaderValue::from_static("127.0.0.1:8080"))
        );
    }

    #[test]
    fn every_other_address_is_refused() {
        for text in [
            "http://10.0.0.1/",
            "http://192.168.1.1/",
            "http://0.0.0.0/",
            "http://203.0.113.7/",
            "http://[2001:db8::1]/",
            "http://[::ffff:203.0.113.7]/",
            "http://example.se/",
            "http://localhost.example.se/",
            "http://user@203.0.113.7/",
        ] {
            assert!(matches!(text.parse::<Target>(), Err(Refused::NotLoopback(_))), "{text}");
        }
        assert!(matches!(
            "https://127.0.0.1/".parse::<Target>(),
            Err(Refused::Scheme(_))
        ));
        assert!(matches!("/path/only".parse::<Target>(), Err(Refused::NotAUrl(_))));
    }
}
