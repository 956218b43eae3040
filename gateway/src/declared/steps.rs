//! The calls of the registry's API that make one difference go away, in their order.

use super::OpenApi;
use super::difference::{Difference, MAINTENANCE, What, is_maintenance};
use super::kinds::{APIS, ORGANISATIONS};
use reqwest::Method;
use serde_json::{Value, json};

/// One call.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) method: Method,
    /// Below the API's address.
    pub(super) path: String,
    /// Which revision it is made from.
    pub(super) seen: Seen,
    pub(super) body: Option<String>,
    pub(super) about: About,
}

/// What of an object a call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// Its content.
    Content,
    /// Whether an API is taken aside.
    Maintenance,
    /// An API's OpenAPI document; the answer is what is said of it.
    Document,
    /// Where an API's OpenAPI document is; the answer is the same.
    Address,
    /// That it is to be served.
    Publication,
}

/// A revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// There is none before it.
    None,
    /// This one, which was read.
    Read(i64),
    /// The one that the step before has made.
    Made,
    /// Whichever it is.
    Any,
}

/// What to call.
pub(super) fn steps(difference: &Difference) -> Vec<Step> {
    let own = format!("{}/{}", difference.kind.path, difference.id);
    let step = |method, path, seen, body| Step {
        method,
        path,
        seen,
        body,
        about: About::Content,
    };
    match (&difference.what, &difference.declared, &difference.known) {
        (What::Extra, _, Some(known)) => vec![step(Method::DELETE, own, Seen::Read(known.revision), None)],
        (What::Missing, Some(object), _) => {
            let body = if difference.is_new_organisation() {
                alone(&object.body).to_string()
            } else {
                object.body.to_string()
            };
            let path = difference.kind.path.to_owned();
            let mut steps = vec![step(Method::POST, path, Seen::None, Some(body))];
            finish(difference, &mut steps, true, object.published);
            steps
        }
        (
            What::Changed {
                fields,
                document,
                publish,
            },
            Some(object),
            Some(known),
        ) => {
            let mut steps = Vec::new();
            let (of_maintenance, others): (Vec<_>, Vec<_>) =
                fields.iter().partition(|(field, _, _)| is_maintenance(field));
            // A publication brings it along; without one it holds at once.
            let at_once = difference.kind.table == APIS && !of_maintenance.is_empty() && known.served && !publish;
            if at_once {
                let path = format!("{own}/{MAINTENANCE}");
                let (method, body) = match &object.body[MAINTENANCE] {
                    Value::Null => (Method::DELETE, None),
                    aside => (Method::PUT, Some(aside.to_string())),
                };
                steps.push(Step {
                    about: About::Maintenance,
                    ..step(method, path, Seen::Made, body)
                });
            }
            if !others.is_empty() || !(at_once || of_maintenance.is_empty()) {
                steps.push(step(Method::PUT, own, Seen::Made, Some(object.body.to_string())));
            }
            finish(difference, &mut steps, *document, *publish);
            if let Some(first) = steps.first_mut() {
                first.seen = Seen::Read(known.revision);
            }
            steps
        }
        _ => Vec::new(),
    }
}

/// Lets a new organisation name others, once all of them are registered: organisations may name each other.
pub(super) fn relation(difference: &Difference) -> Option<Step> {
    let object = difference
        .declared
        .as_ref()
        .filter(|object| difference.is_new_organisation() && alone(&object.body) != object.body)?;
    Some(Step {
        method: Method::PUT,
        path: format!("{ORGANISATIONS}/{}", object.id),
        seen: Seen::Any,
        body: Some(object.body.to_string()),
        about: About::Content,
    })
}

/// An organisation without the others that it names.
fn alone(body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(members) = body.as_object_mut() {
        members.shift_remove("parentId");
        members.shift_remove("successorIds");
    }
    body
}

/// What an API needs beyond its content.
fn finish(difference: &Difference, steps: &mut Vec<Step>, document: bool, publish: bool) {
    let Some(object) = difference.declared.as_ref().filter(|_| difference.kind.table == APIS) else {
        return;
    };
    let path = format!("{APIS}/{}", object.id);
    if let Some(openapi) = object.openapi.as_ref().filter(|_| document) {
        let (about, body) = match openapi {
            OpenApi::Text { text, .. } => (About::Document, text.clone()),
            OpenApi::At(address) => (About::Address, json!({ "documentUrl": address }).to_string()),
        };
        steps.push(Step {
            method: Method::PUT,
            path: format!("{path}/openapi"),
            seen: Seen::Made,
            body: Some(body),
            about,
        });
    }
    if publish {
        steps.push(Step {
            method: Method::POST,
            path: format!("{path}/publications"),
            seen: Seen::Made,
            body: Some("{}".to_owned()),
            about: About::Publication,
        });
    }
}
