//! `/insights/v1`: the routes and what the document says of the whole.

mod feedback;
mod look;
mod publications;
mod shared;

use std::sync::Arc;

use model::{LocalizedText, Problem, ProblemKind};
use service_host::{Access, Api, ApiFacts, ApiStatus, Caller, Refusal};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::store::Store;

/// The document of `/insights/v1`.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Api::document(&facts(), routes())
}

pub(crate) fn routes() -> OpenApiRouter<Arc<Store>> {
    OpenApiRouter::new()
        .routes(routes!(feedback::create_impression))
        .routes(routes!(feedback::get_impression))
        .routes(routes!(feedback::create_feedback))
        .routes(routes!(publications::list_publications))
        .routes(routes!(publications::list_contact_reasons))
        .routes(routes!(look::get_effort_chart))
        .routes(routes!(look::get_reason_chart))
        .routes(routes!(look::get_overview))
        .routes(routes!(shared::list_shared_insights, shared::create_shared_insight))
        .routes(routes!(shared::get_shared_insight))
        .routes(routes!(shared::reuse_shared_insight))
        .routes(routes!(shared::act_on_shared_insight))
}

pub(crate) fn facts() -> ApiFacts {
    ApiFacts {
        base_path: "/insights/v1",
        title: "Insikter",
        version: "1.0.0",
        released: "2026-11-26",
        status: ApiStatus::Active,
        description: LocalizedText::new(
            "Tar emot vad människor tycker om sina kontakter med myndigheter: ansträngning, bemötande, tydlighet, om de fick \
             svar och varför de hörde av sig. Siffror publiceras dagligen per myndighet och kanal, och per steg där det går, \
             aldrig per person. Vem som helst får läsa. Myndigheter delar också insikter, återanvänder dem och visar vad de gjort.",
            "Takes what people think of their contacts with authorities: effort, treatment, clarity, whether they got an \
             answer and why they made contact. Figures are published daily per agency and channel, and per step where that can \
             be, never per person. Anybody may read. Agencies also share insights, reuse them and show what they did.",
        ),
        limitations: LocalizedText::new(
            "Inget publiceras om färre än 100 svar. Varje svar ingår i exakt en publicering, så att skillnaden mellan två \
             aldrig gäller en person. Fritext tas inte emot.",
            "Nothing is published of fewer than 100 answers. Each answer is in exactly one publication, so that the \
             difference of two is never a person. Free text is not taken.",
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

fn invalid(field: &str, message: &str) -> Refusal {
    Problem::of(ProblemKind::InvalidBody)
        .detail(format!("'{field}' {message}."))
        .field(field, message)
        .into()
}

#[expect(clippy::needless_pass_by_value, reason = "given to map_err")]
fn failed(error: database::Error) -> Refusal {
    tracing::error!(%error, "the database of insights failed");
    let kind = if error.is_transient() {
        ProblemKind::Unavailable
    } else {
        ProblemKind::Internal
    };
    Refusal::from(Problem::of(kind))
}
