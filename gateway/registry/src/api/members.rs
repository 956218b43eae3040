//! Members of organisations.

use super::Registry;
use super::acting::{Acting, Right};
use super::flow::{self, Resource};
use super::refuse;
use super::resource::operations;
use super::schema::ListQuery;
use super::schema::{MemberList, MemberView};
use crate::model::{Credential, Member, Object, Organisation, Role, Stored};
use crate::rules::{self, Breach};
use crate::store::Change;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use model::{Links, Problem};
use service_host::{Json, Path, Query, Refusal};
use std::sync::Arc;

impl Resource for Member {
    type Input = Member;
    type View = MemberView;
    const WHAT: &'static str = "member";
    const PATH: &'static str = "members";
    const ID: &'static str = "memberId";
    const RIGHT: Right = Right::Administer;

    fn names(input: &mut Member) -> (&mut String, Option<&mut String>) {
        (&mut input.member_id, Some(&mut input.organisation_id))
    }

    fn build(input: Member, _before: Option<&Self>) -> Self {
        input
    }

    async fn check(
        &self,
        before: Option<&Self>,
        _registry: &Registry,
        acting: &Acting,
        change: &mut Change,
    ) -> Result<Vec<Breach>, Refusal> {
        let mut breaches = rules::check_member(self, acting.is_operator());
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
        if let Some(before) = before {
            // Nobody below an operator changes one, not even by suspending it.
            if before.roles.contains(&Role::Operator) && !acting.is_operator() {
                return Err(refuse::not_allowed("An operator is changed by an operator only."));
            }
            let itself = acting.member.member_id == self.member_id;
            if itself && (self.roles != before.roles || self.suspended) {
                breaches.push(Breach::new("roles", "of a member are changed by another member"));
            }
        }
        // Members and applications share the names by which the gateway knows a caller.
        let taken = change
            .get::<crate::model::Application>(&self.member_id)
            .await
            .map_err(refuse::store)?;
        if taken.is_some() {
            breaches.push(Breach::new(
                "memberId",
                "is taken; leave it out and the registry makes one",
            ));
        }
        Ok(breaches)
    }

    fn may_remove(&self, acting: &Acting) -> Result<(), Refusal> {
        if self.roles.contains(&Role::Operator) && !acting.is_operator() {
            return Err(refuse::not_allowed("An operator is removed by an operator only."));
        }
        // So there is always an operator, and in each organisation somebody who can let others in.
        if acting.member.member_id == self.member_id {
            return Err(refuse::conflict("A member is removed by another member."));
        }
        Ok(())
    }

    async fn release(&self, change: &mut Change) -> Result<(), Refusal> {
        for credential in change.parts_of::<Credential>(self.id()).await.map_err(refuse::store)? {
            change.remove(&credential).await.map_err(refuse::store)?;
        }
        Ok(())
    }

    fn view(stored: Stored<Self>, links: Links) -> MemberView {
        let own = links.find("self").map(|own| own.href.clone()).unwrap_or_default();
        MemberView {
            object: stored.object,
            revision: stored.revision,
            created_at: stored.created_at,
            changed_at: stored.changed_at,
            links: links.and("related", format!("{own}/credentials")),
        }
    }
}

operations! {
    object: Member, input: Member, view: MemberView, list: MemberList of members,
    path: "/members", one: "/members/{memberId}", id: "memberId", tag: "members", example: member,
    list: list_members "listMembers" "List members" "Medlemmarna. The members.",
    create: create_member "createMember" "Add a member" "Lägger till en medlem. Adds a member.",
    get: get_member "getMember" "Get a member" "En medlem. One member.",
    replace: replace_member "replaceMember" "Change a member" "Ändrar namn, roller eller spärr. Changes name, roles or suspension.",
    remove: remove_member "removeMember" "Remove a member" "Tar bort en medlem och dess nycklar. Removes a member and its keys.",
}
