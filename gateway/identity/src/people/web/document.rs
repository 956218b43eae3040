//! What `/me` says of itself (OpenAPI): pages for people, and the one form that machines bring, which is OAuth's.

use super::{Web, authorize, consent, login, mine, page};
use crate::people::{Consent, Reading};
use model::LocalizedText;
use serde::Serialize;
use service_host::{Access, Api, ApiFacts, ApiStatus};
use utoipa::ToSchema;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The document of `/me`.
#[must_use]
pub fn openapi() -> OpenApi {
    Api::document(&facts(), routes())
}

/// The routes, relative to the base path.
pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(authorize::show))
        .routes(routes!(consent::show, consent::decide))
        .routes(routes!(mine::show))
        .routes(routes!(mine::withdraw))
        .routes(routes!(mine::export))
        .routes(routes!(login::show, login::start))
        .routes(routes!(login::finish))
        .routes(routes!(login::end))
        .routes(routes!(page::style))
}

/// What the API says of itself.
#[must_use]
pub fn facts() -> ApiFacts {
    ApiFacts {
        base_path: "/me",
        title: "Mina samtycken",
        version: "1.0.0",
        released: "2026-11-26",
        status: ApiStatus::Active,
        description: LocalizedText::new(
            "Sidor där en person loggar in, bestämmer vem som får läsa om henne, ser vem som har läst, och tar tillbaka.",
            "Pages where a person logs in, decides who may read about them, sees who has read, and takes it back.",
        ),
        limitations: LocalizedText::new(
            "Sidorna är för webbläsare: inloggningen är en kaka, och formulär tas emot från sidorna själva.",
            "The pages are for browsers: the login is a cookie, and forms are taken from the pages themselves.",
        ),
        access: Access::Open,
    }
}

/// A form of a page.
#[derive(Serialize, ToSchema)]
pub(super) struct Sent {
    /// The page's own word.
    csrf: String,
}

/// A decision.
#[derive(Serialize, ToSchema)]
pub(super) struct Decided {
    /// The page's own word.
    csrf: String,
    /// `yes`, or anything else for no.
    decision: String,
    /// For whom, where the person may act for others; the page's own mark.
    about: Option<String>,
}

/// Everything about a person.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Export {
    /// When it was written.
    #[schema(format = DateTime, example = "2026-11-26T08:00:00Z")]
    exported_at: String,
    /// Every consent.
    consents: Vec<Consent>,
    /// Who has read, the newest first.
    readings: Vec<Reading>,
}
