//! `/encounters/v1`: the routes and what the document says of the whole.

mod bookings;
mod slots;
mod threads;

use std::sync::Arc;

use jiff::Timestamp;
use model::{LocalizedText, Problem, ProblemKind};
use service_host::{Access, Api, ApiFacts, ApiStatus, Caller, Refusal};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::store::{BookingError, Owner, Store};

/// The document of `/encounters/v1`.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Api::document(&facts(), routes())
}

pub(crate) fn routes() -> OpenApiRouter<Arc<Store>> {
    OpenApiRouter::new()
        .routes(routes!(slots::list_slots, slots::create_slot))
        .routes(routes!(slots::list_promises))
        .routes(routes!(slots::withdraw_slot))
        .routes(routes!(bookings::list_bookings, bookings::create_booking))
        .routes(routes!(bookings::get_booking, bookings::cancel_booking))
        .routes(routes!(bookings::get_number))
        .routes(routes!(bookings::close_booking))
        .routes(routes!(threads::create_message))
}

pub(crate) fn facts() -> ApiFacts {
    ApiFacts {
        base_path: "/encounters/v1",
        title: "Återuppringning och möten",
        version: "1.0.0",
        released: "2026-11-26",
        status: ApiStatus::Active,
        description: LocalizedText::new(
            "Boka en återuppringning eller ett möte på plats eller via video på en tid som en myndighet erbjuder. Om löftet \
             hölls registreras. Vid det tredje meddelandet i samma ärende erbjuds ett samtal i stället.",
            "Book a call back or a meeting on site or by video at a time that an agency offers. Whether the promise was \
             kept is recorded. With the third message in the same matter a call is offered instead.",
        ),
        limitations: LocalizedText::new(
            "Telefonnumret lagras krypterat, visas bara för den myndighet som ska ringa och tas bort när samtalet är klart, \
             missat eller avbokat. En bokning syns bara för den applikation och person som gjorde den och för myndigheten.",
            "The number is stored encrypted, shown only to the agency that is to call, and removed when the call is done, \
             missed or cancelled. A booking is seen only by the application and person that made it and by the agency.",
        ),
        access: Access::Key,
    }
}

/// The caller's organisation, as the gateway says it.
fn organisation(caller: &Caller) -> Result<&str, Refusal> {
    let detail = "Only an organisation can do this. Call with a credential that was issued for one.";
    caller
        .organisation
        .as_deref()
        .ok_or_else(|| Refusal::of(ProblemKind::NotYours, detail))
}

/// Who books: the application, for the person it speaks for when it does.
fn owner(caller: &Caller) -> Result<Owner, Refusal> {
    let detail = "Only an application can do this. Call with a credential that was issued for one.";
    let application = caller
        .application
        .as_deref()
        .ok_or_else(|| Refusal::of(ProblemKind::NotYours, detail))?;
    Ok(Owner::new(
        application,
        caller.subject.as_ref().map(|person| person.as_str()),
    ))
}

fn invalid(field: &str, message: &str) -> Refusal {
    Problem::of(ProblemKind::InvalidBody)
        .detail(format!("'{field}' {message}."))
        .field(field, message)
        .into()
}

fn safe(value: &str) -> bool {
    (1..=100).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

const ID: &str = "must be 1 to 100 letters, digits and hyphens";

/// An id in a body.
fn id(field: &str, value: &str) -> Result<(), Refusal> {
    safe(value).then_some(()).ok_or_else(|| invalid(field, ID))
}

/// An id in the query.
fn is_id(parameter: &str, value: &str) -> Result<(), Refusal> {
    let refused = || {
        Problem::of(ProblemKind::InvalidParameter)
            .detail(format!("The query parameter '{parameter}' {ID}."))
            .field(parameter, ID)
    };
    safe(value).then_some(()).ok_or_else(|| refused().into())
}

/// An id in the path: what cannot be one is not there.
fn is_path_id(value: &str) -> Result<(), Refusal> {
    safe(value)
        .then_some(())
        .ok_or_else(|| Refusal::of(ProblemKind::NotFound, "Nothing has this id."))
}

fn failed(error: impl Into<BookingError>) -> Refusal {
    match error.into() {
        BookingError::NotOffered => Refusal::of(ProblemKind::Conflict, "The time is full or over. Choose another one."),
        BookingError::NoBooking => Refusal::of(ProblemKind::NotFound, "There is no booking with this id."),
        BookingError::Closed => Refusal::of(
            ProblemKind::Conflict,
            "The booking is closed; its number has been removed.",
        ),
        BookingError::Number(error) => {
            tracing::error!(%error, "a number could not be read");
            Refusal::from(Problem::of(ProblemKind::Internal))
        }
        BookingError::Database(error) => {
            tracing::error!(%error, "the database of encounters failed");
            let kind = if error.is_transient() {
                ProblemKind::Unavailable
            } else {
                ProblemKind::Internal
            };
            Refusal::from(Problem::of(kind))
        }
    }
}

fn now() -> Timestamp {
    Timestamp::now()
}
