//! Everything that is federated, in the forms of others: the national *Mina ärenden* 6.1 form for consumers that speak it,
//! and Open311 GeoReport v2, read-only, for municipal matters. Both answer for the person of the access token.

mod mina_arenden;
mod open311;

pub use mina_arenden::openapi as mina_arenden_openapi;
pub use open311::openapi as open311_openapi;

use std::sync::Arc;

use axum::http::{HeaderValue, header};
use axum::response::Response;
use service_host::{Api, Caller};

use crate::state::State;

/// The answer's link to the description of its API.
fn describing(caller: &Caller, mut response: Response) -> Response {
    let link = format!("<{}/openapi.json>; rel=\"service-desc\"", caller.base_url);
    if let Ok(link) = HeaderValue::from_str(&link) {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}

/// The APIs, ready to be served.
pub(crate) fn apis(state: &Arc<State>) -> [Api; 2] {
    [
        Api::new(
            mina_arenden::facts(),
            mina_arenden::routes().with_state(Arc::clone(state)),
        ),
        Api::new(open311::facts(), open311::routes().with_state(Arc::clone(state))),
    ]
}
