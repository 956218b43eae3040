//! Backends and their addresses.

use super::names::Names;
use super::{Problem, Report, traffic};
use crate::Draft;
use crate::address;
use crate::model::Backend;
use crate::network_policy;
use std::sync::Arc;

/// Compiles the backends.
pub(super) fn compile(draft: &Draft, names: &Names<'_>, problems: &mut Vec<Problem>) -> Vec<Backend> {
    let mut backends = Vec::with_capacity(draft.backends.len());
    for (position, backend) in draft.backends.iter().enumerate() {
        let mut report = Report::new(problems, "backends", position);
        if backend.addresses.is_empty() {
            report.field("addresses", "must name at least one address");
        }
        if backend.connect_timeout.is_zero() {
            report.field("connect_timeout", "must be longer than zero");
        }
        let mut addresses = Vec::with_capacity(backend.addresses.len());
        for (number, text) in backend.addresses.iter().enumerate() {
            let field = format!("addresses[{number}]");
            match address::parse(text) {
                Ok(address) if addresses.contains(&address) => report.field(field, format!("`{text}` is named twice")),
                Ok(address) => {
                    // Again at each connect, on what a name then leads to.
                    let forbidden = network_policy::forbids(&address).filter(|_| !backend.allow_private_network);
                    if let Some(message) = forbidden {
                        report.field(field, format!("`{text}` {message}"));
                    }
                    addresses.push(address);
                }
                // What stands before an `@` may be a password, which no message shows.
                Err(message) if text.contains('@') => report.field(field, message),
                Err(message) => report.field(field, format!("`{text}` {message}")),
            }
        }
        backends.push(Backend {
            id: backend.id.as_str().into(),
            organisation: names.organisation(&backend.organisation, "organisation", &mut report),
            traffic: traffic::backend(&backend.traffic, backend.addresses.len(), &mut report),
            addresses,
            connect_timeout: backend.connect_timeout,
            allow_private_network: backend.allow_private_network,
            ca_file: backend.ca_file.as_deref().map(Arc::from),
            assertion: backend.assertion,
        });
    }
    backends
}
