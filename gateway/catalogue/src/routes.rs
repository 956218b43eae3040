//! The operations of a document, as the registry needs them.

use crate::spec::Spec;
use http::Method;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// Most operations of one API: each becomes a route, a row of the documentation and counters.
pub(crate) const MAX_OPERATIONS: usize = 10_000;
/// Most security requirements of one operation, and most scopes in them.
const MAX_REQUIREMENTS: usize = 100;

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentRoute {
    /// Method.
    pub method: Method,
    /// Template relative to the API's base path: `/cases/{caseId}`.
    pub path: String,
    /// Scopes a token needs; each named by some requirement of the operation, or of the document.
    pub scopes: Vec<String>,
    /// `Some(true)`: the document says open (`security: []`, or an empty requirement); `Some(false)`: it asks for a credential; `None`: it says nothing.
    pub open: Option<bool>,
}

/// Why a document's operations cannot be served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct RoutesError {
    /// JSON pointer.
    pub place: String,
    /// What is wrong and what to do about it.
    pub message: String,
}

/// The operations of `document`, in its order.
///
/// # Errors
/// Every reason at once: not OpenAPI 3, no `paths`, a path that is not absolute or has a malformed template, the same
/// path twice under different parameter names (a call could mean either), more than 10,000 operations.
pub fn routes(document: &Value) -> Result<Vec<DocumentRoute>, Vec<RoutesError>> {
    let mut errors = Vec::new();
    let mut problem = |place: &str, message: String| {
        errors.push(RoutesError {
            place: place.to_owned(),
            message,
        })
    };
    let version = document.get("openapi").and_then(Value::as_str).unwrap_or_default();
    if !version.starts_with("3.") {
        problem("/openapi", "not OpenAPI 3; convert the document first".to_owned());
    }
    if !document.get("paths").is_some_and(Value::is_object) {
        problem("/paths", "there are no paths".to_owned());
    }
    let spec = Spec::new(document);
    let mut shapes: HashMap<String, &str> = HashMap::new();
    for (path, item) in &spec.paths {
        match shape(path) {
            Err(message) => problem(&item.place, message),
            Ok(shape) => {
                if let Some(other) = shapes.insert(shape, path) {
                    problem(
                        &item.place,
                        format!("{path} and {other} differ in parameter names only"),
                    );
                }
            }
        }
    }
    let routes = collect(&spec, &mut problem);
    if errors.is_empty() { Ok(routes) } else { Err(errors) }
}

/// Path items may be shared by reference, so the paths are walked, not the list of distinct operations.
fn collect(spec: &Spec<'_>, problem: &mut impl FnMut(&str, String)) -> Vec<DocumentRoute> {
    let inherited = spec.root.value.get("security").map(Security::of);
    let mut routes = Vec::new();
    for (path, item) in &spec.paths {
        for method in methods(item.value) {
            if routes.len() == MAX_OPERATIONS {
                problem(
                    "/paths",
                    format!("there are more than {MAX_OPERATIONS} operations; split the API"),
                );
                return routes;
            }
            let Ok(name) = Method::from_bytes(method.to_ascii_uppercase().as_bytes()) else {
                continue;
            };
            let own = item.value.get(method).and_then(|operation| operation.get("security"));
            let own = own.map(Security::of);
            let security = own.as_ref().or(inherited.as_ref());
            if security.is_some_and(|security| security.too_long) {
                let place = format!("{}/{method}", item.place);
                problem(
                    &place,
                    format!("its security names more than {MAX_REQUIREMENTS} requirements or scopes"),
                );
            }
            routes.push(DocumentRoute {
                method: name,
                path: (*path).to_owned(),
                scopes: security.map(|security| security.scopes.clone()).unwrap_or_default(),
                open: security.and_then(|security| security.open),
            });
        }
    }
    routes
}

/// The methods of a path item, in its order; an item with thousands of other members is not searched for each path.
fn methods(item: &Value) -> Vec<&'static str> {
    let has = |method: &&str| item.get(*method).is_some_and(Value::is_object);
    let mut found: Vec<&'static str> = crate::spec::METHODS.into_iter().filter(has).collect();
    if let Some(members) = item.as_object().filter(|members| members.len() <= 64) {
        found.sort_by_key(|method| members.keys().position(|key| key == method));
    }
    found
}

/// What a `security` value asks for.
struct Security {
    scopes: Vec<String>,
    open: Option<bool>,
    too_long: bool,
}

impl Security {
    fn of(security: &Value) -> Self {
        let entries = security.as_array().into_iter().flatten().filter_map(Value::as_object);
        let scopes: usize = entries
            .flat_map(|entry| entry.values())
            .map(|list| list.as_array().map_or(0, Vec::len))
            .sum();
        let too_long = scopes > MAX_REQUIREMENTS || security.as_array().is_some_and(|all| all.len() > MAX_REQUIREMENTS);
        Self {
            scopes: if too_long { Vec::new() } else { scopes_of(security) },
            open: security.is_array().then(|| is_open(security)),
            too_long,
        }
    }
}

/// Whether a `security` value asks for nothing: `[]`, or an empty requirement among the alternatives.
pub(crate) fn is_open(security: &Value) -> bool {
    let nothing = |entry: &Value| entry.as_object().is_some_and(serde_json::Map::is_empty);
    security
        .as_array()
        .is_some_and(|entries| entries.is_empty() || entries.iter().any(nothing))
}

/// Every scope named by a `security` value.
pub(crate) fn scopes_of(security: &Value) -> Vec<String> {
    let entries = security.as_array().into_iter().flatten().filter_map(Value::as_object);
    let lists = entries.flat_map(|entry| entry.values()).filter_map(Value::as_array);
    let scopes: BTreeSet<&str> = lists.flatten().filter_map(Value::as_str).collect();
    scopes.into_iter().map(str::to_owned).collect()
}

/// The path with its parameters' names taken out.
pub(crate) fn shape(path: &str) -> Result<String, String> {
    if !path.starts_with('/') {
        return Err(format!("{path:?} does not begin with a slash"));
    }
    let mut shape = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after
            .split_once('}')
            .ok_or_else(|| format!("{path:?} has an open brace"))?;
        if name.is_empty() || name.contains(['{', '/']) || before.contains('}') {
            return Err(format!("{path:?} has a malformed parameter"));
        }
        shape.push_str(before);
        shape.push_str("{}");
        rest = after;
    }
    if rest.contains('}') || path.contains(['?', '#']) {
        return Err(format!("{path:?} is not a path template"));
    }
    shape.push_str(rest);
    Ok(shape)
}
