//! `/case-status/v1`: the routes and what the document says of the whole.

mod events;
mod example;
mod list;
mod one;
mod prevalidations;
mod select;
mod shown;

pub(crate) use one::visible;

use std::sync::Arc;

use model::LocalizedText;
use service_host::{Access, Api, ApiFacts, ApiStatus};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::State;

/// The document of `/case-status/v1`.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Api::document(&facts(), routes())
}

pub(crate) fn routes() -> OpenApiRouter<Arc<State>> {
    OpenApiRouter::new()
        .routes(routes!(list::list_cases))
        .routes(routes!(one::get_case))
        .routes(routes!(events::list_events))
        .routes(routes!(prevalidations::create_prevalidation))
}

pub(crate) fn facts() -> ApiFacts {
    ApiFacts {
        base_path: "/case-status/v1",
        title: "Ärendestatus",
        version: "1.0.0",
        released: "2026-11-23",
        status: ApiStatus::Active,
        description: LocalizedText::new(
            "Visar en persons alla ärenden hos alla anslutna organisationer i en lista: hur långt de har kommit, vem som \
             har bollen, vad som är nästa steg och när. Svaret säger också vilka källor som inte svarade. Varje svar \
             gäller den person som åtkomstbiljetten är utfärdad för.",
            "Shows all of a person's cases with all connected organisations in one list: how far they have come, who \
             has the ball, what the next step is and when. The answer also says which sources did not answer. Every \
             answer is for the person that the access token was issued for.",
        ),
        limitations: LocalizedText::new(
            "Ett svar omfattar högst 1 000 ärenden per källa. När en källa inte svarar visas det senast kända, högst ett \
             dygn gammalt. Händelsernas texter är organisationernas egna och finns ofta bara på svenska.",
            "An answer holds at most 1,000 cases per source. When a source does not answer, the last known state is \
             shown, at most a day old. The texts of events are the organisations' own and often in Swedish only.",
        ),
        access: Access::PersonToken("cases.read"),
    }
}
