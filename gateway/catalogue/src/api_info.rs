//! `api-info`: what the REST profile wants every API to say about itself.

use crate::facts::{ApiFacts, state_name};
use serde_json::{Value, json};

/// The body of `GET <base>/api-info` (VER.07).
#[must_use]
pub fn api_info(facts: &ApiFacts) -> Value {
    json!({
        "apiName": facts.title,
        "apiVersion": facts.version,
        "apiReleased": facts.released,
        "apiDocumentation": facts.docs_url(),
        "apiStatus": state_name(facts.state),
    })
}
