//! `/case-events/v1`: where producers push CloudEvents about the cases they have.
//!
//! An event counts once (its source and id), and never over a later one of the same case (its sequence, or else its
//! time). A producer that can be asked is asked right away, so that the answer is the truth; one that cannot sends the
//! case along, and what it sent is kept.

mod cloud_event;
mod receive;

use std::sync::Arc;

use model::LocalizedText;
use service_host::{Access, Api, ApiFacts, ApiStatus};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::State;

/// The document of `/case-events/v1`.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Api::document(&facts(), routes())
}

pub(crate) fn routes() -> OpenApiRouter<Arc<State>> {
    OpenApiRouter::new().routes(routes!(receive::receive_event))
}

pub(crate) fn facts() -> ApiFacts {
    ApiFacts {
        base_path: "/case-events/v1",
        title: "Ärendehändelser",
        version: "1.0.0",
        released: "2026-11-26",
        status: ApiStatus::Active,
        description: LocalizedText::new(
            "Tar emot händelser (CloudEvents) från organisationer som handlägger ärenden, så att en ändring syns genast. \
             Samma händelse kan skickas flera gånger; den räknas en gång.",
            "Takes events (CloudEvents) from organisations that handle cases, so that a change shows at once. The same \
             event may be sent several times; it counts once.",
        ),
        limitations: LocalizedText::new(
            "En händelse per anrop, högst 256 KiB. Ordningen gäller inom ett ärende.",
            "One event per call, at most 256 KiB. Order is kept within a case.",
        ),
        access: Access::Key,
    }
}
