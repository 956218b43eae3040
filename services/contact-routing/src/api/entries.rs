//! `/directory/v1`: an organisation keeps its own entry in the directory, and nobody else's.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::{Links, LocalizedText, Meta, Problem, ProblemKind};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service_host::{Access, Api, ApiFacts, ApiStatus, Caller, Json, Path, Query, Refusal, page};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::data::directory::Organisation;
use crate::entries::check::check;
use crate::entries::{Entry, Known, Put, Stored};

const MOST: u64 = 100;

/// What the routes stand on.
pub(crate) struct Keeping {
    pub(crate) known: Arc<Known>,
    /// Organisations that the gateway knows by another id than the directory does.
    pub(crate) stewards: BTreeMap<String, String>,
}

/// The document of `/directory/v1`.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Api::document(&facts(), routes())
}

pub(crate) fn routes() -> OpenApiRouter<Arc<Keeping>> {
    OpenApiRouter::new()
        .routes(routes!(list_entries))
        .routes(routes!(get_entry, replace_entry, withdraw_entry))
        .routes(routes!(list_entry_changes))
}

pub(crate) fn facts() -> ApiFacts {
    ApiFacts {
        base_path: "/directory/v1",
        title: "Katalogposter",
        version: "1.0.0",
        released: "2026-11-26",
        status: ApiStatus::Active,
        description: LocalizedText::new(
            "En myndighet, kommun, region eller domstol håller själv sin post i kontaktkatalogen aktuell: kontaktvägar, \
             öppettider, områden, språk, giltighet och vem som tar över. Det som sparas gäller genast i svaren på \
             /contact-routing/v1/routes.",
            "An agency, municipality, region or court keeps its own entry in the contact directory up to date: contact \
             points, hours, areas, languages, validity and who takes over. What is stored is in force at once in the \
             answers of /contact-routing/v1/routes.",
        ),
        limitations: LocalizedText::new(
            "Bara den egna organisationens post kan läsas och ändras. Det måste alltid finnas en väg för den som saknar \
             e-legitimation. En ändring kräver If-Match med den ETag som lästes.",
            "Only one's own organisation's entry can be read and changed. There must always be a way for who has no \
             e-identification. A change needs If-Match with the ETag that was read.",
        ),
        access: Access::Key,
    }
}

/// An organisation's entry.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntryView {
    /// Whose it is.
    pub(crate) organisation_id: String,
    /// Counts its changes; 0 as long as it holds what the register says.
    pub(crate) revision: i64,
    /// When it was changed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-11-26T10:00:00Z")]
    pub(crate) changed_at: Option<Timestamp>,
    /// Whether the organisation itself says this; otherwise the register does.
    pub(crate) own: bool,
    /// What it says.
    pub(crate) entry: Entry,
    /// Links.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
}

/// One change of an entry.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntryChange {
    /// The revision that it made.
    pub(crate) revision: i64,
    /// When.
    #[schema(value_type = String, format = DateTime, example = "2026-11-26T10:00:00Z")]
    pub(crate) changed_at: Timestamp,
    /// Which application of the organisation made it.
    pub(crate) application_id: String,
    /// What was in force from then on; left out when the entry was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) entry: Option<Entry>,
}

macro_rules! lists {
    ($($(#[$doc:meta])* $name:ident { $field:ident: $item:ty })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize, ToSchema)]
        #[serde(rename_all = "camelCase")]
        pub(crate) struct $name {
            /// The items of this page.
            pub(crate) $field: Vec<$item>,
            /// This page and those around it.
            #[serde(rename = "_links")]
            pub(crate) links: Links,
            /// Which page of how many.
            #[serde(rename = "_meta")]
            pub(crate) meta: Meta,
        }
    )+};
}

lists! {
    /// Entries that the caller may keep.
    EntryList { entries: EntryView }
    /// Changes.
    EntryChangeList { changes: EntryChange }
}

/// Which part of a list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PageQuery {
    /// Page, from 1. Sida, från 1.
    #[param(minimum = 1, default = 1)]
    pub(crate) page: Option<u64>,
    /// At most how many on a page. Högst så många på en sida.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub(crate) limit: Option<u64>,
}

fn example_entry() -> Value {
    json!({"contactPoints": [
        {"contactPointId": "kontaktcenter", "kind": "phone", "name": {"sv": "Kontaktcenter", "en": "Contact centre"},
         "value": "+46 42 10 50 00", "languages": ["sv", "en"], "needsEId": false, "sensitiveAllowed": false,
         "schedules": ["DTSTART;TZID=Europe/Stockholm:20260101T080000\nDURATION:PT8H\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"],
         "assuredAt": "2026-11-26T10:00:00Z"}
    ]})
}

fn example() -> Value {
    json!({
        "organisationId": "kommun-1283", "revision": 1, "changedAt": "2026-11-26T10:00:00Z", "own": true,
        "entry": example_entry(),
        "_links": [{"href": "https://api.vagvisare.example/directory/v1/entries/kommun-1283", "rel": "self", "method": "GET"}]
    })
}

fn example_list() -> Value {
    json!({
        "entries": [example()],
        "_links": [{"href": "https://api.vagvisare.example/directory/v1/entries?page=1&limit=20", "rel": "self", "method": "GET"}],
        "_meta": {"totalRecords": 1, "page": 1, "offset": 0, "limit": 20, "count": 1}
    })
}

fn example_changes() -> Value {
    json!({
        "changes": [{"revision": 1, "changedAt": "2026-11-26T10:00:00Z", "applicationId": "kommunens-katalog", "entry": example_entry()}],
        "_links": [{"href": "https://api.vagvisare.example/directory/v1/entries/kommun-1283/changes?page=1&limit=20", "rel": "self", "method": "GET"}],
        "_meta": {"totalRecords": 1, "page": 1, "offset": 0, "limit": 20, "count": 1}
    })
}

impl Keeping {
    /// The caller's own organisation in the directory.
    fn own(&self, caller: &Caller) -> Option<&Organisation> {
        let organisation = caller.organisation.as_deref()?;
        let id = self.stewards.get(organisation).map_or(organisation, String::as_str);
        self.known.directory.organisation(id)
    }

    /// The organisation of the path, when it is the caller's own. Who is there is public, so another's is told apart from
    /// one that does not exist.
    fn mine(&self, caller: &Caller, id: &str) -> Result<&Organisation, Refusal> {
        if self.known.directory.organisation(id).is_none() {
            return Err(Refusal::of(
                ProblemKind::NotFound,
                "There is no organisation with this id.",
            ));
        }
        let own = self.own(caller).filter(|one| one.id == id);
        own.ok_or_else(|| {
            let detail = "An organisation keeps its own entry only. Call with a credential that was issued for it.";
            Refusal::of(ProblemKind::NotYours, detail)
        })
    }

    async fn stored(&self, id: &str) -> Result<Stored, Refusal> {
        self.known.entries.store().get(id).await.map_err(failed)
    }

    async fn put(
        &self,
        caller: &Caller,
        headers: &HeaderMap,
        organisation: &Organisation,
        entry: Option<&Entry>,
    ) -> Result<Stored, Refusal> {
        let revision = seen(headers, self.stored(&organisation.id).await?.revision)?;
        let store = self.known.entries.store();
        let application = caller.application.as_deref().unwrap_or("unknown");
        let put = store.put(&organisation.id, revision, entry, application, Timestamp::now());
        match put.await.map_err(failed)? {
            Put::Done(revision) => {
                tracing::info!(
                    organisation = organisation.id,
                    revision,
                    application,
                    "an entry was changed"
                );
            }
            Put::Stale => return Err(stale()),
        }
        // The change holds; should this fail, following takes it over.
        if let Err(error) = self.known.entries.refresh().await {
            tracing::warn!(%error, "a change of an entry will be seen a little later");
        }
        self.stored(&organisation.id).await
    }
}

/// The revision that the caller has seen, when it is the current one.
fn seen(headers: &HeaderMap, current: i64) -> Result<i64, Refusal> {
    let mut tags = headers
        .get_all(header::IF_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .peekable();
    if tags.peek().is_none() {
        let detail = "Send If-Match with the ETag that you read, so that nobody else's change is lost.";
        return Err(Refusal::of(ProblemKind::RevisionNeeded, detail));
    }
    let own = format!("\"{current}\"");
    if tags.any(|tag| tag == "*" || tag == own) {
        Ok(current)
    } else {
        Err(stale())
    }
}

fn stale() -> Refusal {
    Refusal::of(
        ProblemKind::StaleRevision,
        "The entry has been changed since it was read. Read it again and make the change anew.",
    )
}

#[expect(clippy::needless_pass_by_value, reason = "given to map_err")]
fn failed(error: database::Error) -> Refusal {
    tracing::error!(%error, "the database of directory entries failed");
    let kind = if error.is_transient() {
        ProblemKind::Unavailable
    } else {
        ProblemKind::Internal
    };
    Refusal::from(Problem::of(kind))
}

fn view(stored: Stored, organisation: &Organisation, caller: &Caller) -> EntryView {
    let url = format!("{}/entries/{}", caller.base_url, organisation.id);
    EntryView {
        organisation_id: organisation.id.clone(),
        revision: stored.revision,
        changed_at: stored.changed,
        own: stored.entry.is_some(),
        entry: stored.entry.unwrap_or_else(|| Entry::of_register(organisation)),
        links: Links::to_self(&url).and("version-history", format!("{url}/changes")),
    }
}

fn tagged(view: EntryView) -> Response {
    let tag = HeaderValue::from_str(&format!("\"{}\"", view.revision));
    let mut response = Json(view).into_response();
    if let Ok(tag) = tag {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}

/// List entries
///
/// De poster som anroparen får ändra: den egna organisationens.
/// The entries that the caller may change: its own organisation's.
#[utoipa::path(
    get, path = "/entries", operation_id = "listEntries", tag = "entries",
    params(PageQuery),
    responses((status = 200, description = "Posterna. The entries.", body = EntryList,
        examples(("entries" = (summary = "En post. An entry.", value = json!(example_list()))))))
)]
pub(crate) async fn list_entries(
    State(keeping): State<Arc<Keeping>>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<EntryList>, Refusal> {
    let page = page(query.page, query.limit, MOST)?;
    let mut all = Vec::new();
    if let Some(organisation) = keeping.own(&caller) {
        all.push(view(keeping.stored(&organisation.id).await?, organisation, &caller));
    }
    let (entries, meta) = page.cut(all);
    Ok(Json(EntryList {
        entries,
        links: page.links(&format!("{}/entries", caller.base_url), "", meta.total_records),
        meta,
    }))
}

/// Get an entry
///
/// Vad den egna organisationen säger om sig själv; innan den har sagt något, vad registret säger.
/// What one's own organisation says of itself; before it has said anything, what the register says.
#[utoipa::path(
    get, path = "/entries/{organisationId}", operation_id = "getEntry", tag = "entries",
    params(("organisationId" = String, Path, description = "Organisationens id. The organisation's id.", example = "kommun-1283")),
    responses(
        (status = 200, description = "Posten. The entry.", body = EntryView, headers(("ETag" = String, description = "Revisionen, för If-Match. The revision, for If-Match.")),
            examples(("entry" = (summary = "En post. An entry.", value = json!(example()))))),
        (status = 403, description = "Posten är en annan organisations. It is another organisation's.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Det finns ingen sådan organisation. There is no such organisation.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_entry(
    State(keeping): State<Arc<Keeping>>,
    caller: Caller,
    Path(organisation_id): Path<String>,
) -> Result<Response, Refusal> {
    let organisation = keeping.mine(&caller, &organisation_id)?;
    let stored = keeping.stored(&organisation.id).await?;
    Ok(tagged(view(stored, organisation, &caller)))
}

/// Replace an entry
///
/// Ersätter den egna organisationens post. Gäller genast i alla svar. Allt som är fel sägs på en gång.
/// Replaces one's own organisation's entry. In force at once in all answers. Everything that is wrong is said at once.
#[utoipa::path(
    put, path = "/entries/{organisationId}", operation_id = "replaceEntry", tag = "entries",
    params(("organisationId" = String, Path, description = "Organisationens id. The organisation's id.", example = "kommun-1283"),
        ("If-Match" = String, Header, description = "ETag som lästes. The ETag that was read.", example = "\"0\"")),
    request_body(content = Entry, description = "Posten. The entry.", examples(
        ("entry" = (summary = "En post. An entry.", value = json!(example_entry()))))),
    responses(
        (status = 200, description = "Posten. The entry.", body = EntryView, headers(("ETag" = String, description = "Den nya revisionen. The new revision.")),
            examples(("entry" = (summary = "En post. An entry.", value = json!(example()))))),
        (status = 403, description = "Posten är en annan organisations. It is another organisation's.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Det finns ingen sådan organisation. There is no such organisation.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "Posten har ändrats sedan den lästes. It has been changed since it was read.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Posten kan inte tas emot. It cannot be taken.", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "If-Match saknas. If-Match is missing.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn replace_entry(
    State(keeping): State<Arc<Keeping>>,
    caller: Caller,
    Path(organisation_id): Path<String>,
    headers: HeaderMap,
    Json(mut entry): Json<Entry>,
) -> Result<Response, Refusal> {
    let organisation = keeping.mine(&caller, &organisation_id)?;
    let now = Timestamp::now();
    let today = now.to_zoned(model::hours::sweden().unwrap_or(TimeZone::UTC)).date();
    let wrong = check(&entry, organisation, &keeping.known.directory, now, today);
    if !wrong.is_empty() {
        let count = wrong.len();
        let detail = format!("The entry cannot be taken: {count} of its fields are wrong. See errors.");
        let problem = Problem::of(ProblemKind::InvalidBody).detail(detail);
        let problem = wrong
            .into_iter()
            .fold(problem, |problem, (field, message)| problem.field(field, message));
        return Err(problem.into());
    }
    for point in &mut entry.contact_points {
        point.contact_point_id.get_or_insert_with(|| Uuid::now_v7().to_string());
        // Who writes it down makes sure of it.
        point.assured_at.get_or_insert(now);
    }
    let stored = keeping.put(&caller, &headers, organisation, Some(&entry)).await?;
    Ok(tagged(view(stored, organisation, &caller)))
}

/// Withdraw an entry
///
/// Tar tillbaka den egna organisationens post: från och med nu gäller vad registret säger.
/// Takes back one's own organisation's entry: from now on the register's facts hold.
#[utoipa::path(
    delete, path = "/entries/{organisationId}", operation_id = "withdrawEntry", tag = "entries",
    params(("organisationId" = String, Path, description = "Organisationens id. The organisation's id.", example = "kommun-1283"),
        ("If-Match" = String, Header, description = "ETag som lästes. The ETag that was read.", example = "\"1\"")),
    responses(
        (status = 204, description = "Tillbakatagen. Taken back."),
        (status = 403, description = "Posten är en annan organisations. It is another organisation's.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Det finns ingen sådan organisation. There is no such organisation.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "Posten har ändrats sedan den lästes. It has been changed since it was read.", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "If-Match saknas. If-Match is missing.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn withdraw_entry(
    State(keeping): State<Arc<Keeping>>,
    caller: Caller,
    Path(organisation_id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    let organisation = keeping.mine(&caller, &organisation_id)?;
    keeping.put(&caller, &headers, organisation, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the changes of an entry
///
/// Varje ändring av den egna organisationens post, nyast först: när, av vilken applikation, och vad som gällde sedan.
/// Each change of one's own organisation's entry, newest first: when, by which application, and what held from then on.
#[utoipa::path(
    get, path = "/entries/{organisationId}/changes", operation_id = "listEntryChanges", tag = "entries",
    params(("organisationId" = String, Path, description = "Organisationens id. The organisation's id.", example = "kommun-1283"), PageQuery),
    responses(
        (status = 200, description = "Ändringarna. The changes.", body = EntryChangeList,
            examples(("changes" = (summary = "En ändring. A change.", value = json!(example_changes()))))),
        (status = 403, description = "Posten är en annan organisations. It is another organisation's.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Det finns ingen sådan organisation. There is no such organisation.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list_entry_changes(
    State(keeping): State<Arc<Keeping>>,
    caller: Caller,
    Path(organisation_id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<EntryChangeList>, Refusal> {
    let organisation = keeping.mine(&caller, &organisation_id)?;
    let page = page(query.page, query.limit, MOST)?;
    let all = keeping.known.entries.store().changes(&organisation.id).await;
    let (changes, meta) = page.cut(all.map_err(failed)?);
    let change = |one: crate::entries::store::Change| EntryChange {
        revision: one.revision,
        changed_at: one.changed,
        application_id: one.application,
        entry: one.entry,
    };
    let url = format!("{}/entries/{}/changes", caller.base_url, organisation.id);
    Ok(Json(EntryChangeList {
        changes: changes.into_iter().map(change).collect(),
        links: page.links(&url, "", meta.total_records),
        meta,
    }))
}
