//! Which addresses a backend may have: those of the public internet, unless its registration says otherwise.
//!
//! A backend's address comes from an agency, its name's addresses from whoever runs that name's zone. Without this rule
//! either could make the gateway call itself, its neighbours or the cloud's metadata service (OWASP API7:2023). It is
//! checked when a backend is registered, as far as the address tells without asking anybody ([`forbids`]), and again on the
//! address that the socket connects to, at each connect, because a name may change between two look-ups.
//!
//! The ranges are those of IANA's special-purpose registries (RFC 6890 and its updates). IPv6 is an allow-list.

use crate::model::UpstreamAddress;

pub use ::network_policy::is_public;

/// Top-level names that never lead to the public internet (RFC 6761, RFC 6762, RFC 8375, and `internal`, which clouds use).
const NOT_PUBLIC_NAMES: [&str; 4] = ["localhost", "local", "internal", "home.arpa"];
/// Ports of services that are no HTTP APIs and take commands from whoever reaches them.
const NOT_HTTP: [u16; 20] = [
    21, 22, 23, 25, 53, 110, 111, 143, 389, 445, 465, 587, 993, 995, 2375, 3306, 5432, 6379, 11211, 27017,
];

/// Why this address may not be a backend's where private networks are not allowed; `None`: nothing speaks against it yet.
pub fn forbids(address: &UpstreamAddress) -> Option<String> {
    let host = &*address.host;
    let below = |name: &str| host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'));
    if address.literal.is_some_and(|literal| !is_public(literal.ip())) {
        return Some(format!(
            "has the host `{host}`, which is not an address of the public internet"
        ));
    }
    if address.literal.is_none() && (!host.contains('.') || NOT_PUBLIC_NAMES.iter().any(|name| below(name))) {
        return Some(format!(
            "has the host `{host}`, which is not a name of the public internet"
        ));
    }
    if NOT_HTTP.contains(&address.port) {
        return Some(format!(
            "has the port {}, which belongs to another service than HTTP",
            address.port
        ));
    }
    None
}
