//! The kinds of object that a document holds.

use registry::model::{Agreement, Api, Application, Backend, LimitPlan, Member, Organisation};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What is wrong with a field: its dotted path and a message.
pub(super) type Wrong = (String, String);

/// One kind.
#[derive(Debug)]
pub(super) struct Kind {
    /// The document's table, and the field of the API's lists.
    pub(super) table: &'static str,
    /// Path below the API's.
    pub(super) path: &'static str,
    /// Name of the id.
    pub(super) id: &'static str,
    /// Fields that only the registry sets.
    pub(super) set_by_registry: &'static [&'static str],
    /// Reads it and fills in every default.
    pub(super) complete: fn(&Value) -> Result<Value, Wrong>,
}

/// Every kind; an object names only such as are before it.
pub(super) static KINDS: [Kind; 7] = [
    kind::<Organisation>("organisations", "organisations", "organisationId", &[]),
    kind::<Member>("members", "members", "memberId", &[]),
    kind::<LimitPlan>("limitPlans", "limit-plans", "limitPlanId", &[]),
    kind::<Backend>("backends", "backends", "backendId", &[]),
    kind::<Application>("applications", "applications", "applicationId", &[]),
    kind::<Api>(
        "apis",
        "apis",
        "apiId",
        &["documentHash", "documentUrl", "published", "unpublishedChanges"],
    ),
    kind::<Agreement>(
        "agreements",
        "agreements",
        "agreementId",
        &["state", "signatures", "suspension", "termination"],
    ),
];

/// Table of organisations; the first.
pub(super) const ORGANISATIONS: &str = "organisations";
/// Table of APIs, which have documents and are published.
pub(super) const APIS: &str = "apis";
/// Table of members, who are not taken out for not being written down.
pub(super) const MEMBERS: &str = "members";

const fn kind<T: Serialize + DeserializeOwned>(
    table: &'static str,
    path: &'static str,
    id: &'static str,
    set_by_registry: &'static [&'static str],
) -> Kind {
    Kind {
        table,
        path,
        id,
        set_by_registry,
        complete: complete::<T>,
    }
}

fn complete<T: Serialize + DeserializeOwned>(value: &Value) -> Result<Value, Wrong> {
    let read: T = service_host::read_json(value.to_string().as_bytes()).map_err(|refusal| {
        let problem = refusal.0;
        let message = || problem.detail.clone().unwrap_or_default();
        match problem.errors.first() {
            Some(error) => (error.field.clone(), error.message.clone()),
            None => (String::new(), message()),
        }
    })?;
    serde_json::to_value(read).map_err(|error| (String::new(), error.to_string()))
}
