//! Applications.

use super::Registry;
use super::acting::{Acting, Right};
use super::flow::{self, Resource};
use super::refuse;
use super::resource::operations;
use super::schema::ListQuery;
use super::schema::{ApplicationList, ApplicationView};
use crate::model::{AgreementRecord, AgreementState, Application, Credential, Member, Object, Organisation, Stored};
use crate::rules::{self, Breach};
use crate::store::Change;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use model::{Links, Problem};
use service_host::{Json, Path, Query, Refusal};
use std::sync::Arc;

impl Resource for Application {
    type Input = Application;
    type View = ApplicationView;
    const WHAT: &'static str = "application";
    const PATH: &'static str = "applications";
    const ID: &'static str = "applicationId";
    const RIGHT: Right = Right::Edit;

    fn names(input: &mut Application) -> (&mut String, Option<&mut String>) {
        (&mut input.application_id, Some(&mut input.organisation_id))
    }

    fn build(input: Application, _before: Option<&Self>) -> Self {
        input
    }

    async fn check(
        &self,
        _before: Option<&Self>,
        _registry: &Registry,
        _acting: &Acting,
        change: &mut Change,
    ) -> Result<Vec<Breach>, Refusal> {
        let mut breaches = rules::check_application(self);
        let known = change
            .get::<Organisation>(&self.organisation_id)
            .await
            .map_err(refuse::store)?;
        if known.is_none() {
            breaches.push(Breach::new(
                "organisationId",
                "names no organisation that is registered",
            ));
        }
        // Members and applications share the names by which the gateway knows a caller.
        let taken = change
            .get::<Member>(&self.application_id)
            .await
            .map_err(refuse::store)?;
        if taken.is_some() {
            breaches.push(Breach::new(
                "applicationId",
                "is taken; leave it out and the registry makes one",
            ));
        }
        Ok(breaches)
    }

    async fn release(&self, change: &mut Change) -> Result<(), Refusal> {
        let agreements = change.of_party::<AgreementRecord>(&self.organisation_id).await;
        let names_it = agreements.map_err(refuse::store)?.into_iter().find(|agreement| {
            agreement.object.state() != AgreementState::Terminated
                && agreement.object.terms.application_ids.contains(&self.application_id)
        });
        if let Some(agreement) = names_it {
            return Err(refuse::conflict(format!(
                "The agreement {} names the application. Suspend the application, or end the agreement first.",
                agreement.object.id()
            )));
        }
        for credential in change.parts_of::<Credential>(self.id()).await.map_err(refuse::store)? {
            change.remove(&credential).await.map_err(refuse::store)?;
        }
        Ok(())
    }

    fn view(stored: Stored<Self>, links: Links) -> ApplicationView {
        let own = links.find("self").map(|own| own.href.clone()).unwrap_or_default();
        ApplicationView {
            object: stored.object,
            revision: stored.revision,
            created_at: stored.created_at,
            changed_at: stored.changed_at,
            links: links.and("related", format!("{own}/credentials")),
        }
    }
}

operations! {
    object: Application, input: Application, view: ApplicationView, list: ApplicationList of applications,
    path: "/applications", one: "/applications/{applicationId}", id: "applicationId", tag: "applications", example: application,
    list: list_applications "listApplications" "List applications" "Applikationerna. The applications.",
    create: create_application "createApplication" "Register an application" "Registrerar en applikation. Registers an application.",
    get: get_application "getApplication" "Get an application" "En applikation. One application.",
    replace: replace_application "replaceApplication" "Change an application" "Ändrar en applikation. Changes an application.",
    remove: remove_application "removeApplication" "Remove an application" "Tar bort en applikation och dess nycklar. Removes an application and its credentials.",
}
