//! Own usage: an agency sees the calls to its APIs, a consumer the calls of its applications. And whom an API's change affects.

use super::acting::{Acting, Right};
use super::credentials::PageQuery;
use super::flow::{self, MOST, others};
use super::{Registry, refuse};
use crate::model::{AgreementRecord, AgreementState, ApiRecord, Application, Moment, Object, PartyRole};
use crate::store::{BOUNDS_MS, Period, Scope, Wanted, WantedUsage};
use axum::extract::State;
use model::{Links, Meta, Problem, ProblemKind};
use serde::{Deserialize, Serialize};
use service_host::{Json, Path, Query, Refusal, page};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Most pages that are read to find who may call one API.
const MOST_PAGES: u64 = 1_000;

/// Which usage.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(rename_all = "camelCase")]
pub(crate) struct UsageQuery {
    /// Sidans nummer, från 1. The page's number, from 1.
    #[param(minimum = 1, default = 1, example = 1)]
    page: Option<u64>,
    /// Högsta antal på en sida. The most on a page.
    #[param(minimum = 1, maximum = 100, default = 20, example = 20)]
    limit: Option<u64>,
    /// Bara anrop till detta API. Calls to this API only.
    #[param(example = "exempel-v1")]
    api_id: Option<String>,
    /// Bara anrop från denna applikation. Calls by this application only.
    #[param(example = "exempelbanken.app")]
    application_id: Option<String>,
    /// Från och med denna timme, eller detta dygn. From this hour, or day, on.
    #[param(format = DateTime, example = "2026-11-01T00:00:00Z")]
    from: Option<String>,
    /// Före denna tidpunkt. Before this moment.
    #[param(format = DateTime, example = "2026-12-01T00:00:00Z")]
    to: Option<String>,
    /// `hour` eller `day` (UTC). `hour` or `day` (UTC).
    #[param(default = "hour", example = "day")]
    by: Option<String>,
}

/// Calls of one application to one API in an hour or a day.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsagePeriod {
    /// When the hour or day begins.
    start: Moment,
    /// The API.
    api_id: String,
    /// Whose API it is.
    api_organisation_id: String,
    /// The application.
    application_id: String,
    /// Whose application it is.
    application_organisation_id: String,
    /// All calls.
    calls: u64,
    /// Answered 4xx, without those that a limit refused.
    client_errors: u64,
    /// Refused by a limit (429).
    limited: u64,
    /// Answered 5xx.
    server_errors: u64,
    /// Mean time of a call in the gateway and behind it.
    mean_milliseconds: f64,
    /// Calls by the time that they took.
    latencies: Vec<LatencyClass>,
}

/// Calls that took about as long.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LatencyClass {
    /// They took at most this long, and longer than the class before; absent: longer than every class.
    #[serde(skip_serializing_if = "Option::is_none")]
    up_to_milliseconds: Option<u32>,
    /// How many.
    calls: u64,
}

/// A page of usage.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsageList {
    /// The page, the newest first.
    usage_periods: Vec<UsagePeriod>,
    /// Links to other pages.
    #[serde(rename = "_links")]
    links: Links,
    /// Numbers.
    #[serde(rename = "_meta")]
    meta: Meta,
}

/// An application that may call an API.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApiCaller {
    /// The application.
    application_id: String,
    /// Its name.
    name: String,
    /// Whose it is: whom to tell.
    organisation_id: String,
    /// The agreements under which it may call, when they are in force.
    agreement_ids: Vec<String>,
    /// The hour in which it last called; absent: never yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_called_at: Option<Moment>,
}

/// A page of callers.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApiCallerList {
    /// The page.
    callers: Vec<ApiCaller>,
    /// Links to other pages.
    #[serde(rename = "_links")]
    links: Links,
    /// Numbers.
    #[serde(rename = "_meta")]
    meta: Meta,
}

/// List usage
///
/// Egen användning per applikation, API och timme eller dygn (UTC): anrop till de egna API:erna och från de egna applikationerna. Räknas några sekunder efter anropet. Timmar sparas kortare än dygn: i tre månader och i tre år, om noden inte är inställd på annat.
/// Own usage by application, API and hour or day (UTC): calls to one's own APIs and by one's own applications. Counted some seconds after the call. Hours are kept for a shorter time than days: three months and three years, unless the node is configured otherwise.
#[utoipa::path(
    get, path = "/usage-periods", operation_id = "listUsagePeriods", tag = "usage-periods", params(UsageQuery),
    responses((status = 200, description = "Användningen. The usage.", body = UsageList,
        examples(("usage" = (summary = "En timme. One hour.", value = json!(super::example::usage()))))))
)]
pub(crate) async fn list_usage_periods(
    State(registry): State<Arc<Registry>>,
    acting: Acting,
    Query(query): Query<UsageQuery>,
) -> Result<Json<UsageList>, Refusal> {
    acting.require(Right::Read)?;
    let page = page(query.page, query.limit, MOST)?;
    let by_day = match query.by.as_deref() {
        None | Some("hour") => false,
        Some("day") => true,
        Some(_) => return Err(wrong("by", "must be hour or day")),
    };
    let wanted = WantedUsage {
        from: moment("from", query.from.as_deref())?,
        to: moment("to", query.to.as_deref())?,
        api: query.api_id.clone(),
        application: query.application_id.clone(),
        by_day,
    };
    let others = others(&[
        ("apiId", &query.api_id),
        ("applicationId", &query.application_id),
        ("from", &query.from),
        ("to", &query.to),
        ("by", &query.by),
    ]);
    let found = registry.store.usage(&acting.scope(), &wanted, page).await;
    let (periods, total) = found.map_err(refuse::store)?;
    let count = periods.len();
    Ok(Json(UsageList {
        usage_periods: periods.into_iter().map(shown).collect(),
        links: page.links(&format!("{}/usage-periods", acting.base_url), &others, total),
        meta: flow::meta(page, total, count),
    }))
}

fn wrong(field: &str, message: &str) -> Refusal {
    Problem::of(ProblemKind::BadRequest)
        .detail(format!("The parameter '{field}' {message}."))
        .field(field, message)
        .into()
}

fn moment(field: &str, text: Option<&str>) -> Result<Option<Moment>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let read = text.parse::<jiff::Timestamp>();
    let moment = read.map_err(|_| wrong(field, "must be a moment such as 2026-11-01T00:00:00Z"))?;
    Ok(Some(Moment::from_microseconds(moment.as_microsecond())))
}

fn shown(period: Period) -> UsagePeriod {
    let usage = period.usage;
    let known: u64 = usage.within.iter().sum();
    let classes = BOUNDS_MS
        .iter()
        .zip(usage.within)
        .map(|(bound, calls)| (Some(*bound), calls));
    let classes = classes.chain([(None, usage.calls.saturating_sub(known))]);
    #[expect(clippy::cast_precision_loss, reason = "a mean to the microsecond is exact enough")]
    let mean = usage.microseconds as f64 / usage.calls.max(1) as f64;
    UsagePeriod {
        start: period.start,
        api_id: usage.api,
        api_organisation_id: period.api_organisation,
        application_id: usage.application,
        application_organisation_id: period.application_organisation,
        calls: usage.calls,
        client_errors: usage.client_errors,
        limited: usage.limited,
        server_errors: usage.server_errors,
        mean_milliseconds: mean.round() / 1_000.0,
        latencies: classes
            .map(|(up_to_milliseconds, calls)| LatencyClass {
                up_to_milliseconds,
                calls,
            })
            .collect(),
    }
}

/// List an API's callers
///
/// De applikationer som får anropa API:et enligt avtal som inte har avslutats: vilka en ändring berör.
/// The applications that may call the API under agreements that have not ended: whom a change affects.
#[utoipa::path(
    get, path = "/apis/{apiId}/callers", operation_id = "listApiCallers", tag = "apis",
    params(("apiId" = String, Path, description = "API:ets id. The API's id.", example = "exempel-v1"), PageQuery),
    responses(
        (status = 200, description = "Applikationerna. The applications.", body = ApiCallerList,
            examples(("callers" = (summary = "En applikation. One application.", value = json!(super::example::callers()))))),
        (status = 404, description = "Finns inte, eller är inte ditt. Does not exist, or is not yours.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list_api_callers(
    State(registry): State<Arc<Registry>>,
    acting: Acting,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<ApiCallerList>, Refusal> {
    acting.require(Right::Read)?;
    let page = page(query.page, query.limit, MOST)?;
    let found = registry.store.get::<ApiRecord>(&acting.scope(), &id).await;
    let api = found.map_err(refuse::store)?.ok_or_else(|| refuse::not_found("API"))?;
    let mut callers = BTreeMap::<String, ApiCaller>::new();
    let owner = Scope::Organisation(api.object.organisation().to_owned());
    let naming_it = Wanted {
        text: Some(id.clone()),
        ..Wanted::default()
    };
    let agreements = all::<AgreementRecord>(&registry, &owner, &naming_it).await?;
    let covering = agreements
        .into_iter()
        .filter(|record| record.state() != AgreementState::Terminated && record.terms.api_ids.contains(&id));
    for record in covering {
        for application in applications(&registry, &record).await? {
            let caller = callers
                .entry(application.application_id.clone())
                .or_insert_with(|| ApiCaller {
                    application_id: application.application_id,
                    name: application.name,
                    organisation_id: application.organisation_id,
                    agreement_ids: Vec::new(),
                    last_called_at: None,
                });
            caller.agreement_ids.push(record.id().to_owned());
        }
    }
    let last = registry.store.last_calls(&id).await.map_err(refuse::store)?;
    for caller in callers.values_mut() {
        caller.last_called_at = last.get(&caller.application_id).copied();
    }
    let (callers, meta) = page.cut(callers.into_values().collect());
    Ok(Json(ApiCallerList {
        callers,
        links: page.links(
            &format!("{}/apis/{id}/callers", acting.base_url),
            "",
            meta.total_records,
        ),
        meta,
    }))
}

/// The applications that may call under an agreement.
async fn applications(registry: &Registry, record: &AgreementRecord) -> Result<Vec<Application>, Refusal> {
    let mut found = Vec::new();
    for id in &record.terms.application_ids {
        let one = registry.store.get::<Application>(&Scope::All, id).await;
        found.extend(one.map_err(refuse::store)?.map(|stored| stored.object));
    }
    if record.terms.application_ids.is_empty() {
        for consumer in record.terms.with_role(PartyRole::Consumer) {
            let scope = Scope::Organisation(consumer.to_owned());
            found.extend(all::<Application>(registry, &scope, &Wanted::default()).await?);
        }
    }
    Ok(found)
}

async fn all<T: Object>(registry: &Registry, scope: &Scope, wanted: &Wanted) -> Result<Vec<T>, Refusal> {
    let mut found = Vec::new();
    for number in 1..=MOST_PAGES {
        let page = page(Some(number), Some(MOST), MOST)?;
        let items = registry
            .store
            .list::<T>(scope, wanted, page)
            .await
            .map_err(refuse::store)?
            .items;
        let last = (items.len() as u64) < MOST;
        found.extend(items.into_iter().map(|stored| stored.object));
        if last {
            break;
        }
    }
    Ok(found)
}
