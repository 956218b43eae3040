//! `/contact-routing/v1`: the routes and what the document says of the whole.

mod directory;
pub(crate) mod entries;
mod example;
mod glossary;
pub(crate) mod life;
mod needs;
mod respond;
mod routes;
mod schema;

use std::sync::Arc;

use model::LocalizedText;
use service_host::{Access, Api, ApiFacts, ApiStatus};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::entries::Known;

pub use entries::openapi as entries_openapi;
pub use life::openapi as life_openapi;

/// The document of `/contact-routing/v1`.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Api::document(&facts(), routes())
}

/// The routes, relative to the API's base path.
pub(crate) fn routes() -> OpenApiRouter<Arc<Known>> {
    OpenApiRouter::new()
        .routes(routes!(routes::route_question, routes::route_need))
        .routes(routes!(needs::list_needs))
        .routes(routes!(needs::get_need))
        .routes(routes!(directory::list_organisations))
        .routes(routes!(directory::get_organisation))
        .routes(routes!(directory::list_municipalities))
        .routes(routes!(glossary::list_glossary))
        .routes(routes!(glossary::annotate_text))
}

/// What the API says of itself.
pub(crate) fn facts() -> ApiFacts {
    ApiFacts {
        base_path: "/contact-routing/v1",
        title: "Kontaktvägledning",
        version: "1.0.0",
        released: "2026-11-23",
        status: ApiStatus::Active,
        description: LocalizedText::new(
            "Svarar på vem man ska kontakta: en vardaglig fråga på svenska eller engelska, och gärna en kommun, ger den \
             ansvariga myndigheten, kommunen, regionen eller domstolen, skälet och hur man når den. När en uppgift saknas \
             ställs en motfråga; när ingen myndighet ansvarar sägs det; vid fara visas 112 först. Frågan sparas inte.",
            "Tells whom to contact: an everyday question in Swedish or English, and preferably a municipality, gives the \
             responsible agency, municipality, region or court, the reason and how to reach it. When something is missing \
             a question is asked back; when no authority is responsible that is said; in danger 112 comes first. The \
             question is not kept.",
        ),
        limitations: LocalizedText::new(
            "Svaret är vägledning, inte ett beslut, och bygger på regler som de var i november 2026. Frågan får vara högst \
             2 000 tecken. Domstolars områden är delvis kända bara per län. Kommunernas telefonnummer finns inte i någon \
             öppen källa och visas därför inte.",
            "The answer is guidance, not a decision, and builds on rules as of November 2026. A question may be at most \
             2,000 characters. Court districts are in part known by county only. The telephone numbers of municipalities \
             are in no open source and are therefore not shown.",
        ),
        access: Access::Key,
    }
}
