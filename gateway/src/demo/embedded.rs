//! The demo's registry document and the OpenAPI documents it names, built in: the demo needs no files beside its binary.

use crate::load::{self, Registry};
use document::{Problems, Source};
use std::path::Path;

const REGISTRY: &str = include_str!("../../../config/demo/registry.toml");
const DOCUMENTS: [(&str, &str); 13] = [
    ("case-events.json", include_str!("../../../openapi/case-events.json")),
    ("channels.json", include_str!("../../../openapi/channels.json")),
    ("case-status.json", include_str!("../../../openapi/case-status.json")),
    (
        "contact-routing.json",
        include_str!("../../../openapi/contact-routing.json"),
    ),
    ("directory.json", include_str!("../../../openapi/directory.json")),
    ("encounters.json", include_str!("../../../openapi/encounters.json")),
    ("handover.json", include_str!("../../../openapi/handover.json")),
    ("mina-arenden.json", include_str!("../../../openapi/mina-arenden.json")),
    ("open311.json", include_str!("../../../openapi/open311.json")),
    ("life-events.json", include_str!("../../../openapi/life-events.json")),
    ("mcp.json", include_str!("../../../openapi/mcp.json")),
    ("insights.json", include_str!("../../../openapi/insights.json")),
    (
        "test-identity.json",
        include_str!("../../../openapi/test-identity.json"),
    ),
];

/// Which of the demo's organisations may hand matters over to whom.
pub(super) const HANDOVER_AGREEMENTS: &str = include_str!("../../../config/handover-agreements.toml");

/// Reads the built-in registry.
///
/// # Errors
/// Every problem; a test holds that there is none.
pub(super) fn registry() -> Result<Registry, Problems> {
    let read = |path: &Path| {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let found = DOCUMENTS.iter().find(|(known, _)| *known == name);
        found
            .map(|(_, text)| text.as_bytes().to_vec())
            .ok_or_else(|| format!("{name} is not built in"))
    };
    load::from_source(Source::from_text("config/demo/registry.toml", REGISTRY), &read)
}
