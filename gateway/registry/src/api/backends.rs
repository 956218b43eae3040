//! Backends: where an agency's services listen.

use super::Registry;
use super::acting::{Acting, Right};
use super::flow::{self, Resource};
use super::refuse;
use super::resource::operations;
use super::schema::ListQuery;
use super::schema::{BackendList, BackendView};
use crate::model::{ApiRecord, Backend, Object, Organisation, Stored};
use crate::rules::{self, Breach};
use crate::store::Change;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use model::{Links, Problem};
use service_host::{Json, Path, Query, Refusal};
use std::sync::Arc;

impl Resource for Backend {
    type Input = Backend;
    type View = BackendView;
    const WHAT: &'static str = "backend";
    const PATH: &'static str = "backends";
    const ID: &'static str = "backendId";
    const RIGHT: Right = Right::Publish;

    fn names(input: &mut Backend) -> (&mut String, Option<&mut String>) {
        (&mut input.backend_id, Some(&mut input.organisation_id))
    }

    fn build(input: Backend, _before: Option<&Self>) -> Self {
        input
    }

    async fn check(
        &self,
        before: Option<&Self>,
        registry: &Registry,
        acting: &Acting,
        change: &mut Change,
    ) -> Result<Vec<Breach>, Refusal> {
        let known = change
            .get::<Organisation>(&self.organisation_id)
            .await
            .map_err(refuse::store)?;
        let Some(organisation) = known else {
            return Ok(vec![Breach::new(
                "organisationId",
                "names no organisation that is registered",
            )]);
        };
        let mut breaches = rules::check_backend(self, &organisation.object);
        // The nodes' files are the operator's.
        let roots = before.and_then(|before| before.trusted_roots_file.as_ref());
        if self.trusted_roots_file.as_ref() != roots && !acting.is_operator() {
            breaches.push(Breach::new("trustedRootsFile", "is set by an operator only"));
        }
        if breaches.is_empty() {
            let refused = registry.addresses.check(self);
            breaches.extend(refused.into_iter().map(|(field, message)| Breach::new(field, message)));
        }
        Ok(breaches)
    }

    async fn release(&self, change: &mut Change) -> Result<(), Refusal> {
        let apis = change
            .of_organisation::<ApiRecord>(&self.organisation_id)
            .await
            .map_err(refuse::store)?;
        let user = apis.iter().find(|api| {
            let published = api
                .object
                .published
                .iter()
                .flat_map(|published| published.api.backends());
            let mut used = published.chain(api.object.draft.backends());
            used.any(|id| id == self.backend_id)
        });
        match user {
            Some(api) => Err(refuse::conflict(format!(
                "The API {} goes to this backend. Give it another one first.",
                api.object.id()
            ))),
            None => Ok(()),
        }
    }

    fn view(stored: Stored<Self>, links: Links) -> BackendView {
        BackendView {
            object: stored.object,
            revision: stored.revision,
            created_at: stored.created_at,
            changed_at: stored.changed_at,
            links,
        }
    }
}

operations! {
    object: Backend, input: Backend, view: BackendView, list: BackendList of backends,
    path: "/backends", one: "/backends/{backendId}", id: "backendId", tag: "backends", example: backend,
    list: list_backends "listBackends" "List backends" "De bakomliggande tjänsterna. The backends.",
    create: create_backend "createBackend" "Register a backend" "Registrerar en bakomliggande tjänst; adressen prövas mot nätregeln. Registers a backend; its address is judged by the network policy.",
    get: get_backend "getBackend" "Get a backend" "En bakomliggande tjänst. One backend.",
    replace: replace_backend "replaceBackend" "Change a backend" "Ändrar en bakomliggande tjänst; gäller genast. Changes a backend, with effect at once.",
    remove: remove_backend "removeBackend" "Remove a backend" "Tar bort en bakomliggande tjänst som inget API går till. Removes a backend that no API goes to.",
}
