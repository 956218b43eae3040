//! `GET /organisations`, `GET /organisations/{organisationId}` and `GET /municipalities`: who there is.

use std::sync::Arc;

use axum::extract::State;
use model::{Problem, ProblemKind};
use service_host::{Caller, Json, Path, Query, Refusal, page};

use crate::api::schema::{ListQuery, MunicipalityList, MunicipalityView, OrganisationList, OrganisationView};
use crate::api::{example, respond};
use crate::entries::Known;
use crate::text::fold;

/// The most that one page may hold.
pub(crate) const MOST: u64 = 100;

/// List organisations
///
/// Alla organisationer, eller de vars namn, kortnamn eller ett ord i namnet börjar som söktexten: sök medan du skriver.
/// All organisations, or those whose name, short name or a word of the name begins as the query does.
#[utoipa::path(
    get, path = "/organisations", operation_id = "listOrganisations", tag = "organisations",
    params(ListQuery),
    responses((status = 200, description = "Organisationerna. The organisations.", body = OrganisationList,
        examples(("organisations" = (summary = "En kommun. A municipality.", value = json!(example::organisations()))))))
)]
pub(crate) async fn list_organisations(
    State(known): State<Arc<Known>>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<OrganisationList>, Refusal> {
    let page = page(query.page, query.limit, MOST)?;
    let found = search(&query, known.directory.organisations.iter(), |one| {
        vec![
            one.name.as_str(),
            one.short_name.as_deref().unwrap_or_default(),
            one.name_en.as_deref().unwrap_or_default(),
        ]
    });
    let (found, meta) = page.cut(found);
    let base = &caller.base_url;
    Ok(Json(OrganisationList {
        organisations: found
            .into_iter()
            .map(|one| respond::organisation(&known, one, base))
            .collect(),
        links: page.links(&format!("{base}/organisations"), &others(&query), meta.total_records),
        meta,
    }))
}

/// Get an organisation
///
/// En organisation och hur man når den.
/// An organisation and how to reach it.
#[utoipa::path(
    get, path = "/organisations/{organisationId}", operation_id = "getOrganisation", tag = "organisations",
    params(("organisationId" = String, Path, description = "Organisationens id. The organisation's id.", example = "kommun-1283")),
    responses(
        (status = 200, description = "Organisationen. The organisation.", body = OrganisationView,
            examples(("organisation" = (summary = "En kommun. A municipality.", value = json!(example::organisation()))))),
        (status = 404, description = "Det finns ingen sådan organisation. There is no such organisation.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_organisation(
    State(known): State<Arc<Known>>,
    caller: Caller,
    Path(organisation_id): Path<String>,
) -> Result<Json<OrganisationView>, Refusal> {
    let found = known.directory.organisation(&organisation_id);
    let one = found.ok_or_else(|| Refusal::of(ProblemKind::NotFound, "There is no organisation with this id."))?;
    Ok(Json(respond::organisation(&known, one, &caller.base_url)))
}

/// List municipalities
///
/// Sveriges 290 kommuner med kod och län.
/// The 290 municipalities of Sweden with code and county.
#[utoipa::path(
    get, path = "/municipalities", operation_id = "listMunicipalities", tag = "municipalities",
    params(ListQuery),
    responses((status = 200, description = "Kommunerna. The municipalities.", body = MunicipalityList,
        examples(("municipalities" = (summary = "En kommun. A municipality.", value = json!(example::municipalities()))))))
)]
pub(crate) async fn list_municipalities(
    State(known): State<Arc<Known>>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<MunicipalityList>, Refusal> {
    let page = page(query.page, query.limit, MOST)?;
    let found = search(&query, known.directory.municipalities.iter(), |one| {
        vec![one.name.as_str(), one.code.as_str()]
    });
    let (found, meta) = page.cut(found);
    let municipalities = found
        .into_iter()
        .map(|one| MunicipalityView {
            municipality_code: one.code.clone(),
            name: one.name.clone(),
            county_code: one.county.clone(),
            county: one.county_name.clone(),
            organisation_id: format!("kommun-{}", one.code),
        })
        .collect();
    Ok(Json(MunicipalityList {
        municipalities,
        links: page.links(
            &format!("{}/municipalities", caller.base_url),
            &others(&query),
            meta.total_records,
        ),
        meta,
    }))
}

/// Items one of whose names, or a word of them, begins as the query does; whole names first.
pub(crate) fn search<'i, T>(
    query: &ListQuery,
    all: impl Iterator<Item = &'i T>,
    names: impl Fn(&T) -> Vec<&str>,
) -> Vec<&'i T> {
    let wanted = query
        .query
        .as_deref()
        .map(|text| fold::lower(text.trim()))
        .unwrap_or_default();
    if wanted.is_empty() {
        return all.collect();
    }
    let mut found: Vec<(usize, &T)> = all
        .filter_map(|one| {
            let rank = names(one).into_iter().map(fold::lower).filter_map(|name| {
                if name.starts_with(&wanted) {
                    Some(0)
                } else if name
                    .split(|c: char| !c.is_alphanumeric())
                    .any(|word| word.starts_with(&wanted))
                {
                    Some(1)
                } else if wanted.chars().count() > 2 && name.contains(&wanted) {
                    Some(2)
                } else {
                    None
                }
            });
            rank.min().map(|rank| (rank, one))
        })
        .collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, one)| one).collect()
}

/// The query's own parameters for links to other pages, percent-encoded.
pub(crate) fn others(query: &ListQuery) -> String {
    let Some(text) = &query.query else { return String::new() };
    let encoded: String = text
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect();
    format!("query={encoded}")
}
