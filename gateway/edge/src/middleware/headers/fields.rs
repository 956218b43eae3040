//! What a header field is to the gateway, told from its name: one look at each field, instead of a search for each name.

use http::{HeaderMap, HeaderName, header};

/// Some of the names that the gateway treats on their own, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Names(u32);

pub(crate) const CONNECTION: Names = Names(1);
pub(crate) const TE: Names = Names(1 << 5);
pub(crate) const TRANSFER_ENCODING: Names = Names(1 << 6);
pub(crate) const UPGRADE: Names = Names(1 << 7);
pub(crate) const CONTENT_LENGTH: Names = Names(1 << 14);
pub(crate) const EXPECT: Names = Names(1 << 15);
pub(crate) const AUTHORIZATION: Names = Names(1 << 16);
pub(crate) const API_KEY: Names = Names(1 << 17);
pub(crate) const COOKIE: Names = Names(1 << 18);
pub(crate) const BAGGAGE: Names = Names(1 << 22);
pub(crate) const TRACEPARENT: Names = Names(1 << 23);
pub(crate) const TRACESTATE: Names = Names(1 << 24);
pub(crate) const ORIGIN: Names = Names(1 << 26);
pub(crate) const REQUEST_TIMEOUT: Names = Names(1 << 27);
pub(crate) const PREFER: Names = Names(1 << 28);

/// Fields that mean something on one connection only (RFC 9110 section 7.6.1), and framing, which is made anew.
pub(crate) const HOP_BY_HOP: Names = Names(0x1ff);
/// What a backend tells about itself, or decides for the gateway's whole origin.
pub(crate) const NOT_FOR_CALLERS: Names = Names(0x1f << 9);
/// What is told to the backend by the request as it is made anew.
pub(crate) const MADE_ANEW: Names = Names(0b11 << 14);
/// A caller's credentials.
pub(crate) const CREDENTIALS: Names = Names(0b11 << 16);
/// What has a place before the body only (RFC 9110 section 6.5.1): a receiver that merges trailers into the head would
/// else take from them what the gateway keeps out of the head.
pub(crate) const NOT_IN_TRAILERS: Names = Names(0xfff << 14);

/// Every name by its bit.
const KNOWN: [HeaderName; 29] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("http2-settings"),
    header::SERVER,
    HeaderName::from_static("x-powered-by"),
    HeaderName::from_static("x-aspnet-version"),
    header::ALT_SVC,
    HeaderName::from_static("public-key-pins"),
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::AUTHORIZATION,
    crate::middleware::authenticate::API_KEY,
    header::COOKIE,
    header::SET_COOKIE,
    header::TRAILER,
    header::VIA,
    HeaderName::from_static("baggage"),
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
    header::HOST,
    header::ORIGIN,
    HeaderName::from_static("request-timeout"),
    HeaderName::from_static("prefer"),
];

/// The bit of a name, as its place in [`KNOWN`].
fn place(name: &str) -> Option<u32> {
    Some(match name {
        "connection" => 0,
        "keep-alive" => 1,
        "proxy-connection" => 2,
        "proxy-authenticate" => 3,
        "proxy-authorization" => 4,
        "te" => 5,
        "transfer-encoding" => 6,
        "upgrade" => 7,
        "http2-settings" => 8,
        "server" => 9,
        "x-powered-by" => 10,
        "x-aspnet-version" => 11,
        "alt-svc" => 12,
        "public-key-pins" => 13,
        "content-length" => 14,
        "expect" => 15,
        "authorization" => 16,
        "x-api-key" => 17,
        "cookie" => 18,
        "set-cookie" => 19,
        "trailer" => 20,
        "via" => 21,
        "baggage" => 22,
        "traceparent" => 23,
        "tracestate" => 24,
        "host" => 25,
        "origin" => 26,
        "request-timeout" => 27,
        "prefer" => 28,
        _ => return None,
    })
}

impl Names {
    /// Whether they have one in common.
    pub(crate) fn has(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    /// All of both.
    pub(crate) fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Those that are in both.
    pub(crate) fn among(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    /// Takes the fields of these names out of `headers`.
    pub(crate) fn remove_from(self, headers: &mut HeaderMap) {
        let mut left = self.0;
        while left != 0 {
            if let Some(name) = KNOWN.get(left.trailing_zeros() as usize) {
                headers.remove(name);
            }
            left &= left - 1;
        }
    }
}

/// What one look at a head has found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// The known names that are there.
    pub(crate) names: Names,
    /// The other names that were looked for.
    pub(crate) others: Vec<HeaderName>,
}

impl Seen {
    /// Whether a field of one of these names is there.
    pub(crate) fn has(&self, names: Names) -> bool {
        self.names.has(names)
    }
}

/// Which known names `headers` holds, and all other names that `wanted` picks. Nothing is allocated for none.
pub(crate) fn look(headers: &HeaderMap, wanted: impl Fn(&str) -> bool) -> Seen {
    let mut seen = Seen::default();
    for name in headers.keys() {
        match place(name.as_str()) {
            Some(place) => seen.names.0 |= 1 << place,
            None if wanted(name.as_str()) => seen.others.push(name.clone()),
            None => {}
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_the_bit_of_its_place() {
        for (at, name) in KNOWN.iter().enumerate() {
            assert_eq!(place(name.as_str()), u32::try_from(at).ok(), "{name}");
        }
        assert_eq!(place("accept"), None);
    }

    #[test]
    fn each_set_holds_what_it_says() {
        let listed = |set: Names| {
            let mut headers = HeaderMap::new();
            for name in &KNOWN {
                headers.insert(name, http::HeaderValue::from_static("1"));
            }
            set.remove_from(&mut headers);
            let known = KNOWN;
            let left = known.iter().filter(|name| !headers.contains_key(*name));
            left.map(HeaderName::as_str).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(listed(CONNECTION), "connection");
        assert_eq!(listed(TE), "te");
        assert_eq!(listed(TRANSFER_ENCODING.and(UPGRADE)), "transfer-encoding upgrade");
        assert_eq!(listed(CONTENT_LENGTH.and(EXPECT)), "content-length expect");
        assert_eq!(listed(AUTHORIZATION), "authorization");
        assert_eq!(listed(API_KEY), "x-api-key");
        assert_eq!(listed(COOKIE), "cookie");
        assert_eq!(listed(BAGGAGE.and(TRACESTATE)), "baggage tracestate");
        assert_eq!(listed(TRACEPARENT), "traceparent");
        assert_eq!(
            listed(ORIGIN.and(REQUEST_TIMEOUT).and(PREFER)),
            "origin request-timeout prefer"
        );
        assert_eq!(
            listed(HOP_BY_HOP),
            "connection keep-alive proxy-connection proxy-authenticate proxy-authorization te transfer-encoding upgrade \
             http2-settings"
        );
        assert_eq!(
            listed(NOT_FOR_CALLERS),
            "server x-powered-by x-aspnet-version alt-svc public-key-pins"
        );
        assert_eq!(listed(MADE_ANEW), "content-length expect");
        assert_eq!(listed(CREDENTIALS), "authorization x-api-key");
        assert_eq!(
            listed(NOT_IN_TRAILERS),
            "content-length expect authorization x-api-key cookie set-cookie trailer via baggage traceparent tracestate \
             host"
        );
    }

    #[test]
    fn a_look_finds_known_and_wanted_names() {
        let mut headers = HeaderMap::new();
        for name in ["te", "host", "x-own", "accept"] {
            headers.append(name, http::HeaderValue::from_static("1"));
        }
        let seen = look(&headers, |name| name == "x-own");
        assert!(seen.has(TE) && !seen.has(CONNECTION));
        assert_eq!(seen.others, ["x-own"]);
    }
}
