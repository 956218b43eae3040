//! APIs: edited as a draft, served as published.

use super::Registry;
use super::acting::{Acting, Right};
use super::documents;
use super::flow::{self, Resource};
use super::refuse;
use super::resource::operations;
use super::schema::ListQuery;
use super::schema::{ApiBody, ApiList, ApiView};
use crate::model::{
    AgreementRecord, AgreementState, Api, ApiRecord, Application, Backend, LimitPlan, Object, Organisation, PartyRole,
    Publication, Stored,
};
use crate::rules::{self, Breach, Referred};
use crate::store::Change;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use model::{Links, Problem};
use service_host::{Json, Path, Query, Refusal};
use snapshot::RouteDraft;
use std::sync::Arc;

impl Resource for ApiRecord {
    type Input = Api;
    type View = ApiView;
    const WHAT: &'static str = "API";
    const PATH: &'static str = "apis";
    const ID: &'static str = "apiId";
    const RIGHT: Right = Right::Edit;

    fn names(input: &mut Api) -> (&mut String, Option<&mut String>) {
        (&mut input.api_id, Some(&mut input.organisation_id))
    }

    fn new_id(input: &Api) -> String {
        own_id(input)
    }

    fn check_id(_id: &str, _organisation: &str, _acting: &Acting) -> Vec<Breach> {
        // `check` has its own rule.
        Vec::new()
    }

    fn build(input: Api, before: Option<&Self>) -> Self {
        ApiRecord {
            draft: input,
            document: before.and_then(|before| before.document.clone()),
            document_url: before.and_then(|before| before.document_url.clone()),
            published: before.and_then(|before| before.published.clone()),
        }
    }

    async fn check(
        &self,
        _before: Option<&Self>,
        _registry: &Registry,
        _acting: &Acting,
        change: &mut Change,
    ) -> Result<Vec<Breach>, Refusal> {
        let mut breaches = Vec::new();
        if self.draft.api_id != own_id(&self.draft) {
            let message = format!("must be `{}`: the name and the major version", own_id(&self.draft));
            breaches.push(Breach::new("apiId", message));
        }
        if self.document.is_some() && !self.draft.operations.is_empty() {
            breaches.push(Breach::new(
                "operations",
                "come from the OpenAPI document that was uploaded",
            ));
        }
        let routes = documents::routes_of(change, self).await?;
        breaches.extend(check_with(&self.draft, routes, change).await?);
        Ok(breaches)
    }

    async fn release(&self, change: &mut Change) -> Result<(), Refusal> {
        if let Some(agreement) = covering(self, change).await?.first() {
            return Err(refuse::conflict(format!(
                "The agreement {} covers the API. End it first, or set the API's sunsetAt.",
                agreement.object.id()
            )));
        }
        Ok(())
    }

    fn view(stored: Stored<Self>, links: Links) -> ApiView {
        let own = links.find("self").map(|own| own.href.clone()).unwrap_or_default();
        let record = stored.object;
        let same =
            |published: &Publication| published.document == record.document && same_api(&published.api, &record.draft);
        ApiView {
            object: ApiBody {
                unpublished_changes: !record.published.as_ref().is_some_and(same),
                draft: record.draft,
                document_hash: record.document,
                document_url: record.document_url,
                published: record.published,
            },
            revision: stored.revision,
            created_at: stored.created_at,
            changed_at: stored.changed_at,
            links: links.and("describedby", format!("{own}/openapi")),
        }
    }
}

/// The day of publication is set by publishing, which makes no difference.
fn same_api(published: &Api, draft: &Api) -> bool {
    let draft = Api {
        released: draft.released.or(published.released),
        ..draft.clone()
    };
    *published == draft
}

/// `case-status-v1`.
fn own_id(api: &Api) -> String {
    let major = api.version.split('.').next().unwrap_or_default();
    format!("{}-v{major}", api.name)
}

/// The agreements that cover the API and have not ended.
async fn covering(record: &ApiRecord, change: &mut Change) -> Result<Vec<Stored<AgreementRecord>>, Refusal> {
    let agreements = change.of_party::<AgreementRecord>(record.organisation()).await;
    let covers = |agreement: &Stored<AgreementRecord>| {
        agreement.object.state() != AgreementState::Terminated
            && agreement.object.terms.api_ids.iter().any(|id| id == record.id())
    };
    Ok(agreements.map_err(refuse::store)?.into_iter().filter(covers).collect())
}

/// The API against everything that it names.
async fn check_with(api: &Api, routes: Vec<RouteDraft>, change: &mut Change) -> Result<Vec<Breach>, Refusal> {
    let known = change
        .get::<Organisation>(&api.organisation_id)
        .await
        .map_err(refuse::store)?;
    let Some(organisation) = known else {
        return Ok(vec![Breach::new(
            "organisationId",
            "names no organisation that is registered",
        )]);
    };
    let own = |owner: &str| owner == api.organisation_id;
    let mut breaches = Vec::new();
    let mut referred = Referred::default();
    let canary = api.canary.as_ref();
    for (field, id) in [
        ("backendId", api.backend_id.as_ref()),
        ("canary.backendId", canary.map(|canary| &canary.backend_id)),
        ("mirror.backendId", api.mirror.as_ref().map(|mirror| &mirror.backend_id)),
    ] {
        let Some(id) = id else { continue };
        let found = change.get::<Backend>(id).await.map_err(refuse::store)?;
        match found
            .map(|stored| stored.object)
            .filter(|backend| own(&backend.organisation_id))
        {
            Some(backend) if !referred.backends.contains(&backend) => referred.backends.push(backend),
            Some(_) => {}
            None => breaches.push(Breach::new(field, "names no backend of the organisation")),
        }
    }
    let named = canary.map_or(&[][..], |canary| &canary.application_ids);
    for (number, id) in named.iter().enumerate().take(rules::LONGEST_LIST) {
        match calling(api, id, change).await? {
            Some(application) => referred.applications.push(application),
            None => breaches.push(Breach::new(
                format!("canary.applicationIds[{number}]"),
                "names no application of the organisation or of a consumer of the API",
            )),
        }
    }
    for (number, id) in api.limit_plan_ids.iter().enumerate() {
        let plan = change.get::<LimitPlan>(id).await.map_err(refuse::store)?;
        match plan
            .map(|stored| stored.object)
            .filter(|plan| own(&plan.organisation_id))
        {
            Some(plan) if !referred.plans.contains(&plan) => referred.plans.push(plan),
            Some(_) => {}
            None => breaches.push(Breach::new(
                format!("limitPlanIds[{number}]"),
                "names no limit plan of the organisation",
            )),
        }
    }
    if !breaches.is_empty() {
        return Ok(breaches);
    }
    // Without a backend an operation cannot be served; a draft may lack it, a publication may not.
    let routes = if api.backend_id.is_some() { routes } else { Vec::new() };
    Ok(rules::check_api(api, routes, &organisation.object, &referred))
}

/// An application that its owner's organisation knows of: its own, or one of a consumer of the API. Others do not exist.
async fn calling(api: &Api, id: &str, change: &mut Change) -> Result<Option<Application>, Refusal> {
    let found = change.get::<Application>(id).await.map_err(refuse::store)?;
    let Some(application) = found.map(|stored| stored.object) else {
        return Ok(None);
    };
    if application.organisation_id == api.organisation_id {
        return Ok(Some(application));
    }
    let agreements = change.of_party::<AgreementRecord>(&api.organisation_id).await;
    let consumes = agreements.map_err(refuse::store)?.into_iter().any(|agreement| {
        let record = &agreement.object;
        record.state() == AgreementState::Active
            && record.terms.api_ids.contains(&api.api_id)
            && record
                .terms
                .with_role(PartyRole::Producer)
                .any(|id| id == api.organisation_id)
            && record
                .terms
                .with_role(PartyRole::Consumer)
                .any(|id| id == application.organisation_id)
    });
    Ok(consumes.then_some(application))
}

operations! {
    object: ApiRecord, input: Api, view: ApiView, list: ApiList of apis,
    path: "/apis", one: "/apis/{apiId}", id: "apiId", tag: "apis", example: api,
    list: list_apis "listApis" "List APIs" "Organisationens API:er. The organisation's APIs.",
    create: create_api "createApi" "Register an API" "Registrerar ett API som utkast; inget anropas förrän det publiceras. Registers an API as a draft; nothing is served until it is published.",
    get: get_api "getApi" "Get an API" "Ett API: utkastet och det som är publicerat. One API: its draft and what is published.",
    replace: replace_api "replaceApi" "Change an API's draft" "Ändrar utkastet; det som anropas är oförändrat tills det publiceras. Changes the draft; what is served stays until it is published.",
    remove: remove_api "removeApi" "Remove an API" "Tar bort ett API som inget avtal omfattar. Removes an API that no agreement covers.",
}

/// Publish an API
///
/// Gör utkastet till det som anropas, i alla noder inom en sekund. Vägras om det bryter mot något som redan gäller.
/// Makes the draft what is served, on every node within a second. Refused when it breaks what is in force.
#[utoipa::path(
    post, path = "/apis/{apiId}/publications", operation_id = "publishApi", tag = "apis",
    params(("apiId" = String, Path, description = "API:ets id. The API's id.", example = "exempel-v1"),
        ("If-Match" = String, Header, description = "ETag som lästes. The ETag that was read.", example = "\"1\"")),
    responses(
        (status = 201, description = "Publicerat. Published.", body = ApiView,
            headers(("Location" = String, description = "API:ets adress. The API's address."), ("ETag" = String, description = "Revision.")),
            examples(("published" = (summary = "Publicerat. Published.", value = json!(super::example::one("apis", super::example::published_api())))))),
        (status = 404, description = "Finns inte, eller är inte ditt. Does not exist, or is not yours.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "Ändrat av någon annan sedan det lästes. Changed by somebody else since it was read.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Kan inte publiceras. Cannot be published.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn publish_api(
    State(registry): State<Arc<Registry>>,
    acting: Acting,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    acting.require(Right::Publish)?;
    let wanted = flow::IfMatch::of(&headers)?;
    let mut change = registry.store.change(acting.actor()).await.map_err(refuse::store)?;
    let before = flow::existing::<ApiRecord>(&mut change, &acting, &id).await?;
    wanted.check(before.revision)?;
    let breaches = check_publication(&before.object, &mut change).await?;
    if !breaches.is_empty() {
        return Err(refuse::breaches(breaches));
    }
    let mut record = before.object.clone();
    let today = jiff::Timestamp::from_microsecond(change.now().microseconds())
        .unwrap_or_default()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date();
    record.draft.released.get_or_insert(today);
    record.published = Some(Publication {
        api: record.draft.clone(),
        document: record.document.clone(),
        published_at: change.now(),
        published_by: acting.member.member_id.clone(),
    });
    let stored = change
        .replace("publish", &before, record)
        .await
        .map_err(refuse::store)?;
    change.commit().await.map_err(refuse::store)?;
    let location = format!("{}/apis/{}", acting.base_url, stored.object.id());
    let mut response = flow::shown(StatusCode::CREATED, stored, &acting);
    if let Ok(location) = axum::http::HeaderValue::from_str(&location) {
        response.headers_mut().insert(axum::http::header::LOCATION, location);
    }
    Ok(response)
}

/// What a draft must have beyond being right in itself.
async fn check_publication(record: &ApiRecord, change: &mut Change) -> Result<Vec<Breach>, Refusal> {
    let api = &record.draft;
    let routes = documents::routes_of(change, record).await?;
    let mut breaches = Vec::new();
    if routes.is_empty() {
        let message = "are none: upload an OpenAPI document, or name operations";
        breaches.push(Breach::new("operations", message));
    }
    if api.mock_answers == Some(true) && record.document.is_none() {
        let message = "needs an OpenAPI document, whose examples are answered; upload one, or leave it out";
        breaches.push(Breach::new("mockAnswers", message));
    }
    if api.backend_id.is_none() {
        breaches.push(Breach::new("backendId", "is needed to publish"));
    }
    breaches.extend(check_with(api, routes, change).await?);
    for agreement in covering(record, change).await? {
        let terms = &agreement.object.terms;
        if let Some(breach) = rules::check_personal_data(terms, api, "personalData") {
            let message = format!("agreement {}: {}", terms.agreement_id, breach.message);
            breaches.push(Breach::new("personalData", message));
        }
    }
    breaches.extend(documents::check_against_published(change, record).await?);
    Ok(breaches)
}
