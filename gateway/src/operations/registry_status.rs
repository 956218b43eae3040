//! What the operations listener says of how the node keeps up with the registry's database.

use registry::watch::{Source, Status};
use serde_json::{Value, json};

/// For `/status`; `null` where the registry is a document.
pub(super) fn status(status: Option<&Status>) -> Value {
    status.map_or(Value::Null, |status| {
        json!({
            "version": status.version(),
            "database": match status.source() {
                Source::Database => "up",
                Source::Kept => "down",
            },
            "outages": status.outages(),
            "leftOut": status.left_out(),
            "refusedVersions": status.refused_versions(),
        })
    })
}

/// Name, help and value.
pub(super) type Number = (&'static str, &'static str, u64);

/// Gauges of the registry.
pub(super) fn gauges(status: &Status) -> [Number; 5] {
    [
        (
            "registry_version",
            "Version of the registry's database that is served",
            u64::try_from(status.version()).unwrap_or(0),
        ),
        (
            "registry_database_up",
            "1 when the registry's database answers",
            u64::from(status.source() == Source::Database),
        ),
        (
            "registry_database_outages",
            "Times the registry's database was lost",
            status.outages(),
        ),
        (
            "registry_objects_left_out",
            "Objects of the registry that are not served because they cannot be; must read 0",
            status.left_out() as u64,
        ),
        (
            "registry_versions_refused",
            "Versions of the registry that could not be served as a whole; must read 0",
            status.refused_versions(),
        ),
    ]
}
