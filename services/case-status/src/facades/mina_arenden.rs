//! `/mina-arenden/v6`: the national *Mina ärenden* 6.1 form towards consumers, over every source in whatever form it speaks.
//!
//! The form is the standard's and breaks the REST profile on purpose: a read by POST, camel case in the path, errors as
//! `{"message"}`. A source that did not answer makes the answer a 206 whose `delfragor` name it.

mod answer;
mod question;

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State as From;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use model::{LocalizedText, Problem};
use serde::Serialize;
use service_host::{Access, Api, ApiFacts, ApiStatus, Caller, PartyId};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::describing;
use crate::api::visible;
use crate::ask::left;
use crate::config::Form;
use crate::forms::mina_arenden::CORRELATION_HEADER;
use crate::gather::gather;
use crate::state::State;
use answer::Svar;
use question::{Identitet, Kundhandelsefraga, Part};

/// The document of `/mina-arenden/v6`.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Api::document(&facts(), routes())
}

pub(super) fn routes() -> OpenApiRouter<Arc<State>> {
    OpenApiRouter::new().routes(routes!(ask))
}

pub(super) fn facts() -> ApiFacts {
    ApiFacts {
        base_path: "/mina-arenden/v6",
        title: "Mina ärenden",
        version: "6.1.0",
        released: "2026-11-26",
        status: ApiStatus::Active,
        description: LocalizedText::new(
            "Den nationella specifikationen Mina ärenden 6.1 mot konsumenter, över alla anslutna källor oavsett form. Varje \
             fråga gäller den person som åtkomstbiljetten är utfärdad för: en part som är någon annan får 403 i delfragor.",
            "The national specification Mina ärenden 6.1 towards consumers, over all connected sources whatever their form. \
             Every question is for the person that the access token was issued for: a part that is somebody else gets 403 in \
             delfragor.",
        ),
        limitations: LocalizedText::new(
            "Formen är specifikationens egen och bryter mot REST API-profilen (läsning med POST, versaler i sökvägen, fel som \
             message). Högst 100 parter och 1 000 händelser per part.",
            "The form is the specification's own and breaks the REST profile (a read by POST, capitals in the path, errors as \
             message). At most 100 parts and 1,000 events a part.",
        ),
        access: Access::PersonToken("cases.read"),
    }
}

/// Ask for events
///
/// Kundhändelser för personen hos alla källor. `206` när någon källa inte svarade; `delfragor` säger vilken. Utan `kund`
/// gäller en part personen själv.
/// Events of the person at all sources. `206` when a source did not answer; `delfragor` says which. Without `kund` a part
/// is about the person.
#[utoipa::path(
    post, path = "/kundhandelseFragaSynkron", operation_id = "askForEvents", tag = "events",
    params(("skv_client_correlation_id" = String, Header, description = "Frågans id, helst ett UUID. The question's id, preferably a UUID.")),
    request_body(description = "Frågan. The question.", content = Kundhandelsefraga),
    responses(
        (status = 200, description = "Händelserna. The events.", body = Svar,
            headers(("Link" = String, description = "Till beskrivningen av API:et. To the description of the API."))),
        (status = 206, description = "Händelserna, utom från källor som inte svarade. The events, but of sources that did not answer.", body = Svar),
        (status = 400, description = "Frågan är fel, i standardens form, eller anropet, i gatewayens. The question is wrong, in the standard's form, or the call, in the gateway's.",
            content((Fel = "application/json"), (Problem = "application/problem+json"))),
        (status = 403, description = "Åtkomstbiljetten gäller ingen person, i standardens form, eller räcker inte, i gatewayens. The token speaks for no person, in the standard's form, or does not suffice, in the gateway's.",
            content((Fel = "application/json"), (Problem = "application/problem+json"))),
    )
)]
async fn ask(From(state): From<Arc<State>>, caller: Caller, headers: HeaderMap, body: Bytes) -> Response {
    let Ok(party) = caller.person().cloned() else {
        return refuse(StatusCode::FORBIDDEN, "Frågan kräver en åtkomstbiljett för en person.");
    };
    if headers.get(CORRELATION_HEADER).is_none_or(|value| value.is_empty()) {
        return refuse(StatusCode::BAD_REQUEST, "Headern skv_client_correlation_id saknas.");
    }
    let Ok(Kundhandelsefraga { fraga }) = serde_json::from_slice(&body) else {
        return refuse(StatusCode::BAD_REQUEST, "Frågan går inte att tolka.");
    };
    if let Err(message) = fraga.check() {
        return refuse(StatusCode::BAD_REQUEST, message);
    }
    let mut gathered = gather(&state, &party, |_| true).await;
    for known in &mut gathered.known {
        known.events = visible(std::mem::take(&mut known.events), &caller);
    }
    let mut answer = Svar::default();
    for part in &fraga.parter {
        match whose(&state, &party, part).await {
            Whose::Persons => answer.take(&fraga, part, &gathered),
            Whose::SomebodyElses => answer.refused(part, 403),
            Whose::Unclear => answer.refused(part, 503),
        }
    }
    let status = if answer.is_whole() {
        StatusCode::OK
    } else {
        StatusCode::PARTIAL_CONTENT
    };
    describing(&caller, (status, Json(answer)).into_response())
}

/// Why a question is not answered, as the standard tells it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "message": "Antalet parter ska vara 1 till 100." }))]
struct Fel {
    /// What is wrong.
    message: &'static str,
}

fn refuse(status: StatusCode, message: &'static str) -> Response {
    (status, Json(Fel { message })).into_response()
}

/// Whom a part is about.
enum Whose {
    Persons,
    SomebodyElses,
    /// The party register did not answer.
    Unclear,
}

/// A number in a question is only ever compared: it must be that of the token's person.
async fn whose(state: &State, party: &PartyId, part: &Part) -> Whose {
    let Some(Identitet { identifierare, .. }) = &part.kund else {
        return Whose::Persons;
    };
    let by_number = state
        .producers
        .iter()
        .find(|producer| producer.form == Form::MinaArenden61);
    let (Some(producer), Ok(time)) = (by_number, left(state.deadline())) else {
        return Whose::Unclear;
    };
    let register = &state.asker.register;
    match register.identify(&producer.organisation_id, identifierare, time).await {
        Ok(Some(found)) if found == *party => Whose::Persons,
        Ok(_) => Whose::SomebodyElses,
        Err(_) => Whose::Unclear,
    }
}
