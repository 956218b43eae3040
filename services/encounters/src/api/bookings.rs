//! `/bookings`: a person takes a time; the agency calls, and says whether it did.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use model::{Links, Meta, Problem};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service_host::{Caller, Json, Path, Query, Refusal, page};
use utoipa::{IntoParams, ToSchema};

use crate::api::slots::{self, SlotView};
use crate::api::{failed, id, invalid, is_path_id, now, organisation, owner};
use crate::meeting::{Booking, BookingState, EncounterKind};
use crate::store::{Asker, BookingError, Store, Wish};

/// A time to take.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"slotId": "01930000-0000-7000-8000-000000000001", "phoneNumber": "070-174 06 05", "language": "sv"}))]
pub(crate) struct NewBooking {
    /// Which time.
    #[schema(min_length = 1, max_length = 100, pattern = "^[A-Za-z0-9-]+$")]
    pub(crate) slot_id: String,
    /// The number to call; needed for a call back. Stored encrypted and removed after use.
    #[serde(default)]
    #[schema(min_length = 6, max_length = 20, pattern = "^[+]?[0-9 -]+$")]
    pub(crate) phone_number: Option<String>,
    /// The language to speak, as a BCP 47 tag.
    #[serde(default = "swedish")]
    #[schema(default = "sv", min_length = 1, max_length = 35, pattern = "^[A-Za-z0-9-]+$")]
    pub(crate) language: String,
    /// The matter to talk about, by an id of the caller's own that is not a person's.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100, pattern = "^[A-Za-z0-9-]+$")]
    pub(crate) matter_id: Option<String>,
}

fn swedish() -> String {
    "sv".to_owned()
}

/// Whether a promise was kept.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"kept": true}))]
pub(crate) struct BookingOutcome {
    /// Kept, or missed.
    pub(crate) kept: bool,
}

/// A booked time.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BookingView {
    /// Its id.
    pub(crate) booking_id: String,
    /// The time.
    pub(crate) slot: SlotView,
    /// How far it has come.
    pub(crate) state: BookingState,
    /// The language to speak.
    pub(crate) language: String,
    /// The matter to talk about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) matter_id: Option<String>,
    /// Whether a number is kept; it is removed when the booking is closed.
    pub(crate) has_number: bool,
    /// Links.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
}

/// A number to call.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NumberView {
    /// The number.
    pub(crate) phone_number: String,
    /// Links.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
}

fn example(state: &str) -> Value {
    json!({
        "bookingId": "01930000-0000-7000-8000-000000000002", "slot": slots::example(), "state": state, "language": "sv",
        "hasNumber": state == "booked",
        "_links": [{"href": "https://api.vagvisare.example/encounters/v1/bookings/01930000-0000-7000-8000-000000000002", "rel": "self", "method": "GET"}]
    })
}

/// Bookings.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BookingList {
    /// The bookings of this page.
    pub(crate) bookings: Vec<BookingView>,
    /// This page and those around it.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
    /// Which page of how many.
    #[serde(rename = "_meta")]
    pub(crate) meta: Meta,
}

/// On whose side the caller stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Side {
    /// Has booked.
    #[default]
    Booker,
    /// Has promised.
    Agency,
}

/// Which bookings, and which part of the list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct BookingQuery {
    /// What the caller has booked, or what its organisation has promised. Bokat eller lovat.
    #[param(inline, default = "booker", example = "agency")]
    pub(crate) side: Option<Side>,
    /// Page, from 1. Sida, från 1.
    #[param(minimum = 1, default = 1)]
    pub(crate) page: Option<u64>,
    /// At most how many on a page. Högst så många på en sida.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub(crate) limit: Option<u64>,
}

fn example_list() -> Value {
    json!({
        "bookings": [example("booked")],
        "_links": [{"href": "https://api.vagvisare.example/encounters/v1/bookings?page=1&limit=20", "rel": "self", "method": "GET"}],
        "_meta": {"totalRecords": 1, "page": 1, "offset": 0, "limit": 20, "count": 1}
    })
}

fn view(booking: Booking, base: &str) -> BookingView {
    BookingView {
        links: Links::to_self(format!("{base}/bookings/{}", booking.id)),
        booking_id: booking.id,
        slot: slots::shown(booking.slot, base),
        state: booking.state,
        language: booking.language,
        matter_id: booking.matter,
        has_number: booking.has_number,
    }
}

fn shown(booking: Booking, caller: &Caller) -> Json<BookingView> {
    Json(view(booking, &caller.base_url))
}

/// List bookings
///
/// Egna bokningar, eller det som den egna organisationen har lovat: kommande, och de som slutade senaste veckan.
/// One's own bookings, or what one's own organisation has promised: coming ones, and those that ended within a week.
#[utoipa::path(
    get, path = "/bookings", operation_id = "listBookings", tag = "bookings",
    params(BookingQuery),
    responses(
        (status = 200, description = "Bokningarna. The bookings.", body = BookingList, examples(
            ("bookings" = (summary = "En bokning. A booking.", value = json!(example_list()))))),
        (status = 403, description = "Bara en applikation kan. Only an application can.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list_bookings(
    State(store): State<Arc<Store>>,
    caller: Caller,
    Query(query): Query<BookingQuery>,
) -> Result<Json<BookingList>, Refusal> {
    let page = page(query.page, query.limit, 100)?;
    let booker = owner(&caller)?;
    let asker = match query.side.unwrap_or_default() {
        Side::Booker => Asker::Owner(&booker),
        Side::Agency => Asker::Organisation(organisation(&caller)?),
    };
    let others = match query.side {
        Some(Side::Agency) => "side=agency",
        Some(Side::Booker) => "side=booker",
        None => "",
    };
    let (found, meta) = page.cut(store.bookings(&asker, now()).await.map_err(failed)?);
    let base = &caller.base_url;
    Ok(Json(BookingList {
        bookings: found.into_iter().map(|one| view(one, base)).collect(),
        links: page.links(&format!("{base}/bookings"), others, meta.total_records),
        meta,
    }))
}

/// Book a time
///
/// Tar en plats på en tid. Två kan aldrig få samma plats.
/// Takes a place in a time. Two can never get the same place.
#[utoipa::path(
    post, path = "/bookings", operation_id = "createBooking", tag = "bookings",
    request_body(content = NewBooking, description = "Bokningen. The booking.", examples(("booking" = (summary = "En återuppringning. A call back.",
        value = json!({"slotId": "01930000-0000-7000-8000-000000000001", "phoneNumber": "070-174 06 05"}))))),
    responses(
        (status = 201, description = "Bokad. Booked.", body = BookingView, examples(("booking" = (summary = "Bokad. Booked.", value = json!(example("booked")))))),
        (status = 403, description = "Bara en applikation kan boka. Only an application can book.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Tiden är upptagen eller över. The time is taken or over.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Bokningen kan inte tas emot. It cannot be taken.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_booking(
    State(store): State<Arc<Store>>,
    caller: Caller,
    Json(new): Json<NewBooking>,
) -> Result<(StatusCode, Json<BookingView>), Refusal> {
    let who = owner(&caller)?;
    id("slotId", &new.slot_id)?;
    id("language", &new.language)?;
    let kind = store.kind(&new.slot_id).await.map_err(failed)?;
    match &new.phone_number {
        Some(number) if !is_number(number) => {
            return Err(invalid(
                "phoneNumber",
                "must be 6 to 20 digits, spaces and hyphens, with or without a leading +",
            ));
        }
        None if kind == Some(EncounterKind::Callback) => {
            return Err(invalid("phoneNumber", "is needed to be called back"));
        }
        _ => {}
    }
    if let Some(matter) = &new.matter_id {
        id("matterId", matter)?;
    }
    let wish = Wish {
        slot: &new.slot_id,
        number: new.phone_number.as_deref(),
        language: &new.language,
        matter: new.matter_id.as_deref(),
    };
    let booking = store.book(&who, &wish, now()).await.map_err(failed)?;
    Ok((StatusCode::CREATED, shown(booking, &caller)))
}

fn is_number(text: &str) -> bool {
    let rest = text.strip_prefix('+').unwrap_or(text);
    let digits = rest.bytes().filter(u8::is_ascii_digit).count();
    let plain = rest
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'-'));
    plain && text.len() <= 20 && (6..=15).contains(&digits)
}

/// Get a booking
///
/// En egen bokning, eller en som den egna organisationen har lovat.
/// A booking of one's own, or one that one's own organisation has promised.
#[utoipa::path(
    get, path = "/bookings/{bookingId}", operation_id = "getBooking", tag = "bookings",
    params(("bookingId" = String, Path, description = "Bokningens id. The booking's id.", example = "01930000-0000-7000-8000-000000000002")),
    responses(
        (status = 200, description = "Bokningen. The booking.", body = BookingView, examples(("booking" = (summary = "Bokad. Booked.", value = json!(example("booked")))))),
        (status = 403, description = "Bara en applikation kan. Only an application can.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Det finns ingen sådan bokning. There is no such booking.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_booking(
    State(store): State<Arc<Store>>,
    caller: Caller,
    Path(booking_id): Path<String>,
) -> Result<Json<BookingView>, Refusal> {
    let who = owner(&caller)?;
    is_path_id(&booking_id)?;
    let own = store.booking(&Asker::Owner(&who), &booking_id, now()).await;
    let found = match (own, caller.organisation.as_deref()) {
        (Err(BookingError::NoBooking), Some(one)) => store.booking(&Asker::Organisation(one), &booking_id, now()).await,
        (own, _) => own,
    };
    Ok(shown(found.map_err(failed)?, &caller))
}

/// Cancel a booking
///
/// Avbokar en egen bokning; platsen erbjuds igen och numret tas bort.
/// Cancels a booking of one's own; the place is offered again and the number removed.
#[utoipa::path(
    delete, path = "/bookings/{bookingId}", operation_id = "cancelBooking", tag = "bookings",
    params(("bookingId" = String, Path, description = "Bokningens id. The booking's id.", example = "01930000-0000-7000-8000-000000000002")),
    responses(
        (status = 200, description = "Avbokad. Cancelled.", body = BookingView, examples(("booking" = (summary = "Avbokad. Cancelled.", value = json!(example("cancelled")))))),
        (status = 403, description = "Bara en applikation kan. Only an application can.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Det finns ingen sådan bokning. There is no such booking.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Bokningen är avslutad. The booking is closed.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn cancel_booking(
    State(store): State<Arc<Store>>,
    caller: Caller,
    Path(booking_id): Path<String>,
) -> Result<Json<BookingView>, Refusal> {
    let who = owner(&caller)?;
    is_path_id(&booking_id)?;
    let closed = store
        .close(&Asker::Owner(&who), &booking_id, BookingState::Cancelled, now())
        .await;
    Ok(shown(closed.map_err(failed)?, &caller))
}

/// Get the number to call
///
/// Numret, för den myndighet som har lovat att ringa, så länge bokningen gäller.
/// The number, for the agency that promised to call, while the booking waits.
#[utoipa::path(
    get, path = "/bookings/{bookingId}/number", operation_id = "getNumber", tag = "bookings",
    params(("bookingId" = String, Path, description = "Bokningens id. The booking's id.", example = "01930000-0000-7000-8000-000000000002")),
    responses(
        (status = 200, description = "Numret. The number.", body = NumberView, examples(("number" = (summary = "Ett nummer. A number.",
            value = json!({"phoneNumber": "070-174 06 05", "_links": [{"href": "https://api.vagvisare.example/encounters/v1/bookings/01930000-0000-7000-8000-000000000002", "rel": "up", "method": "GET"}]}))))),
        (status = 403, description = "Bara en organisation kan. Only an organisation can.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Det finns ingen sådan bokning. There is no such booking.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Numret är borttaget eller gavs aldrig. The number is removed or was never given.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_number(
    State(store): State<Arc<Store>>,
    caller: Caller,
    Path(booking_id): Path<String>,
) -> Result<Json<NumberView>, Refusal> {
    let who = organisation(&caller)?;
    is_path_id(&booking_id)?;
    let phone_number = store.number(who, &booking_id, now()).await.map_err(failed)?;
    let links = Links::default().and("up", format!("{}/bookings/{booking_id}", caller.base_url));
    Ok(Json(NumberView { phone_number, links }))
}

/// Say whether the promise was kept
///
/// Myndigheten avslutar bokningen; numret tas bort.
/// The agency closes the booking; the number is removed.
#[utoipa::path(
    post, path = "/bookings/{bookingId}/outcome", operation_id = "closeBooking", tag = "bookings",
    params(("bookingId" = String, Path, description = "Bokningens id. The booking's id.", example = "01930000-0000-7000-8000-000000000002")),
    request_body(content = BookingOutcome, description = "Utfallet. The outcome.", examples(("kept" = (summary = "Hållet. Kept.", value = json!({"kept": true}))))),
    responses(
        (status = 200, description = "Avslutad. Closed.", body = BookingView, examples(("booking" = (summary = "Hållet. Kept.", value = json!(example("kept")))))),
        (status = 403, description = "Bara en organisation kan. Only an organisation can.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Det finns ingen sådan bokning. There is no such booking.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Bokningen är avslutad. The booking is closed.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Utfallet kan inte tas emot. It cannot be taken.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn close_booking(
    State(store): State<Arc<Store>>,
    caller: Caller,
    Path(booking_id): Path<String>,
    Json(outcome): Json<BookingOutcome>,
) -> Result<Json<BookingView>, Refusal> {
    let who = organisation(&caller)?;
    is_path_id(&booking_id)?;
    let state = if outcome.kept {
        BookingState::Kept
    } else {
        BookingState::Missed
    };
    let closed = store.close(&Asker::Organisation(who), &booking_id, state, now()).await;
    Ok(shown(closed.map_err(failed)?, &caller))
}
