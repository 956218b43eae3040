//! OpenAPI documents as agencies send them: read with every cap, turned into operations, told what the profile says.

use catalogue::profile::{self, Severity};
use serde_json::Value;
use snapshot::{Authentication, RouteDraft};

/// Paths under an API's base path that the gateway answers itself, whatever the API's document says about them.
const OWN_PATHS: [&str; 4] = ["/api-info", "/openapi.json", "/openapi.yaml", "/docs"];

/// Reads a document; `name` says by its ending whether it is YAML.
///
/// # Errors
/// What is wrong, with line and column.
pub fn parse(bytes: &[u8], name: &str) -> Result<Value, String> {
    catalogue::read(bytes, name).map_err(|error| error.to_string())
}

/// The operations that a document describes and the agency serves.
///
/// # Errors
/// Every problem, one a line.
pub fn operations(document: &Value) -> Result<Vec<RouteDraft>, String> {
    let routes = catalogue::routes(document)
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    Ok(routes
        .into_iter()
        .filter(|route| !OWN_PATHS.contains(&route.path.as_str()))
        .map(|route| RouteDraft {
            method: Some(route.method),
            path: route.path,
            scopes: route.scopes,
            authentication: (route.open == Some(true)).then_some(Authentication::None),
        })
        .collect())
}

/// Breaches of the national REST profile: rule, whether it is an error, place, message, mend.
pub fn findings(document: &Value) -> Vec<profile::Finding> {
    let mut findings = profile::check(document);
    findings.sort_by_key(|finding| finding.severity != Severity::Error);
    findings
}

/// What a document's text is found by.
pub fn hash(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// Operations of `live` that `next` no longer has: what callers use today would be gone.
pub fn lost_operations(live: &[RouteDraft], next: &[RouteDraft]) -> Vec<String> {
    let has = |wanted: &RouteDraft| {
        next.iter().any(|route| {
            (route.method.is_none() || route.method == wanted.method) && shape(&route.path) == shape(&wanted.path)
        })
    };
    live.iter()
        .filter(|route| !has(route))
        .map(|route| {
            let method = route.method.as_ref().map_or("*", |method| method.as_str());
            format!("{method} {}", route.path)
        })
        .collect()
}

/// A template without the names of its parameters, which callers do not see.
fn shape(path: &str) -> String {
    path.split('/')
        .map(|segment| if segment.starts_with('{') { "{}" } else { segment })
        .collect::<Vec<_>>()
        .join("/")
}
