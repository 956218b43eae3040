//! The forms in which agencies answer about cases, each a router over the same world.

mod cases;
mod errands;
mod mina_arenden;
mod rules;

use std::sync::Arc;

use axum::{Router, middleware};
use jiff::tz::TimeZone;

use crate::agency::{Agency, Form};
use crate::faults::{Habits, misbehave};
use crate::world::World;

/// One agency and the world it is in.
#[derive(Clone)]
pub(crate) struct Office {
    pub(crate) agency: &'static Agency,
    pub(crate) world: Arc<World>,
}

/// The agency's routes in its own form, with its habits and faults around them.
pub(crate) fn router(office: Office, habits: Habits) -> Router {
    let routes = match office.agency.form {
        Form::MinaArenden61 => mina_arenden::router(),
        Form::Cases => cases::router(),
        Form::Errands => errands::router().merge(rules::router()),
    };
    let world = Arc::clone(&office.world);
    routes
        .with_state(office)
        .layer(middleware::from_fn_with_state((habits, world), misbehave))
}

/// Swedish time by its rule, so that no zone database need be installed.
fn swedish_zone() -> TimeZone {
    TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap_or(TimeZone::UTC)
}
