//! From the registry's objects to a draft of a snapshot.
//!
//! What is not in force is left out: unsigned agreements, revoked credentials, APIs that are not published. What refers to
//! something that is left out loses that reference. So one agency's half-finished object never stops another's change.

mod agreements;
mod apis;
mod convert;
mod isolate;
mod objects;
mod policies;

pub use isolate::{LeftOut, without_broken};
pub use objects::Objects;

pub(crate) use apis::api as api_draft;
pub(crate) use convert::{
    backend as backend_draft, limit_plan as limit_plan_draft, organisation as organisation_draft,
};
pub(crate) use policies::{maintenance as maintenance_draft, put_into_api, put_into_backend};

use snapshot::{ApplicationDraft, Draft, RouteDraft};
use std::collections::{HashMap, HashSet};

/// The operations of an API that has no OpenAPI document.
pub(crate) fn operations_written(api: &crate::model::Api) -> Vec<RouteDraft> {
    api.operations.iter().map(apis::route).collect()
}

/// Reads the operations of an OpenAPI document, found by its hash.
pub type OperationsOf<'a> = dyn FnMut(&str) -> Result<Vec<RouteDraft>, String> + 'a;

/// A draft, and which OpenAPI document describes each of its APIs.
#[derive(Debug, Default)]
pub struct Compiled {
    /// The draft.
    pub draft: Draft,
    /// Hash of each API's document, by the API's position.
    pub documents: Vec<Option<String>>,
    /// What could not be taken in.
    pub left_out: Vec<LeftOut>,
}

/// Makes the draft of everything that is in force. `now` in Unix seconds.
pub fn draft(objects: &Objects, now: i64, operations: &mut OperationsOf<'_>) -> Compiled {
    let mut compiled = Compiled::default();
    let draft = &mut compiled.draft;
    draft.version = u64::try_from(objects.version).unwrap_or(0);
    draft.organisations = objects.organisations.values().map(convert::organisation).collect();
    draft.limits = objects.limit_plans.values().map(convert::limit_plan).collect();
    draft.backends = objects.backends.values().map(convert::backend).collect();
    let mut held = held(objects, now);
    let applications = objects.applications.values().filter(|one| !one.suspended);
    draft.applications = applications
        .map(|one| convert::application(one, held.remove(one.application_id.as_str()).unwrap_or_default()))
        .collect();
    let members = objects.members.values().filter(|one| !one.suspended);
    draft
        .applications
        .extend(members.map(|one| convert::member(one, held.remove(one.member_id.as_str()).unwrap_or_default())));
    for record in objects.apis.values() {
        let Some(published) = &record.published else { continue };
        match apis::published(published, operations) {
            Ok(mut api) => {
                // Whoever is suspended or gone calls nothing, be it the canary.
                if let Some(canary) = &mut api.traffic.canary {
                    let calls = |id: &String| objects.applications.get(id).is_some_and(|one| !one.suspended);
                    canary.applications.retain(calls);
                }
                api.traffic.canary = api.traffic.canary.filter(snapshot::Canary::gets_calls);
                draft.apis.push(api);
                compiled.documents.push(published.document.clone());
            }
            Err(reason) => compiled.left_out.push(LeftOut {
                kind: "api",
                id: published.api.api_id.clone(),
                reason,
            }),
        }
    }
    let served: HashSet<&str> = draft.apis.iter().map(|api| api.id.as_str()).collect();
    for record in objects.agreements.values() {
        if let Some(agreement) = agreements::in_force(record, objects, &served) {
            draft.agreements.push(agreement);
            draft.limits.extend(agreements::limits(&record.terms));
        }
    }
    compiled
}

/// What each holder proves itself with, in applications that have nothing else yet.
fn held(objects: &Objects, now: i64) -> HashMap<&str, ApplicationDraft> {
    let mut held: HashMap<&str, ApplicationDraft> = HashMap::new();
    for credential in objects.credentials.values() {
        let over = |moment: Option<crate::model::Moment>| moment.is_some_and(|end| end.seconds() <= now);
        if credential.revoked_at.is_some() || over(credential.expires_at) {
            continue;
        }
        convert::credential(credential, held.entry(credential.holder_id.as_str()).or_default());
    }
    held
}
