//! Everything that the registry holds, as a node keeps it between two versions.

use crate::model::{
    AgreementRecord, ApiRecord, Application, Backend, Credential, Kind, LimitPlan, Member, Object, Organisation,
};
use crate::store::{Error, RawObject};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All objects by id, at one version.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "plain containers")]
pub struct Objects {
    /// The version of the registry.
    pub version: i64,
    /// Which past the version is of.
    pub epoch: String,
    pub organisations: BTreeMap<String, Organisation>,
    pub members: BTreeMap<String, Member>,
    pub credentials: BTreeMap<String, Credential>,
    pub applications: BTreeMap<String, Application>,
    pub backends: BTreeMap<String, Backend>,
    pub apis: BTreeMap<String, ApiRecord>,
    pub agreements: BTreeMap<String, AgreementRecord>,
    pub limit_plans: BTreeMap<String, LimitPlan>,
}

impl Objects {
    /// Takes over one changed row.
    ///
    /// # Errors
    /// A row that cannot be read; nothing is changed then.
    pub fn apply(&mut self, raw: &RawObject) -> Result<(), Error> {
        match raw.kind {
            Kind::Organisation => put(&mut self.organisations, raw),
            Kind::Member => put(&mut self.members, raw),
            Kind::Credential => put(&mut self.credentials, raw),
            Kind::Application => put(&mut self.applications, raw),
            Kind::Backend => put(&mut self.backends, raw),
            Kind::Api => put(&mut self.apis, raw),
            Kind::Agreement => put(&mut self.agreements, raw),
            Kind::LimitPlan => put(&mut self.limit_plans, raw),
        }
    }

    /// Hashes of the documents of everything that is published.
    pub fn documents(&self) -> impl Iterator<Item = &str> {
        self.apis
            .values()
            .filter_map(|record| record.published.as_ref()?.document.as_deref())
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.organisations.len()
            + self.members.len()
            + self.credentials.len()
            + self.applications.len()
            + self.backends.len()
            + self.apis.len()
            + self.agreements.len()
            + self.limit_plans.len()
    }

    /// Whether there is nothing at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn put<T: Object>(table: &mut BTreeMap<String, T>, raw: &RawObject) -> Result<(), Error> {
    if raw.removed {
        table.remove(&raw.id);
        return Ok(());
    }
    let object = serde_json::from_str(&raw.body).map_err(|source| Error::Content {
        kind: raw.kind.name().to_owned(),
        id: raw.id.clone(),
        source,
    })?;
    table.insert(raw.id.clone(), object);
    Ok(())
}
