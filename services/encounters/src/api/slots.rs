//! `/slots`: times that agencies offer. `/promises`: how many an agency has kept.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use model::{Links, Meta, Problem, ProblemKind};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service_host::{Caller, Json, Path, Query, Refusal, page};
use utoipa::{IntoParams, ToSchema};

use crate::api::{failed, invalid, is_id, is_path_id, now, organisation};
use crate::meeting::{EncounterKind, Slot};
use crate::store::Store;

/// A time to offer.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!(example_new()))]
pub(crate) struct NewSlot {
    /// How people meet.
    pub(crate) kind: EncounterKind,
    /// From; must be in the future.
    #[schema(value_type = String, format = DateTime, example = "2027-01-11T09:00:00Z")]
    pub(crate) starts_at: Timestamp,
    /// To; at most a day later.
    #[schema(value_type = String, format = DateTime, example = "2027-01-11T09:30:00Z")]
    pub(crate) ends_at: Timestamp,
    /// To how many it is offered at once.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 100, default = 1)]
    pub(crate) capacity: u32,
    /// Where, on site or by video.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub(crate) place: Option<String>,
}

const fn one() -> u32 {
    1
}

/// A time that an agency offers.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SlotView {
    /// Its id.
    pub(crate) slot_id: String,
    /// Who offers it.
    pub(crate) organisation_id: String,
    /// How people meet.
    pub(crate) kind: EncounterKind,
    /// From.
    #[schema(value_type = String, format = DateTime, example = "2027-01-11T09:00:00Z")]
    pub(crate) starts_at: Timestamp,
    /// To.
    #[schema(value_type = String, format = DateTime, example = "2027-01-11T09:30:00Z")]
    pub(crate) ends_at: Timestamp,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<String>,
    /// Links.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
}

/// Times.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SlotList {
    /// The times of this page.
    pub(crate) slots: Vec<SlotView>,
    /// This page and those around it.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
    /// Which page of how many.
    #[serde(rename = "_meta")]
    pub(crate) meta: Meta,
}

/// Promises of the caller's own organisation.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Promises {
    /// Booked and not yet due.
    pub(crate) booked: i64,
    /// Kept.
    pub(crate) kept: i64,
    /// Missed.
    pub(crate) missed: i64,
    /// Links.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
}

/// Whose times, and which part of the list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SlotQuery {
    /// The agency; the caller's own organisation if left out. Myndigheten.
    #[param(
        min_length = 1,
        max_length = 100,
        pattern = "^[A-Za-z0-9-]+$",
        example = "skatteverket"
    )]
    pub(crate) organisation_id: Option<String>,
    /// Page, from 1. Sida, från 1.
    #[param(minimum = 1, default = 1)]
    pub(crate) page: Option<u64>,
    /// At most how many on a page. Högst så många på en sida.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub(crate) limit: Option<u64>,
}

fn example_new() -> Value {
    json!({"kind": "callback", "startsAt": "2027-01-11T09:00:00Z", "endsAt": "2027-01-11T09:30:00Z", "capacity": 2})
}

pub(crate) fn example() -> Value {
    json!({
        "slotId": "01930000-0000-7000-8000-000000000001", "organisationId": "skatteverket", "kind": "callback",
        "startsAt": "2027-01-11T09:00:00Z", "endsAt": "2027-01-11T09:30:00Z",
        "_links": [{"href": "https://api.vagvisare.example/encounters/v1/bookings", "rel": "create", "method": "POST"}]
    })
}

fn example_list() -> Value {
    json!({
        "slots": [example()],
        "_links": [{"href": "https://api.vagvisare.example/encounters/v1/slots?page=1&limit=20", "rel": "self", "method": "GET"}],
        "_meta": {"totalRecords": 1, "page": 1, "offset": 0, "limit": 20, "count": 1}
    })
}

pub(crate) fn shown(slot: Slot, base: &str) -> SlotView {
    let mut links = Links::default();
    links
        .0
        .push(model::Link::with_method("create", "POST", format!("{base}/bookings")));
    SlotView {
        slot_id: slot.id,
        organisation_id: slot.organisation,
        kind: slot.kind,
        starts_at: slot.starts,
        ends_at: slot.ends,
        place: slot.place,
        links,
    }
}

/// List free times
///
/// Kommande tider som en myndighet erbjuder och som har plats kvar.
/// Coming times that an agency offers and that have a place left.
#[utoipa::path(
    get, path = "/slots", operation_id = "listSlots", tag = "slots",
    params(SlotQuery),
    responses((status = 200, description = "Tiderna. The times.", body = SlotList, examples(
        ("slots" = (summary = "En tid. A time.", value = json!(example_list()))))))
)]
pub(crate) async fn list_slots(
    State(store): State<Arc<Store>>,
    caller: Caller,
    Query(query): Query<SlotQuery>,
) -> Result<Json<SlotList>, Refusal> {
    let page = page(query.page, query.limit, 100)?;
    let mut whose = caller.organisation.as_deref().unwrap_or_default();
    let mut others = String::new();
    if let Some(asked) = &query.organisation_id {
        is_id("organisationId", asked)?;
        whose = asked;
        others = format!("organisationId={asked}");
    }
    let (found, meta) = page.cut(store.offered(whose, now()).await.map_err(failed)?);
    let base = &caller.base_url;
    Ok(Json(SlotList {
        slots: found.into_iter().map(|slot| shown(slot, base)).collect(),
        links: page.links(&format!("{base}/slots"), &others, meta.total_records),
        meta,
    }))
}

/// Offer a time
///
/// Den egna organisationen erbjuder en tid.
/// One's own organisation offers a time.
#[utoipa::path(
    post, path = "/slots", operation_id = "createSlot", tag = "slots",
    request_body(content = NewSlot, description = "Tiden. The time.", examples(("slot" = (summary = "En tid. A time.", value = json!(example_new()))))),
    responses(
        (status = 201, description = "Erbjuden. Offered.", body = SlotView, examples(("slot" = (summary = "En tid. A time.", value = json!(example()))))),
        (status = 403, description = "Bara en organisation kan. Only an organisation can.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Tiden kan inte tas emot. It cannot be taken.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_slot(
    State(store): State<Arc<Store>>,
    caller: Caller,
    Json(new): Json<NewSlot>,
) -> Result<(StatusCode, Json<SlotView>), Refusal> {
    let who = organisation(&caller)?.to_owned();
    if new.starts_at <= now() {
        return Err(invalid("startsAt", "must be in the future"));
    }
    let seconds = new.ends_at.as_second() - new.starts_at.as_second();
    if !(1..=86_400).contains(&seconds) {
        return Err(invalid("endsAt", "must be after startsAt, at most a day"));
    }
    if !(1..=100).contains(&new.capacity) {
        return Err(invalid("capacity", "must be from 1 to 100"));
    }
    if new
        .place
        .as_ref()
        .is_some_and(|place| place.chars().count() > 200 || place.chars().any(char::is_control))
    {
        return Err(invalid("place", "must be at most 200 characters on one line"));
    }
    let slot = Slot {
        id: String::new(),
        organisation: who,
        kind: new.kind,
        starts: new.starts_at,
        ends: new.ends_at,
        place: new.place,
        capacity: new.capacity,
        free: new.capacity,
    };
    let slot = store.offer(slot).await.map_err(failed)?;
    Ok((StatusCode::CREATED, Json(shown(slot, &caller.base_url))))
}

/// Take a time back
///
/// Tiden erbjuds inte längre. Den som redan har bokat behåller sin plats.
/// The time is offered no longer. Whoever has booked already keeps the place.
#[utoipa::path(
    delete, path = "/slots/{slotId}", operation_id = "withdrawSlot", tag = "slots",
    params(("slotId" = String, Path, description = "Tidens id. The time's id.", example = "01930000-0000-7000-8000-000000000001")),
    responses(
        (status = 204, description = "Återtagen. Taken back."),
        (status = 403, description = "Bara en organisation kan. Only an organisation can.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Organisationen har ingen sådan tid. The organisation has no such time.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn withdraw_slot(
    State(store): State<Arc<Store>>,
    caller: Caller,
    Path(slot_id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let who = organisation(&caller)?;
    is_path_id(&slot_id)?;
    if store.withdraw(who, &slot_id).await.map_err(failed)? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Refusal::of(
        ProblemKind::NotFound,
        "Your organisation has no time with this id.",
    ))
}

/// List promises
///
/// Hur många löften den egna organisationen har hållit och missat.
/// How many promises one's own organisation has kept and missed.
#[utoipa::path(
    get, path = "/promises", operation_id = "listPromises", tag = "slots",
    responses(
        (status = 200, description = "Antalen. The counts.", body = Promises, examples(
            ("promises" = (summary = "Antal. Counts.", value = json!({"booked": 4, "kept": 37, "missed": 1, "_links": [{"href": "https://api.vagvisare.example/encounters/v1/promises", "rel": "self", "method": "GET"}]}))))),
        (status = 403, description = "Bara en organisation kan. Only an organisation can.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list_promises(State(store): State<Arc<Store>>, caller: Caller) -> Result<Json<Promises>, Refusal> {
    let who = organisation(&caller)?;
    let [booked, kept, missed] = store.promises(who, now()).await.map_err(failed)?;
    Ok(Json(Promises {
        booked,
        kept,
        missed,
        links: Links::to_self(format!("{}/promises", caller.base_url)),
    }))
}
