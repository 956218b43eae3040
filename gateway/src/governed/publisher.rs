//! From a picture of the registry to the snapshot in force: compiled, dressed with documents and pages, swapped.

use super::Uses;
use super::builtin::{self, Builtin};
use crate::publish::{self, Dressing, Site};
use edge::plan::Shared;
use registry::compile::{LeftOut, without_broken};
use registry::store::Usage;
use registry::watch::{Picture, Serve};
use serde_json::Value;
use snapshot::Snapshot;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use telemetry::UsageCounter;

/// Builds snapshots of one node.
pub(super) struct Publisher {
    site: Site,
    builtin: Builtin,
    allow_private_backends: bool,
    uses: Arc<Uses>,
    usage: UsageCounter,
    dressing: Dressing,
    shared: Option<Arc<Shared>>,
}

impl Publisher {
    pub(super) fn new(
        site: Site,
        builtin: Builtin,
        allow_private_backends: bool,
        uses: Arc<Uses>,
        usage: UsageCounter,
    ) -> Self {
        Self {
            site,
            builtin,
            allow_private_backends,
            uses,
            usage,
            dressing: Dressing::default(),
            shared: None,
        }
    }

    /// From now on, what is built is swapped in here.
    pub(super) fn serve_to(&mut self, shared: Arc<Shared>) {
        self.shared = Some(shared);
    }

    /// The snapshot of a picture, and what had to be left out of it.
    pub(super) fn snapshot(&mut self, picture: &Picture) -> Result<(Snapshot, Vec<LeftOut>), String> {
        let mut compiled = picture.draft(now());
        if !self.allow_private_backends {
            // Whatever the registry says, this node's configuration has the last word; each connection is held to it.
            for backend in &mut compiled.draft.backends {
                backend.allow_private_network = false;
            }
        }
        let added = self
            .builtin
            .add(&mut compiled.draft, &picture.objects)
            .map_err(|error| error.to_string())?;
        if added {
            compiled.documents.push(Some(builtin::ID.to_owned()));
        }
        for internal in &self.site.internal {
            if internal.put_into(&mut compiled.draft).is_none() {
                compiled.documents.push(Some(internal.api.id.clone()));
            }
        }
        let (builtin, dressing, site) = (&self.builtin, &mut self.dressing, &self.site);
        let snapshot = without_broken(&mut compiled, |compiled| {
            let documents: Vec<Option<(&str, Arc<Value>)>> = compiled
                .documents
                .iter()
                .map(|hash| match hash.as_deref()? {
                    builtin::ID => Some((builtin::ID, builtin.document())),
                    own if site.internal.iter().any(|internal| internal.api.id == own) => {
                        let internal = site.internal.iter().find(|internal| internal.api.id == own)?;
                        Some((internal.api.id.as_str(), Arc::clone(&internal.document)))
                    }
                    hash => {
                        let (hash, document) = picture.documents.get_key_value(hash)?;
                        Some((hash.as_str(), Arc::clone(&document.value)))
                    }
                })
                .collect();
            publish::dress(&mut compiled.draft, &documents, site, dressing)?;
            Snapshot::compile(&compiled.draft)
        })
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
        Ok((snapshot, compiled.left_out))
    }
}

impl Serve for Publisher {
    fn serve(&mut self, picture: &Picture) -> Result<Vec<LeftOut>, String> {
        let (snapshot, left_out) = self.snapshot(picture)?;
        if let Some(shared) = &self.shared {
            shared.swap(snapshot);
        }
        Ok(left_out)
    }

    fn usage(&mut self) -> Vec<Usage> {
        let usage = self.usage.take().into_iter();
        usage
            .map(|one| Usage {
                application: one.application.to_string(),
                api: one.api.to_string(),
                calls: one.calls,
                client_errors: one.client_errors,
                limited: one.limited,
                server_errors: one.server_errors,
                microseconds: one.microseconds,
                within: one.within,
            })
            .collect()
    }

    fn uses(&mut self) -> Vec<(String, i64)> {
        self.uses.take()
    }
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}
