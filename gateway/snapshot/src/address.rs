//! Reads a backend's address: `http` or `https`, a host, a port, perhaps a path prefix, and nothing else.

use crate::model::{Scheme, UpstreamAddress};
use http::{HeaderValue, Uri};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

/// Reads `http://host[:port][/prefix]`.
///
/// # Errors
/// What is wrong, in words. Credentials, a query and a fragment are refused: they would be sent, or silently lost, on
/// every call.
pub(crate) fn parse(text: &str) -> Result<UpstreamAddress, String> {
    if text.contains('#') {
        return Err("must not hold a fragment (`#`)".to_owned());
    }
    let uri: Uri = text.parse().map_err(|error| format!("is not a URL: {error}"))?;
    let scheme = match uri.scheme_str() {
        Some("http") => Scheme::Http,
        Some("https") => Scheme::Https,
        Some(other) => return Err(format!("has the scheme `{other}`; use http or https")),
        None => return Err("is not an absolute URL; write http://host or https://host".to_owned()),
    };
    let authority = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
    if authority.contains('@') {
        return Err("must not hold a user name or password".to_owned());
    }
    if uri.query().is_some() {
        return Err("must not hold a query (`?`)".to_owned());
    }
    let (host, port) = split_authority(authority)?;
    let port = port.unwrap_or(match scheme {
        Scheme::Http => 80,
        Scheme::Https => 443,
    });
    let host = Host::parse(host)?;
    Ok(UpstreamAddress {
        scheme,
        authority: host.authority(scheme, port)?,
        literal: host.ip().map(|ip| SocketAddr::new(ip, port)),
        host: host.into_text(),
        port,
        base_path: base_path(uri.path())?,
    })
}

/// Splits `host:port`; a host in brackets may hold colons.
fn split_authority(authority: &str) -> Result<(&str, Option<u16>), String> {
    let after_host = authority.rfind(']').unwrap_or(0);
    let colon = authority
        .get(after_host..)
        .and_then(|rest| rest.find(':'))
        .map(|at| at + after_host);
    let Some((host, port)) = colon.and_then(|at| authority.split_at_checked(at)) else {
        return Ok((authority, None));
    };
    let port = port.trim_start_matches(':');
    match port.parse::<u16>() {
        Ok(number) if number > 0 && port.bytes().all(|byte| byte.is_ascii_digit()) => Ok((host, Some(number))),
        _ => Err(format!("has the port `{port}`; use 1 to 65535")),
    }
}

/// A host as it is looked up.
enum Host {
    Name(String),
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

impl Host {
    fn parse(text: &str) -> Result<Host, String> {
        if text.is_empty() {
            return Err("has no host".to_owned());
        }
        if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let address = inner
                .parse()
                .map_err(|_| format!("has the host `{text}`, which is not an IPv6 address"))?;
            return Ok(Host::V6(address));
        }
        if let Ok(address) = text.parse() {
            return Ok(Host::V4(address));
        }
        let name = text.trim_end_matches('.').to_ascii_lowercase();
        let last = name.rsplit('.').next().unwrap_or_default();
        // `127.1` and `0x7f.1` are addresses to some resolvers and names to others.
        if last.starts_with(|first: char| first.is_ascii_digit()) {
            return Err(format!(
                "has the host `{text}`, which is neither a name nor a full IPv4 address"
            ));
        }
        if name.len() > 253 || !name.split('.').all(is_label) {
            return Err(format!("has the host `{text}`, which is not a host name"));
        }
        Ok(Host::Name(name))
    }

    fn ip(&self) -> Option<IpAddr> {
        match self {
            Host::Name(_) => None,
            Host::V4(address) => Some(IpAddr::V4(*address)),
            Host::V6(address) => Some(IpAddr::V6(*address)),
        }
    }

    /// `Host` header: the default port is left out (RFC 9110 section 4.2.3).
    fn authority(&self, scheme: Scheme, port: u16) -> Result<HeaderValue, String> {
        let host = match self {
            Host::Name(name) => name.clone(),
            Host::V4(address) => address.to_string(),
            Host::V6(address) => format!("[{address}]"),
        };
        let text = match (scheme, port) {
            (Scheme::Http, 80) | (Scheme::Https, 443) => host,
            _ => format!("{host}:{port}"),
        };
        HeaderValue::from_str(&text).map_err(|_| format!("has the host `{text}`, which no header can hold"))
    }

    fn into_text(self) -> Arc<str> {
        match self {
            Host::Name(name) => name.into(),
            Host::V4(address) => address.to_string().into(),
            Host::V6(address) => address.to_string().into(),
        }
    }
}

/// RFC 1123 label; `_` is allowed because internal names use it.
fn is_label(label: &str) -> bool {
    let plain = label
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    plain && !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-')
}

/// The prefix before every path, without its trailing slash.
fn base_path(path: &str) -> Result<Arc<str>, String> {
    let trimmed = path.trim_end_matches('/');
    let parts = trimmed.split('/').skip(1);
    for part in parts {
        if part.is_empty() || part == "." || part == ".." || part.contains(['{', '}', '\\', '%']) {
            return Err(format!(
                "has the path `{path}`; use plain segments without `.`, `..`, `//`, `%` or braces"
            ));
        }
    }
    Ok(Arc::from(trimmed))
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::model::Scheme;

    #[test]
    fn addresses_are_taken_apart() {
        let plain = parse("http://127.0.0.1:8101").unwrap();
        assert_eq!(
            (plain.scheme, &*plain.host, plain.port),
            (Scheme::Http, "127.0.0.1", 8101)
        );
        assert_eq!(plain.authority, "127.0.0.1:8101");
        assert_eq!(plain.literal.unwrap().to_string(), "127.0.0.1:8101");
        assert_eq!(&*plain.base_path, "");

        let named = parse("https://API.Example.se/prefix/").unwrap();
        assert_eq!(
            (&*named.host, named.port, &*named.base_path),
            ("api.example.se", 443, "/prefix")
        );
        assert_eq!(named.authority, "api.example.se");
        assert_eq!(named.literal, None);

        let six = parse("http://[::1]:8080/").unwrap();
        assert_eq!((&*six.host, six.authority.to_str().unwrap()), ("::1", "[::1]:8080"));
        assert_eq!(six.literal.unwrap().to_string(), "[::1]:8080");
    }

    #[test]
    fn bad_addresses_say_what_is_wrong() {
        let cases = [
            ("ftp://host", "has the scheme `ftp`; use http or https"),
            ("host:80", "is not an absolute URL; write http://host or https://host"),
            ("/path", "is not an absolute URL; write http://host or https://host"),
            ("http://user:secret@host", "must not hold a user name or password"),
            ("http://host?x=1", "must not hold a query (`?`)"),
            ("http://host/#top", "must not hold a fragment (`#`)"),
            ("http://host:0", "has the port `0`; use 1 to 65535"),
            ("http://host:70000", "has the port `70000`; use 1 to 65535"),
            (
                "http://127.1",
                "has the host `127.1`, which is neither a name nor a full IPv4 address",
            ),
            ("http://-a.se", "has the host `-a.se`, which is not a host name"),
            (
                "http://host/a/../b",
                "has the path `/a/../b`; use plain segments without `.`, `..`, `//`, `%` or braces",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text).unwrap_err(), expected, "{text}");
        }
        for text in ["http://", "http://host:", "http:// host", "", "http://[::1"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
