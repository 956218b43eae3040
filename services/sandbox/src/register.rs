//! A party register: from the opaque id that travels, to what one agency knows the person by. It is what keeps
//! person numbers out of every call but the one to the agency itself.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use model::ProblemKind;
use serde::{Deserialize, Serialize};
use service_host::{Json, Refusal};
use uuid::Uuid;

use crate::agency::{Agency, Form};
use crate::world::World;

pub(crate) fn router(world: Arc<World>) -> Router {
    Router::new().route("/parties/lookups", post(look_up)).with_state(world)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Lookup {
    party_id: Uuid,
    organisation_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Known {
    identifier: String,
    kind: &'static str,
}

async fn look_up(State(world): State<Arc<World>>, Json(lookup): Json<Lookup>) -> Result<Json<Known>, Refusal> {
    let unknown = || {
        Refusal::of(
            ProblemKind::NotFound,
            "The organisation has nothing to do with the party.",
        )
    };
    let agency = Agency::find(&lookup.organisation_id).ok_or_else(unknown)?;
    let identifier = world.identifier(agency, lookup.party_id).ok_or_else(unknown)?;
    let kind = if agency.form == Form::MinaArenden61 {
        "personNumber"
    } else {
        "partyReference"
    };
    Ok(Json(Known { identifier, kind }))
}
