//! From a backend's host to addresses the network policy allows.

use super::{UpstreamError, network_policy, pool};
use snapshot::{Backend, UpstreamAddress};
use std::io;
use std::net::SocketAddr;
use tokio::net::lookup_host;

/// The addresses to try, in the order the system gave them. A literal needs no look-up.
///
/// When the look-up fails the last good answer is used, for as long as the worker lives: a name server's outage is not the
/// agency's. Every address is checked anew.
pub(super) async fn resolve(backend: &Backend, address: &UpstreamAddress) -> Result<Vec<SocketAddr>, UpstreamError> {
    if let Some(literal) = address.literal {
        return allowed(backend, vec![literal]);
    }
    let found = match lookup_host((&*address.host, address.port)).await {
        Ok(found) => Ok(found.collect::<Vec<_>>()).and_then(|found| {
            if found.is_empty() {
                Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"))
            } else {
                Ok(found)
            }
        }),
        Err(error) => Err(error),
    };
    match found {
        Ok(found) => {
            pool::remember(backend, address, &found);
            allowed(backend, found)
        }
        Err(error) => match pool::remembered(backend, address) {
            Some(found) => allowed(backend, found),
            None => Err(UpstreamError::Resolve(error)),
        },
    }
}

/// Leaves out what the policy forbids; an error when that is all.
fn allowed(backend: &Backend, mut addresses: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, UpstreamError> {
    if backend.allow_private_network {
        return Ok(addresses);
    }
    let first_forbidden = addresses
        .iter()
        .map(SocketAddr::ip)
        .find(|address| !network_policy::is_public(*address));
    addresses.retain(|address| network_policy::is_public(address.ip()));
    match first_forbidden {
        Some(forbidden) if addresses.is_empty() => Err(UpstreamError::Forbidden(forbidden)),
        _ => Ok(addresses),
    }
}
