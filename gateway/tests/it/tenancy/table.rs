//! What the walk must know of each operation, and of each field that names another object.

use super::things::Things;
use crate::world::Call;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const READ: &[&str] = &["agencyAdmin", "agencyPublisher", "developer", "auditor"];
const AUDIT: &[&str] = &["agencyAdmin", "auditor"];
const EDIT: &[&str] = &["agencyAdmin", "agencyPublisher", "developer"];
const PUBLISH: &[&str] = &["agencyAdmin", "agencyPublisher"];
const ADMINISTER: &[&str] = &["agencyAdmin"];
/// An operator only.
const OPERATE: &[&str] = &[];

/// Who may, and with what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recipe {
    pub(super) roles: &'static [&'static str],
    body: Body,
}

#[derive(Debug, Clone, Copy)]
enum Body {
    None,
    Empty,
    Organisation,
    Member,
    Credential,
    Backend,
    LimitPlan,
    Api,
    Document,
    Application,
    Agreement,
    Maintenance,
    Reason,
    Checks,
}

/// One operation of the document.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) parameters: Vec<String>,
    pub(super) query: Vec<String>,
    pub(super) recipe: Recipe,
    /// Whether it makes something new, whatever revision is sent along.
    pub(super) makes: bool,
    /// Whether anybody may call it.
    pub(super) open: bool,
    schema: Option<Value>,
}

fn recipe(id: &str) -> Recipe {
    use Body::*;
    let (roles, body) = match id {
        "listOrganisations"
        | "getOrganisation"
        | "listMembers"
        | "getMember"
        | "listMemberCredentials"
        | "listBackends"
        | "getBackend"
        | "listLimitPlans"
        | "getLimitPlan"
        | "listApis"
        | "getApi"
        | "getDocument"
        | "getPreview"
        | "listApplications"
        | "getApplication"
        | "listApplicationCredentials"
        | "listAgreements"
        | "getAgreement"
        | "listNodes"
        | "listUsagePeriods"
        | "listApiCallers" => (READ, None),
        "listAuditEntries" => (AUDIT, None),
        "createOrganisation" => (OPERATE, Organisation),
        "removeOrganisation" => (OPERATE, None),
        "replaceOrganisation" => (ADMINISTER, Organisation),
        "createMember" | "replaceMember" => (ADMINISTER, Member),
        "removeMember" | "revokeMemberCredential" | "removeAgreement" => (ADMINISTER, None),
        "createMemberCredential" => (ADMINISTER, Credential),
        "createBackend" | "replaceBackend" => (PUBLISH, Backend),
        "createLimitPlan" | "replaceLimitPlan" => (PUBLISH, LimitPlan),
        "removeBackend" | "removeLimitPlan" => (PUBLISH, None),
        "createApi" | "replaceApi" => (EDIT, Api),
        "putDocument" => (EDIT, Document),
        "publishApi" => (PUBLISH, Empty),
        "beginMaintenance" => (PUBLISH, Maintenance),
        "endMaintenance" => (PUBLISH, None),
        "createApplication" | "replaceApplication" => (EDIT, Application),
        "createApplicationCredential" => (EDIT, Credential),
        "removeApi" | "removeApplication" | "revokeApplicationCredential" => (EDIT, None),
        "createAgreement" | "replaceAgreement" => (ADMINISTER, Agreement),
        "signAgreement" => (ADMINISTER, Empty),
        "resumeAgreement" => (ADMINISTER, None),
        "suspendAgreement" | "terminateAgreement" => (ADMINISTER, Reason),
        // Whoever may read may ask; what is asked about has rights of its own.
        "checkChanges" => (READ, Checks),
        "getApiInfo" => (OPERATE, None),
        other => panic!("a new operation: teach the tenancy test who may call {other}, and with what"),
    };
    Recipe { roles, body }
}

/// The other agency's id for a field of a body that names an object; `None`: the field may name others' objects, and why.
pub(super) fn reference(operation: &str, field: &str, north: &Things) -> Option<String> {
    let id = match (operation, field) {
        // An organisation's id is public: one proposes agreements to others by it, and says what came before or after.
        (_, "parties.organisationId" | "parentId" | "successorIds") => return None,
        // A word of its own services, and no object.
        (_, "relationTerms.perService.serviceId") => return None,
        // It is the organisation's own.
        ("createOrganisation" | "replaceOrganisation", "organisationId") => return None,
        // An operator's own, or made from the API's name: addresses are everybody's together, first come, first served.
        (_, "apiId") => return None,
        // Outside of the parties nobody's application can be named, and a party sees the proposal that names its own.
        // A canary names applications of its own organisation and of those who have an agreement about the API.
        (_, "applicationIds" | "canary.applicationIds") => &north.application_id,
        // What is not published does not exist for others.
        (_, "apiIds") => &north.draft_api_id,
        (_, "organisationId") => &north.organisation_id,
        (_, "memberId") => &north.member_id,
        (_, "applicationId") => &north.application_id,
        (_, "backendId" | "canary.backendId" | "mirror.backendId") => &north.backend_id,
        (_, "limitPlanId" | "limitPlanIds") => &north.limit_plan_id,
        (_, "agreementId") => &north.agreement_id,
        other => panic!("a new field that names an object: teach the tenancy test what {other:?} may name"),
    };
    Some(id.clone())
}

/// Every operation of the document.
pub(super) fn operations(document: &Value) -> Vec<Operation> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Some(id) = operation["operationId"].as_str() else {
                continue;
            };
            let named = |place: &str| {
                let parameters = operation["parameters"].as_array().into_iter().flatten();
                let parameters = parameters.map(|parameter| resolved(document, parameter));
                let there = parameters.filter(|parameter| parameter["in"] == place);
                there
                    .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
                    .collect::<Vec<_>>()
            };
            // Whatever the document says, nothing else may be open.
            let open = id == "getApiInfo";
            let json_body = &operation["requestBody"]["content"]["application/json"]["schema"];
            found.push(Operation {
                recipe: recipe(id),
                method: method.to_uppercase(),
                makes: method == "post"
                    && id != "checkChanges"
                    && named("header").iter().all(|name| name != "If-Match"),
                parameters: path
                    .split('/')
                    .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
                    .map(str::to_owned)
                    .collect(),
                query: named("query"),
                open,
                schema: (!json_body.is_null()).then(|| json_body.clone()),
                id: id.to_owned(),
                path: path.clone(),
            });
        }
    }
    found
}

impl Operation {
    /// A call of it with these ids in its path, without a credential and a body.
    pub(super) fn call(&self, things: &Things) -> Call {
        let path = self.parameters.iter().fold(self.path.clone(), |path, name| {
            path.replace(&format!("{{{name}}}"), things.of_parameter(name, &self.path))
        });
        Call {
            method: self.method.clone(),
            path,
            ..Call::default()
        }
    }

    /// Whether the document says what a body must be.
    pub(super) fn reads_a_body(&self) -> bool {
        self.schema.is_some()
    }

    /// A body that is right, for the agency that has these things.
    pub(super) fn body(&self, things: &Things) -> Option<Value> {
        self.fresh_body(things, 99)
    }

    /// The same, with what must be unique made so by the number.
    pub(super) fn fresh_body(&self, things: &Things, number: usize) -> Option<Value> {
        let name = format!("{}-{number}", self.id.to_lowercase());
        Some(match self.recipe.body {
            Body::None => return None,
            Body::Empty => json!({}),
            Body::Organisation => json!({"name": name, "kind": "municipality"}),
            Body::Member => json!({"name": name, "roles": ["developer"]}),
            Body::Credential => json!({"name": name, "kind": "apiKey"}),
            Body::Backend => {
                json!({"name": name, "targets": [{"url": "http://127.0.0.1:9"}], "privateNetwork": true, "maxConcurrent": 5,
                "breaker": {"probes": 2}, "ejection": {"failures": 4}, "healthCheck": {"path": "/health", "intervalSeconds": 5}})
            }
            Body::LimitPlan => json!({"name": name, "per": "application", "quota": 5, "windowSeconds": 60}),
            Body::Api => {
                json!({"name": format!("{}-{name}", things.organisation_id), "title": "t", "version": "1.0.0", "state": "active", "authentication": "key",
                "personalData": false, "backendId": things.backend_id, "limitPlanIds": [things.limit_plan_id],
                "retry": {"attempts": 2}, "idempotency": {"required": true}, "cache": {}, "validation": {"responses": true},
                "canary": {"backendId": things.backend_id, "percent": 5, "applicationIds": [things.application_id]},
                "mirror": {"backendId": things.backend_id}, "maintenance": {"message": "m"}, "mockAnswers": false,
                "operations": [{"method": "GET", "path": "/things"}]})
            }
            Body::Document => json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1.0.0"}, "paths": {}}),
            Body::Application => json!({"name": name}),
            Body::Agreement => {
                json!({"kind": "avtal", "purpose": "p", "personalData": false, "validFrom": "2026-01-01T00:00:00Z",
                "parties": [{"organisationId": things.organisation_id, "role": "producer"}, {"organisationId": "harbour", "role": "consumer"}],
                "apiIds": [things.api_id], "limits": {"perMinute": 5}, "sla": {"availability": "a", "responseTime": "r", "support": "s"}})
            }
            Body::Maintenance => json!({"message": "m", "messageEn": "m", "retryAfterSeconds": 60}),
            Body::Reason => json!({"reason": "because"}),
            Body::Checks => {
                json!({"changes": [{"method": "DELETE", "path": format!("/applications/{}", things.application_id)}]})
            }
        })
    }
}

fn resolved<'a>(document: &'a Value, mut schema: &'a Value) -> &'a Value {
    while let Some(place) = schema["$ref"].as_str() {
        schema = document.pointer(place.trim_start_matches('#')).unwrap();
    }
    schema
}

/// Every property of a schema, with its own schema.
fn properties<'a>(document: &'a Value, schema: &'a Value) -> Vec<(&'a str, &'a Value)> {
    let schema = resolved(document, schema);
    let own = schema["properties"].as_object().into_iter().flatten();
    let mut found: Vec<_> = own.map(|(name, schema)| (name.as_str(), schema)).collect();
    for of in ["allOf", "oneOf", "anyOf"] {
        for part in schema[of].as_array().into_iter().flatten() {
            found.extend(properties(document, part));
        }
    }
    found
}

/// Names of the fields of an operation's body.
pub(super) fn own_fields(operation: &Operation, document: &Value) -> BTreeSet<String> {
    let schema = operation.schema.as_ref().unwrap_or(&Value::Null);
    properties(document, schema)
        .into_iter()
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// Names of all fields that any answer or body has, and a few that are kept and never shown.
pub(super) fn every_field(document: &Value) -> BTreeSet<String> {
    let schemas = document["components"]["schemas"].as_object().unwrap().values();
    let shown = schemas
        .flat_map(|schema| properties(document, schema))
        .map(|(name, _)| name.to_owned());
    let kept = [
        "hash",
        "draft",
        "terms",
        "document",
        "isOperator",
        "removed",
        "parent",
        "__proto__",
    ];
    shown.chain(kept.map(str::to_owned)).collect()
}

/// Fields of the operation's body that name objects: where to put an id, and the field's dotted path.
pub(super) fn references(operation: &Operation, document: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if let Some(schema) = &operation.schema {
        add_references(document, schema, "", "", &mut found);
    }
    found
}

fn add_references(document: &Value, schema: &Value, pointer: &str, field: &str, found: &mut Vec<(String, String)>) {
    for (name, schema) in properties(document, schema) {
        let field = if field.is_empty() {
            name.to_owned()
        } else {
            format!("{field}.{name}")
        };
        let schema = resolved(document, schema);
        let listed = schema["type"] == "array"
            || schema["type"]
                .as_array()
                .is_some_and(|types| types.iter().any(|one| one == "array"));
        let pointer = if listed {
            format!("{pointer}/{name}/0")
        } else {
            format!("{pointer}/{name}")
        };
        if name.ends_with("Id") || name.ends_with("Ids") {
            found.push((pointer, field));
        } else {
            add_references(
                document,
                if listed { &schema["items"] } else { schema },
                &pointer,
                &field,
                found,
            );
        }
    }
}

/// Puts a text at a pointer, making what leads there.
pub(super) fn put(body: &mut Value, pointer: &str, text: &str) {
    let mut place = body;
    for part in pointer.split('/').skip(1) {
        place = if part == "0" {
            if !place.is_array() {
                *place = json!([null]);
            }
            &mut place[0]
        } else {
            &mut place[part]
        };
    }
    *place = json!(text);
}

/// Pointers to the objects within a body.
pub(super) fn objects_within(body: &Value) -> Vec<String> {
    let parts: Vec<(String, &Value)> = match body {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(number, value)| (number.to_string(), value))
            .collect(),
        _ => Vec::new(),
    };
    let mut found = Vec::new();
    for (name, value) in parts {
        if value.is_object() {
            found.push(format!("/{name}"));
        }
        found.extend(objects_within(value).into_iter().map(|rest| format!("/{name}{rest}")));
    }
    found
}
