//! `/channels/v1`: the routes and what the document says of the whole.

mod events;
mod schema;
mod subscriptions;

use std::sync::Arc;

use model::{LocalizedText, Problem, ProblemKind};
use service_host::{Access, Api, ApiFacts, ApiStatus, Caller, Refusal};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::start::Channels;
use crate::store::Owner;

/// The document of `/channels/v1`.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Api::document(&facts(), routes())
}

pub(crate) fn routes() -> OpenApiRouter<Arc<Channels>> {
    OpenApiRouter::new()
        .routes(routes!(
            subscriptions::list_subscriptions,
            subscriptions::create_subscription
        ))
        .routes(routes!(
            subscriptions::get_subscription,
            subscriptions::delete_subscription
        ))
        .routes(routes!(subscriptions::create_secret))
        .routes(routes!(subscriptions::delete_secret))
        .routes(routes!(subscriptions::list_deliveries))
        .routes(routes!(subscriptions::create_replay))
        .routes(routes!(events::list_events))
        .routes(routes!(events::stream_events))
}

pub(crate) fn facts() -> ApiFacts {
    ApiFacts {
        base_path: "/channels/v1",
        title: "Kanaler",
        version: "1.0.0",
        released: "2026-11-26",
        status: ApiStatus::Active,
        description: LocalizedText::new(
            "Säger till när något ändras i en persons ärenden: som webhook, signerad enligt Standard Webhooks, eller som \
             en ström av händelser. Det som sägs är att ett ärende har ändrats, aldrig hur; läs ärendet i Ärendestatus. \
             Varje anrop gäller den person som åtkomstbiljetten är utfärdad för.",
            "Tells when something changes in a person's cases: as a webhook, signed as Standard Webhooks has it, or as a \
             stream of events. What is told is that a case changed, never how; read the case in Ärendestatus. Every call \
             is for the person that the access token was issued for.",
        ),
        limitations: LocalizedText::new(
            "En händelse levereras minst en gång, i ordning inom ett ärende; samma webhook-id betyder samma händelse. \
             Den som inte svarar försöks igen i upp till tre dygn. Händelser kan hämtas igen i sju dygn.",
            "An event is delivered at least once, in order within a case; the same webhook-id means the same event. \
             Whoever does not answer is tried again for up to three days. Events can be fetched again for seven days.",
        ),
        access: Access::PersonToken("cases.events.subscribe"),
    }
}

/// The application and the person that the call is for.
fn owner(caller: &Caller) -> Result<Owner<'_>, Refusal> {
    Ok(Owner {
        party: caller.person()?.as_str(),
        application: caller.application.as_deref().unwrap_or("unknown"),
    })
}

fn unavailable(error: &database::Error) -> Refusal {
    tracing::error!(%error, "the database cannot be used");
    Problem::of(ProblemKind::Unavailable)
        .detail("Nothing was changed for certain. Try again.")
        .retry_after(5)
        .into()
}

/// No parameters: any that is sent is refused by name.
#[derive(Debug, Default, serde::Deserialize)]
struct NoQuery {}
