//! Switching faults while the sandbox runs: `GET /sandbox/faults`, `PUT /sandbox/faults/{agency}`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::{get, put};
use model::ProblemKind;
use service_host::{Json, Path, Refusal};

use crate::faults::Fault;
use crate::switchboard::Switchboard;

pub(crate) fn router(switchboard: Arc<Switchboard>) -> Router {
    Router::new()
        .route("/sandbox/faults", get(list))
        .route("/sandbox/faults/{agency}", put(switch))
        .with_state(switchboard)
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
