//! `[[backends]]`.

use ::document::Table;
use snapshot::{Assertion, BackendDraft};
use std::time::Duration;

/// Time to open a connection, unless the document says otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

const ASSERTION: [(&str, Assertion); 3] = [
    ("none", Assertion::None),
    ("session", Assertion::Session),
    ("call", Assertion::Call),
];

/// Reads one backend. Private networks must be allowed in so many words.
pub(super) fn backend(table: &Table<'_>) -> BackendDraft {
    BackendDraft {
        id: table.required_string("id"),
        organisation: table.required_string("organisation"),
        addresses: table.required_strings("addresses"),
        connect_timeout: table.duration("connect_timeout", CONNECT_TIMEOUT),
        allow_private_network: table.boolean("allow_private_network", false),
        assertion: table.optional_one_of("assertion", &ASSERTION).unwrap_or_default(),
        ca_file: table.optional_file("ca_file").map(|path| path.display().to_string()),
        traffic: super::traffic::backend(table),
    }
}
