//! `/life-events/v1`: what happens in a life as ordered steps, and a person's own plan.

mod events;
mod plans;
mod view;

use std::sync::Arc;
use std::time::Duration;

use model::LocalizedText;
use serde::Deserialize;
use service_host::{Access, Api, ApiFacts, ApiStatus, Caller, Limits, Outgoing};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::engine::{Engine, Question};
use crate::life::LifeEvent;
use crate::life::plan::KnownCase;
use crate::text::language::Language;

/// What the routes stand on.
pub(crate) struct Life {
    pub(crate) engine: Arc<Engine>,
    pub(crate) events: Vec<LifeEvent>,
    /// Where a person's real cases are, when that is known.
    pub(crate) cases: Option<Cases>,
}

/// Reads a person's cases from case status.
pub(crate) struct Cases {
    outgoing: Outgoing,
    base: String,
}

#[derive(Deserialize)]
struct Listed {
    cases: Vec<model::Case>,
    complete: bool,
}

impl Cases {
    pub(crate) fn new(base: &str) -> Result<Self, reqwest::Error> {
        Ok(Self {
            outgoing: Outgoing::new()?,
            base: base.trim_end_matches('/').to_owned(),
        })
    }

    /// The caller's person's cases, each with the need that its title speaks of; and whether all are there.
    async fn of(&self, engine: &Engine, caller: &Caller) -> (Vec<KnownCase>, bool) {
        let url = format!("{}/case-status/v1/cases?limit=100", self.base);
        let request = caller.speak_for(self.outgoing.request(reqwest::Method::GET, &url));
        let limits = Limits {
            time: Duration::from_secs(4),
            body_bytes: 2 * 1024 * 1024,
        };
        let read = match self.outgoing.fetch("/case-status/v1/cases", request, limits).await {
            Ok(fetched) if fetched.status.is_success() => serde_json::from_slice::<Listed>(&fetched.body).ok(),
            Ok(_) => None,
            Err(error) => {
                tracing::warn!(%error, "the cases for a plan cannot be read");
                None
            }
        };
        let Some(listed) = read else { return (Vec::new(), false) };
        let known = listed.cases.into_iter().filter_map(|case| known(engine, &case));
        (known.collect(), listed.complete)
    }
}

fn known(engine: &Engine, case: &model::Case) -> Option<KnownCase> {
    let question = Question {
        text: &case.title.sv,
        language: Language::Swedish,
        municipality: None,
    };
    Some(KnownCase {
        id: case.case_id,
        need: engine.ask(&question).need?.id.clone(),
        status: case.status,
        requires_action: case.requires_action,
    })
}

impl Life {
    /// The event with this id or alias.
    fn event(&self, id: &str) -> Option<&LifeEvent> {
        self.events.iter().find(|one| one.id == id || one.alias == id)
    }
}

/// The document of `/life-events/v1`.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Api::document(&facts(), routes())
}

pub(crate) fn routes() -> OpenApiRouter<Arc<Life>> {
    OpenApiRouter::new()
        .routes(routes!(events::list_life_events))
        .routes(routes!(events::get_life_event))
        .routes(routes!(events::draw_life_event))
        .routes(routes!(plans::create_plan))
        .routes(routes!(plans::draw_plan))
}

pub(crate) fn facts() -> ApiFacts {
    ApiFacts {
        base_path: "/life-events/v1",
        title: "Livshändelser och planer",
        version: "1.0.0",
        released: "2026-11-26",
        status: ApiStatus::Active,
        description: LocalizedText::new(
            "Det som händer i livet som steg hos olika myndigheter: i ordning, med sista dag, vad som kan göras i förväg och \
             vad som måste göras först. En egen plan ställer några frågor, tar bort det som inte gäller, visar vad som är \
             klart och vad som är näst, och knyter stegen till personens verkliga ärenden när en åtkomstbiljett för personen \
             med omfattningen cases.read är med. Planen sparas inte.",
            "What happens in a life as steps over agencies: in order, with last days, what can be done in advance and what \
             must be done first. A plan asks a few questions, drops what does not apply, shows what is done and what is \
             next, and ties steps to the person's real cases when a person's token with the scope cases.read is given. A \
             plan is not kept.",
        ),
        limitations: LocalizedText::new(
            "Vägledning enligt regler som de var i november 2026, inte ett beslut. Ett ärende knyts till det steg som dess \
             rubrik handlar om.",
            "Guidance by rules as of November 2026, not a decision. A case is tied to the step that its title is about.",
        ),
        access: Access::Key,
    }
}
