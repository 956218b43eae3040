//! `GET /cases`: every case of the person, over all sources.

use std::sync::Arc;

use axum::extract::State as From;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use model::{Case, Links, Meta, Page, Problem, ProblemKind};
use serde::Serialize;
use service_host::{Caller, Entity, Query, Refusal, page};
use utoipa::ToSchema;

use crate::api::example;
use crate::api::select::{ListQuery, Place};
use crate::api::shown::{ShownCase, show};
use crate::gather::{Gathered, gather};
use crate::source::SourceReport;
use crate::state::State;

/// The most that one page may hold.
const MOST: u64 = 100;

/// When to try again, in seconds, where no source said.
const RETRY_AFTER: u32 = 10;

/// The cases of a person over all sources.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CaseList {
    /// The cases of this page, with everything that a card needs.
    cases: Vec<ShownCase>,
    /// What became of each source.
    sources: Vec<SourceReport>,
    /// Whether no source that was asked is missing, old or partly unreadable.
    complete: bool,
    /// This page and those around it.
    #[serde(rename = "_links")]
    links: Links,
    /// Which page of how many.
    #[serde(rename = "_meta")]
    meta: Meta,
}

/// List a person's cases
///
/// Alla ärenden för den person som åtkomstbiljetten gäller, hos alla anslutna organisationer. Källorna frågas
/// samtidigt inom en tidsgräns; `sources` säger hur det gick för var och en och `complete` om något saknas.
/// All cases of the person that the token speaks for, over all connected organisations. The sources are asked at the
/// same time within a deadline; `sources` says what became of each and `complete` whether anything is missing.
#[utoipa::path(
    get, path = "/cases", operation_id = "listCases", tag = "cases",
    params(
        ListQuery,
        ("If-None-Match" = Option<String>, Header, description = "ETag från ett tidigare svar. An ETag from an earlier answer."),
    ),
    responses(
        (status = 200, description = "Ärendena. The cases.", body = CaseList,
            headers(("ETag" = String, description = "Ändras när svaret ändras. Changes when the answer does.")),
            examples(("cases" = (summary = "Ett ärende väntar på personen, en källa svarade inte. One case waits for the person, one source did not answer.", value = json!(example::list()))))),
        (status = 304, description = "Inget har ändrats. Nothing has changed."),
        (status = 503, description = "Ingen källa svarade. No source answered.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list_cases(
    From(state): From<Arc<State>>,
    caller: Caller,
    Query(query): Query<ListQuery>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let party = caller.person()?.clone();
    let page = page(query.page, query.limit, MOST)?;
    let after = query.after().map_err(|_| not_a_cursor())?;
    let wanted = |producer: &crate::config::Producer| {
        query
            .organisation
            .as_ref()
            .is_none_or(|organisation| *organisation == producer.organisation_id)
    };
    let Gathered { known, sources } = gather(&state, &party, wanted).await;
    refuse_if_nobody_answered(&sources)?;

    let mut all: Vec<_> = known
        .into_iter()
        .map(|known| known.case)
        .filter(|case| query.wants(case, &caller))
        .collect();
    query.sort(&mut all);
    let url = format!("{}/cases", caller.base_url);
    let (cases, meta, around) = match query.cursor {
        None => {
            let (cases, meta) = page.cut(all);
            let links = page.links(&url, &query.others(), meta.total_records);
            (cases, meta, links)
        }
        Some(_) => onwards(&query, page, after.as_ref(), all, &url),
    };
    let cases = cases.into_iter().map(|case| show(case, &state, &caller)).collect();
    let complete = sources.iter().all(SourceReport::is_whole);
    let list = CaseList {
        cases,
        sources,
        complete,
        links: around,
        meta,
    };
    let version = version(&list);
    let entity = Entity::new(list, &version, &headers).map_err(|error| {
        tracing::error!(%error, "the list cannot be written");
        Refusal::from(Problem::of(ProblemKind::Internal))
    })?;
    Ok(entity.into_response())
}

/// What comes after a place: the cases, and links to here and to what follows.
fn onwards(
    query: &ListQuery,
    page: Page,
    after: Option<&Place>,
    all: Vec<Case>,
    url: &str,
) -> (Vec<Case>, Meta, Links) {
    let total_records = all.len() as u64;
    let offset = after.map_or(0, |after| all.partition_point(|case| query.place(case) <= *after));
    let take = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let cases: Vec<_> = all.into_iter().skip(offset).take(take).collect();
    let others = query.others();
    let href = |cursor: &str| {
        let others = if others.is_empty() {
            String::new()
        } else {
            format!("{others}&")
        };
        format!("{url}?{others}cursor={cursor}&limit={}", page.limit)
    };
    let mut links = Links::to_self(href(query.cursor.as_deref().unwrap_or_default())).and("first", href(""));
    let meta = Meta {
        total_records,
        page: offset as u64 / page.limit.max(1) + 1,
        offset: offset as u64,
        limit: page.limit,
        count: cases.len() as u64,
    };
    if meta.offset + meta.count < total_records
        && let Some(last) = cases.last()
    {
        links = links.and("next", href(&query.cursor(&query.place(last))));
    }
    (cases, meta, links)
}

fn not_a_cursor() -> Refusal {
    Problem::of(ProblemKind::InvalidParameter)
        .detail("The query parameter 'cursor' was not given out for this order. Take it from a 'next' link as it is.")
        .field("cursor", "must be taken from a 'next' link of a list in the same order")
        .into()
}

/// A 503 when somebody was asked and nobody answered, live or from before.
fn refuse_if_nobody_answered(sources: &[SourceReport]) -> Result<(), Refusal> {
    let asked = sources.iter().any(|source| !source.is_whole());
    if !asked || sources.iter().any(SourceReport::answers) {
        return Ok(());
    }
    let retry_after = sources
        .iter()
        .filter_map(|source| source.retry_after_seconds)
        .min()
        .unwrap_or(RETRY_AFTER);
    let detail = "None of the sources that have to do with the person answered, and nothing is known from before.";
    Err(Problem::of(ProblemKind::SourcesUnavailable)
        .detail(detail)
        .retry_after(retry_after)
        .into())
}

/// Everything that makes one answer mean something else than another; not when it was asked for.
fn version(list: &CaseList) -> impl Serialize + use<> {
    let cases: Vec<_> = list
        .cases
        .iter()
        .map(|ShownCase { case, whose }| {
            let shown = (*whose, case.parties.len());
            (case.case_id, case.revision.clone(), case.source.freshness, shown)
        })
        .collect();
    let sources: Vec<_> = list
        .sources
        .iter()
        .map(|source| (source.source_id.clone(), source.status))
        .collect();
    (cases, sources, list.complete, list.meta, list.links.clone())
}
