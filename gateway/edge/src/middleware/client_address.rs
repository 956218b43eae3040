//! Whose address a call comes from, seen through the proxies that are trusted to say so, and through no others.

use http::{HeaderMap, HeaderName};
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Longest chain that is looked through.
const MOST_HOPS: usize = 16;

/// A network in CIDR notation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    address: IpAddr,
    prefix: u8,
}

/// The text is not a network.
#[derive(Debug, Clone, thiserror::Error)]
#[error("\"{0}\" is not a network such as 10.0.0.0/8 or 2001:db8::/32")]
pub struct NotANetwork(String);

impl FromStr for Cidr {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let wrong = || NotANetwork(text.to_owned());
        let (address, prefix) = text.split_once('/').unwrap_or((text, ""));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = if prefix.is_empty() {
            most
        } else {
            prefix.parse().map_err(|_| wrong())?
        };
        if prefix > most {
            Err(wrong())
        } else {
            Ok(Self { address, prefix })
        }
    }
}

impl Cidr {
    /// Whether `address` lies in the network.
    pub fn contains(&self, address: IpAddr) -> bool {
        let same = |left: u128, right: u128, bits: u32| {
            (left ^ right).checked_shr(bits - u32::from(self.prefix)).unwrap_or(0) == 0
        };
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => same(network.to_bits().into(), address.to_bits().into(), 32),
            (IpAddr::V6(network), IpAddr::V6(address)) => same(network.to_bits(), address.to_bits(), 128),
            _ => false,
        }
    }
}

/// The neighbours that are trusted.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// Proxies in front of the gateway whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Cidr>,
}

impl Network {
    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(address))
    }
}

/// The rightmost address that no trusted proxy stands for. What an untrusted neighbour says about itself is not read.
pub fn find(peer: IpAddr, headers: &HeaderMap, network: &Network) -> IpAddr {
    let mut found = peer.to_canonical();
    if network.trusted_proxies.is_empty() || !network.trusts(found) {
        return found;
    }
    let hops = headers
        .get_all(X_FORWARDED_FOR)
        .iter()
        .rev()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.rsplit(','));
    for hop in hops.take(MOST_HOPS) {
        let Some(address) = parse_hop(hop.trim()) else {
            return found;
        };
        found = address.to_canonical();
        if !network.trusts(found) {
            return found;
        }
    }
    found
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80`.
fn parse_hop(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
        .or_else(|| {
            text.strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'))
                .and_then(|inner| inner.parse().ok())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, header: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in header {
            headers.append(X_FORWARDED_FOR, line.parse().unwrap());
        }
        let network = Network {
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()],
        };
        find(peer.parse().unwrap(), &headers, &network).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(seen("192.0.2.7", &["203.0.113.9"]), "192.0.2.7");
        assert_eq!(seen("10.1.1.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(seen("10.1.1.1", &["6.6.6.6, 203.0.113.9, 10.2.2.2"]), "203.0.113.9");
        assert_eq!(seen("10.1.1.1", &["6.6.6.6", "203.0.113.9:4711"]), "203.0.113.9");
        assert_eq!(seen("::ffff:10.1.1.1", &["[2001:db9::1]:80"]), "2001:db9::1");
        assert_eq!(seen("10.1.1.1", &["not an address, 10.2.2.2"]), "10.2.2.2");
        assert_eq!(seen("10.1.1.1", &[]), "10.1.1.1");
    }

    #[test]
    fn networks_are_read_strictly() {
        for wrong in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/x", "example.se/8"] {
            assert!(wrong.parse::<Cidr>().is_err(), "{wrong}");
        }
        assert!(
            "0.0.0.0/0"
                .parse::<Cidr>()
                .unwrap()
                .contains("8.8.8.8".parse().unwrap())
        );
        assert!("::/0".parse::<Cidr>().unwrap().contains("2001::1".parse().unwrap()));
    }
}
