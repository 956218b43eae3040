//! Limit plans.

use super::Registry;
use super::acting::{Acting, Right};
use super::flow::{self, Resource};
use super::refuse;
use super::resource::operations;
use super::schema::ListQuery;
use super::schema::{LimitPlanList, LimitPlanView};
use crate::model::{ApiRecord, LimitPlan, Object, Organisation, Stored};
use crate::rules::{self, Breach};
use crate::store::Change;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use model::{Links, Problem};
use service_host::{Json, Path, Query, Refusal};
use std::sync::Arc;

impl Resource for LimitPlan {
    type Input = LimitPlan;
    type View = LimitPlanView;
    const WHAT: &'static str = "limit plan";
    const PATH: &'static str = "limit-plans";
    const ID: &'static str = "limitPlanId";
    const RIGHT: Right = Right::Publish;

    fn names(input: &mut LimitPlan) -> (&mut String, Option<&mut String>) {
        (&mut input.limit_plan_id, Some(&mut input.organisation_id))
    }

    fn build(input: LimitPlan, _before: Option<&Self>) -> Self {
        input
    }

    async fn check(
        &self,
        _before: Option<&Self>,
        _registry: &Registry,
        _acting: &Acting,
        change: &mut Change,
    ) -> Result<Vec<Breach>, Refusal> {
        let mut breaches = rules::check_limit_plan(self);
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
        Ok(breaches)
    }

    async fn release(&self, change: &mut Change) -> Result<(), Refusal> {
        let apis = change
            .of_organisation::<ApiRecord>(&self.organisation_id)
            .await
            .map_err(refuse::store)?;
        let user = apis.iter().find(|api| {
            let published = api.object.published.as_ref();
            published.is_some_and(|published| published.api.limit_plan_ids.contains(&self.limit_plan_id))
                || api.object.draft.limit_plan_ids.contains(&self.limit_plan_id)
        });
        match user {
            Some(api) => Err(refuse::conflict(format!("The API {} has this plan.", api.object.id()))),
            None => Ok(()),
        }
    }

    fn view(stored: Stored<Self>, links: Links) -> LimitPlanView {
        LimitPlanView {
            object: stored.object,
            revision: stored.revision,
            created_at: stored.created_at,
            changed_at: stored.changed_at,
            links,
        }
    }
}

operations! {
    object: LimitPlan, input: LimitPlan, view: LimitPlanView, list: LimitPlanList of limit_plans,
    path: "/limit-plans", one: "/limit-plans/{limitPlanId}", id: "limitPlanId", tag: "limit-plans", example: limit_plan,
    list: list_limit_plans "listLimitPlans" "List limit plans" "Gränserna. The limit plans.",
    create: create_limit_plan "createLimitPlan" "Make a limit plan" "Lägger upp en gräns. Makes a limit plan.",
    get: get_limit_plan "getLimitPlan" "Get a limit plan" "En gräns. One limit plan.",
    replace: replace_limit_plan "replaceLimitPlan" "Change a limit plan" "Ändrar en gräns; gäller genast. Changes a limit plan, with effect at once.",
    remove: remove_limit_plan "removeLimitPlan" "Remove a limit plan" "Tar bort en gräns som inget API har. Removes a limit plan that no API has.",
}
