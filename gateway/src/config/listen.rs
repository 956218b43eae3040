//! `[listen]` and `[listen.tls]`: the data plane's listener.

use super::Listen;
use ::document::Table;
use edge::server::{Tls, TlsConfig, TlsError};
use std::net::{Ipv4Addr, SocketAddr};

/// What an address looks like.
pub(super) const ADDRESS: &str = "an address and a port such as \"127.0.0.1:8080\" or \"[::]:8080\"";

/// Reads the section. Without an address the node is only reachable from its own machine.
pub(super) fn read(table: &Table<'_>) -> Listen {
    let default = SocketAddr::from((Ipv4Addr::LOCALHOST, 8080));
    Listen {
        address: table.parsed("address", ADDRESS).unwrap_or(default),
        tls: read_tls(&table.table("tls")),
    }
}

/// Certificate and key must be there and belong together: found now, and not by the first caller.
fn read_tls(table: &Table<'_>) -> Option<TlsConfig> {
    if !table.is_present() {
        return None;
    }
    let (certificate, key) = (table.required_file("certificate"), table.required_file("key"));
    let tls = TlsConfig {
        client_certificates: table.boolean("client_certificates", false),
        certificate: certificate?,
        key: key?,
    };
    match Tls::load(&tls) {
        // A file that cannot be read has been reported by its own key.
        Ok(_) | Err(TlsError::Unreadable(..)) => {}
        Err(error @ TlsError::NoCertificate(_)) => table.report("certificate", error.to_string()),
        Err(error @ TlsError::NoKey(_)) => table.report("key", error.to_string()),
        Err(error) => table.report_here(error.to_string()),
    }
    Some(tls)
}
