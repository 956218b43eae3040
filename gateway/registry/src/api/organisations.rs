//! Organisations: registered by an operator, described by themselves.

use super::Registry;
use super::acting::{Acting, Right};
use super::flow::{self, Resource};
use super::refuse;
use super::resource::operations;
use super::schema::ListQuery;
use super::schema::{OrganisationList, OrganisationView};
use crate::model::{AgreementRecord, ApiRecord, Application, Backend, LimitPlan, Member, Organisation, Role, Stored};
use crate::rules::{self, Breach};
use crate::store::Change;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use model::{Links, Problem};
use service_host::{Json, Path, Query, Refusal};
use std::sync::Arc;

impl Resource for Organisation {
    type Input = Organisation;
    type View = OrganisationView;
    const WHAT: &'static str = "organisation";
    const PATH: &'static str = "organisations";
    const ID: &'static str = "organisationId";
    const RIGHT: Right = Right::Administer;
    const RIGHT_TO_MAKE: Right = Right::Operate;

    fn names(input: &mut Organisation) -> (&mut String, Option<&mut String>) {
        (&mut input.organisation_id, None)
    }

    fn build(input: Organisation, _before: Option<&Self>) -> Self {
        input
    }

    async fn check(
        &self,
        before: Option<&Self>,
        _registry: &Registry,
        acting: &Acting,
        change: &mut Change,
    ) -> Result<Vec<Breach>, Refusal> {
        let mut breaches = rules::check_organisation(self);
        // What an organisation is decides which agreements it may have: that is not for itself to say.
        if let Some(before) = before
            && before.kind != self.kind
            && !acting.is_operator()
        {
            breaches.push(Breach::new("kind", "is changed by an operator only"));
        }
        for (field, ids) in [
            ("parentId", self.parent_id.iter().collect::<Vec<_>>()),
            ("successorIds", self.successor_ids.iter().collect()),
        ] {
            for id in ids {
                let known = change.get::<Organisation>(id).await.map_err(refuse::store)?;
                if known.is_none() || *id == self.organisation_id {
                    breaches.push(Breach::new(field, "names no other organisation that is registered"));
                }
            }
        }
        Ok(breaches)
    }

    fn check_id(_id: &str, _organisation: &str, _acting: &Acting) -> Vec<Breach> {
        // `check` has its own rule.
        Vec::new()
    }

    async fn release(&self, change: &mut Change) -> Result<(), Refusal> {
        let id = self.organisation_id.as_str();
        let mut left = Vec::new();
        macro_rules! count {
            ($($object:ident $what:literal),*) => {$(
                let found = change.of_organisation::<$object>(id).await.map_err(refuse::store)?;
                if !found.is_empty() {
                    left.push(format!("{} {}", found.len(), $what));
                }
            )*};
        }
        count!(ApiRecord "APIs", Application "applications", Backend "backends", LimitPlan "limit plans");
        let agreements = change.of_party::<AgreementRecord>(id).await.map_err(refuse::store)?;
        if !agreements.is_empty() {
            left.push(format!("{} agreements", agreements.len()));
        }
        let members = change.of_organisation::<Member>(id).await.map_err(refuse::store)?;
        if members
            .iter()
            .any(|member| member.object.roles.contains(&Role::Operator))
        {
            left.push("operators of the gateway".to_owned());
        }
        if !left.is_empty() {
            return Err(refuse::conflict(format!(
                "The organisation still has {}. Remove them first, or set validTo.",
                left.join(", ")
            )));
        }
        for member in members {
            member.object.release(change).await?;
            change.remove(&member).await.map_err(refuse::store)?;
        }
        Ok(())
    }

    fn view(stored: Stored<Self>, links: Links) -> OrganisationView {
        let members = links.find("self").map(|own| own.href.clone()).unwrap_or_default();
        OrganisationView {
            object: stored.object,
            revision: stored.revision,
            created_at: stored.created_at,
            changed_at: stored.changed_at,
            links: links.and("describedby", members),
        }
    }
}

operations! {
    object: Organisation, input: Organisation, view: OrganisationView, list: OrganisationList of organisations,
    path: "/organisations", one: "/organisations/{organisationId}", id: "organisationId", tag: "organisations", example: organisation,
    list: list_organisations "listOrganisations" "List organisations" "Organisationerna: den egna, eller alla för en operatör. The organisations: one's own, or all for an operator.",
    create: create_organisation "createOrganisation" "Register an organisation" "Registrerar en organisation; för operatörer. Registers an organisation; for operators.",
    get: get_organisation "getOrganisation" "Get an organisation" "En organisation. One organisation.",
    replace: replace_organisation "replaceOrganisation" "Change an organisation" "Ändrar organisationens uppgifter. Changes the organisation's facts.",
    remove: remove_organisation "removeOrganisation" "Remove an organisation" "Tar bort en organisation som inget hänger på. Removes an organisation that nothing depends on.",
}
