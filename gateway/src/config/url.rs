//! URLs in a configuration: http or https, a host, and no credentials.

use http::Uri;
use std::net::IpAddr;

/// Reads an absolute URL without credentials, query or fragment.
///
/// # Errors
/// What is wrong, in words.
pub(super) fn check(text: &str) -> Result<Uri, String> {
    let uri: Uri = text
        .parse()
        .map_err(|error| format!("`{text}` is not a URL: {error}"))?;
    let authority = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
    let http = matches!(uri.scheme_str(), Some("http" | "https"));
    if !http || uri.host().is_none_or(str::is_empty) {
        return Err(format!("`{text}` is not a URL; write https://host[:port]"));
    }
    if authority.contains('@') {
        return Err("must not hold a user name or password".to_owned());
    }
    if uri.query().is_some() || text.contains('#') {
        return Err(format!("`{text}` must not hold a query or fragment"));
    }
    let after_host = authority.rsplit_once(']').map_or(authority, |(_, rest)| rest);
    if after_host.contains(':') && uri.port_u16().is_none_or(|port| port == 0) {
        return Err(format!("`{text}` has a port that is not 1 to 65535"));
    }
    Ok(uri)
}

/// Whether the host is this machine, by a name or number that cannot mean another.
pub(super) fn is_loopback(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || literal.is_ok_and(|address| address.is_loopback())
}
