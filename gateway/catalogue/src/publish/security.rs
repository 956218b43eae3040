//! Credentials as the gateway asks for them.
//!
//! An agency's document may describe how its backend is called; callers of the gateway never do that. So a requirement is
//! kept only when the gateway takes that kind of credential, and its scopes are kept in any case. An operation that
//! says open (`security: []`) stays open.

use super::components::place;
use super::edit::{component_section, each_operation, object};
use crate::facts::ApiFacts;
use crate::routes::{is_open, scopes_of};
use serde_json::{Map, Value, json};
use snapshot::Authentication;
use std::collections::BTreeSet;

/// What the gateway takes as a credential.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Key,
    Token,
}

fn accepted(authentication: Authentication) -> &'static [Kind] {
    match authentication {
        Authentication::None => &[],
        Authentication::Key => &[Kind::Key],
        Authentication::Token => &[Kind::Token],
        Authentication::KeyOrToken => &[Kind::Key, Kind::Token],
    }
}

/// Declares the schemes and says on every operation which it needs.
pub(super) fn add(document: &mut Value, facts: &ApiFacts) {
    let accepted = accepted(facts.authentication);
    let inherited = document.get("security").cloned();
    let scopes = all_scopes(document, inherited.as_ref());
    declare_named(document, inherited.as_ref(), accepted, facts, &scopes);
    let schemes = component_section(document, "securitySchemes");
    schemes.retain(|_, scheme| kind_of(scheme).is_some_and(|kind| accepted.contains(&kind)));
    let mut names = Vec::new();
    for kind in accepted {
        names.push((*kind, scheme_name(schemes, *kind, facts, &scopes)));
    }
    let known: BTreeSet<String> = schemes.keys().cloned().collect();
    each_operation(object(document), |path, _, operation| {
        let own = operation.get("security").or(inherited.as_ref()).cloned();
        let open = operation.get("security").is_some_and(is_open);
        let requirement = if open || path == super::api_info_path::PATH {
            json!([])
        } else {
            requirement(own.as_ref(), &names, &known)
        };
        operation.insert("security".to_owned(), requirement);
    });
    let default = requirement(None, &names, &known);
    object(document).insert("security".to_owned(), default);
}

/// The agency's requirements that the gateway can hold callers to; else the gateway's own, with the same scopes.
fn requirement(own: Option<&Value>, names: &[(Kind, String)], known: &BTreeSet<String>) -> Value {
    let all = own.and_then(Value::as_array).cloned().unwrap_or_default();
    let scopes = own.map(scopes_of).unwrap_or_default();
    let holds = |entry: &Value| {
        entry
            .as_object()
            .is_some_and(|members| !members.is_empty() && members.keys().all(|name| known.contains(name)))
    };
    let kept: Vec<Value> = all.into_iter().filter(holds).collect();
    if !kept.is_empty() {
        return Value::Array(kept);
    }
    let entry = |(kind, name): &(Kind, String)| match kind {
        Kind::Key => json!({ name: [] }),
        Kind::Token => json!({ name: scopes }),
    };
    Value::Array(names.iter().map(entry).collect())
}

/// Every scope that any operation names.
fn all_scopes(document: &mut Value, inherited: Option<&Value>) -> BTreeSet<String> {
    let mut scopes: BTreeSet<String> = inherited.map(scopes_of).unwrap_or_default().into_iter().collect();
    each_operation(object(document), |_, _, operation| {
        scopes.extend(operation.get("security").map(scopes_of).unwrap_or_default());
    });
    scopes
}

/// A requirement that names a scheme nobody declared means one of the gateway's; it gets declared under that name.
fn declare_named(
    document: &mut Value,
    inherited: Option<&Value>,
    accepted: &[Kind],
    facts: &ApiFacts,
    scopes: &BTreeSet<String>,
) {
    let mut named = BTreeSet::new();
    let mut collect = |security: &Value| {
        let entries = security.as_array().into_iter().flatten().filter_map(Value::as_object);
        named.extend(entries.flat_map(|entry| entry.keys().cloned()));
    };
    inherited.into_iter().for_each(&mut collect);
    each_operation(object(document), |_, _, operation| {
        operation.get("security").into_iter().for_each(&mut collect)
    });
    let schemes = component_section(document, "securitySchemes");
    for name in named {
        let kind = if name.to_ascii_lowercase().contains("key") {
            Kind::Key
        } else {
            Kind::Token
        };
        if !schemes.contains_key(&name) && accepted.contains(&kind) {
            schemes.insert(name, scheme(kind, facts, scopes));
        }
    }
}

/// The name of a scheme of this kind, declared when there is none.
fn scheme_name(schemes: &mut Map<String, Value>, kind: Kind, facts: &ApiFacts, scopes: &BTreeSet<String>) -> String {
    if let Some((name, _)) = schemes.iter().find(|(_, scheme)| kind_of(scheme) == Some(kind)) {
        return name.clone();
    }
    let name = match kind {
        Kind::Key => "apiKey",
        Kind::Token => "accessToken",
    };
    place(schemes, name, |_| false, scheme(kind, facts, scopes))
}

fn kind_of(scheme: &Value) -> Option<Kind> {
    let is = |key: &str, text: &str| {
        scheme[key]
            .as_str()
            .is_some_and(|value| value.eq_ignore_ascii_case(text))
    };
    if is("type", "apiKey") && is("in", "header") && is("name", "X-Api-Key") {
        Some(Kind::Key)
    } else if is("type", "oauth2") || is("type", "openIdConnect") || (is("type", "http") && is("scheme", "bearer")) {
        Some(Kind::Token)
    } else {
        None
    }
}

fn scheme(kind: Kind, facts: &ApiFacts, scopes: &BTreeSet<String>) -> Value {
    match (kind, &facts.token_url) {
        (Kind::Key, _) => json!({
            "type": "apiKey",
            "in": "header",
            "name": "X-Api-Key",
            "description": "API-nyckel för din applikation. API key of your application.",
        }),
        (Kind::Token, Some(token_url)) => {
            let scopes: Map<String, Value> = scopes
                .iter()
                .map(|scope| (scope.clone(), json!(format!("Scope {scope}"))))
                .collect();
            json!({
                "type": "oauth2",
                "description": "Åtkomstintyg enligt RFC 9068, giltigt högst fem minuter. Access token, valid at most five minutes.",
                "flows": { "clientCredentials": { "tokenUrl": token_url, "scopes": scopes } },
            })
        }
        (Kind::Token, None) => json!({
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "Åtkomstintyg enligt RFC 9068. Access token.",
        }),
    }
}
