//! Drafts as this node would publish them.

use crate::publish::{self, Site};
use registry::api::Preview;
use serde_json::Value;
use snapshot::{Document, Draft};
use std::sync::Arc;

/// Renders drafts.
#[derive(Debug)]
pub(super) struct Previews(Site);

impl Previews {
    /// With what the node's pages need to know.
    pub(super) fn of(site: Site) -> Self {
        Self(site)
    }
}

impl Preview for Previews {
    fn render(&self, draft: &Draft, document: &Value) -> Result<Vec<(String, Arc<Document>)>, String> {
        publish::preview(draft, document, &self.0)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }
}
