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
    Router::new()
        .route("/parties/lookups", post(look_up))
        .route("/parties/engagements", post(engagements))
        .route("/parties/identifications", post(identify))
        .route("/parties/relations", post(relations))
        .with_state(world)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Lookup {
    #[serde(default)]
    party_id: Option<Uuid>,
    /// Instead of the id, from a register that knows who people are.
    #[serde(default)]
    person_number: Option<String>,
    organisation_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Known {
    identifier: String,
    kind: &'static str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Whose {
    #[serde(default)]
    party_id: Option<Uuid>,
    #[serde(default)]
    person_number: Option<String>,
}

/// Whom a question is about. Nobody has the nil id.
fn party(world: &World, party_id: Option<Uuid>, person_number: Option<&str>) -> Uuid {
    let by_number = person_number.and_then(|number| world.party_of_number(number));
    by_number.or(party_id).unwrap_or_default()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Engagement {
    organisation_id: &'static str,
    identifier: String,
}

#[derive(Serialize)]
struct Engagements {
    engagements: Vec<Engagement>,
}

/// Every agency that has to do with the party: an index that holds no content.
async fn engagements(State(world): State<Arc<World>>, Json(whose): Json<Whose>) -> Json<Engagements> {
    let party = party(&world, whose.party_id, whose.person_number.as_deref());
    let engagement = |agency: &'static Agency| {
        world.identifier(agency, party).map(|identifier| Engagement {
            organisation_id: agency.id,
            identifier,
        })
    };
    Json(Engagements {
        engagements: Agency::ALL.iter().filter_map(engagement).collect(),
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Related {
    kind: &'static str,
    party_id: Uuid,
    person_number: String,
    name: String,
    may_act: bool,
}

#[derive(Serialize)]
struct Relations {
    relations: Vec<Related>,
}

/// For whom the party may act, and whom they stand close to. Somebody unknown has no relations: the answer does not
/// tell who exists.
async fn relations(State(world): State<Arc<World>>, Json(whose): Json<Whose>) -> Json<Relations> {
    let related = |one: crate::people::Relation| Related {
        kind: one.kind.name(),
        party_id: one.party_id,
        person_number: one.number.digits().to_owned(),
        name: one.name,
        may_act: one.kind.may_act(),
    };
    let party = party(&world, whose.party_id, whose.person_number.as_deref());
    Json(Relations {
        relations: world.relations(party).into_iter().map(related).collect(),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Identification {
    organisation_id: String,
    identifier: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Identified {
    party_id: Uuid,
    person_number: String,
}

/// The other way: whom an agency knows by this.
async fn identify(
    State(world): State<Arc<World>>,
    Json(asked): Json<Identification>,
) -> Result<Json<Identified>, Refusal> {
    let found = Agency::find(&asked.organisation_id).and_then(|agency| world.person_of(agency, &asked.identifier));
    found
        .map(|person| {
            Json(Identified {
                party_id: person.party_id,
                person_number: person.number.digits().to_owned(),
            })
        })
        .ok_or_else(|| Refusal::of(ProblemKind::NotFound, "The organisation knows nobody by this."))
}

async fn look_up(State(world): State<Arc<World>>, Json(lookup): Json<Lookup>) -> Result<Json<Known>, Refusal> {
    let unknown = || {
        Refusal::of(
            ProblemKind::NotFound,
            "The organisation has nothing to do with the party.",
        )
    };
    let agency = Agency::find(&lookup.organisation_id).ok_or_else(unknown)?;
    let party = party(&world, lookup.party_id, lookup.person_number.as_deref());
    let identifier = world.identifier(agency, party).ok_or_else(unknown)?;
    let kind = if agency.form == Form::MinaArenden61 {
        "personNumber"
    } else {
        "partyReference"
    };
    Ok(Json(Known { identifier, kind }))
}
