//! What can be done to the sandbox while it runs: `GET /sandbox/faults`, `PUT /sandbox/faults/{agency}`, and
//! `POST /sandbox/time`, which puts its clock forward so that cases move on.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::{get, put};
use jiff::Timestamp;
use model::ProblemKind;
use serde::{Deserialize, Serialize};
use service_host::{Json, Path, Refusal};

use crate::faults::Fault;
use crate::switchboard::Switchboard;
use crate::world::World;

pub(crate) fn router(switchboard: Arc<Switchboard>, world: Arc<World>) -> Router {
    let time = Router::new()
        .route("/sandbox/time", get(tell_time).post(put_forward))
        .with_state(world);
    Router::new()
        .route("/sandbox/faults", get(list))
        .route("/sandbox/faults/{agency}", put(switch))
        .with_state(switchboard)
        .merge(time)
}

/// The time in the sandbox.
#[derive(Serialize)]
struct Now {
    now: Timestamp,
}

/// How far to put it forward.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Forward {
    days: u16,
}

async fn tell_time(State(world): State<Arc<World>>) -> Json<Now> {
    Json(Now { now: world.now() })
}

async fn put_forward(State(world): State<Arc<World>>, Json(forward): Json<Forward>) -> Json<Now> {
    world.put_forward(forward.days);
    Json(Now { now: world.now() })
}

async fn list(State(switchboard): State<Arc<Switchboard>>) -> Json<BTreeMap<&'static str, Fault>> {
    Json(switchboard.all())
}

async fn switch(
    State(switchboard): State<Arc<Switchboard>>,
    Path(agency): Path<String>,
    Json(fault): Json<Fault>,
) -> Result<Json<Fault>, Refusal> {
    match switchboard.set(&agency, fault) {
        true => Ok(Json(fault)),
        false => Err(Refusal::of(
            ProblemKind::NotFound,
            "There is no agency with this id in the sandbox.",
        )),
    }
}
