//! Which credential an operation needs, read from the published document.

use crate::routes::scopes_of;
use crate::spec::{Node, Spec};
use serde_json::Value;

/// What a caller sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Credential {
    /// Nothing.
    Open,
    /// `X-Api-Key`.
    Key,
    /// `Authorization: Bearer`.
    Token,
}

/// The first credential an operation takes, and the scopes it names.
pub(super) fn of(spec: &Spec<'_>, operation: &Node<'_>) -> (Credential, Vec<String>) {
    let security = operation
        .value
        .get("security")
        .or_else(|| spec.root.value.get("security"));
    let Some(security) = security else {
        return (Credential::Open, Vec::new());
    };
    let names = security
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .flat_map(|entry| entry.keys());
    let schemes = spec.root.at(&["components", "securitySchemes"]);
    let kinds = names.map(|name| {
        let is_key = schemes
            .as_ref()
            .and_then(|all| all.get(name))
            .is_some_and(|scheme| scheme.text("type") == Some("apiKey"));
        if is_key { Credential::Key } else { Credential::Token }
    });
    (
        kinds.into_iter().next().unwrap_or(Credential::Open),
        scopes_of(security),
    )
}
