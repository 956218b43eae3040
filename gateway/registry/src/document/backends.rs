//! `[[backends]]`.

use ::document::Table;
use snapshot::BackendDraft;
use std::time::Duration;

/// Time to open a connection, unless the document says otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Reads one backend. Private networks must be allowed in so many words.
pub(super) fn backend(table: &Table<'_>) -> BackendDraft {
    BackendDraft {
        id: table.required_string("id"),
        organisation: table.required_string("organisation"),
        addresses: table.required_strings("addresses"),
        connect_timeout: table.duration("connect_timeout", CONNECT_TIMEOUT),
        allow_private_network: table.boolean("allow_private_network", false),
        ca_file: table.optional_file("ca_file").map(|path| path.display().to_string()),
    }
}
