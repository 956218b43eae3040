//! Answers that hold more than what was sent, as one schema each.
//!
//! A type whose fields are those of another and some more is written as `allOf` of the two. Where the other is what callers
//! send, and forbids members that it does not know, nothing can ever be both: every such answer would break its own schema.

use std::collections::BTreeMap;

use utoipa::openapi::schema::{AdditionalProperties, AllOf, Object};
use utoipa::openapi::{OpenApi, RefOr, Schema};

const SCHEMAS: &str = "#/components/schemas/";

type Schemas = BTreeMap<String, RefOr<Schema>>;

/// Writes each `allOf` that has a part which forbids other members as one object, which forbids none: answers may grow.
/// Others, that readers know by their parts, stay as they are.
pub(super) fn flatten(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    let known = components.schemas.clone();
    for schema in components.schemas.values_mut() {
        let RefOr::T(Schema::AllOf(all)) = schema else { continue };
        let parts: Option<Vec<&Object>> = parts(all, &known);
        let Some(parts) = parts.filter(|parts| parts.iter().any(|part| is_strict(part))) else {
            continue;
        };
        *schema = RefOr::T(Schema::Object(together(all, &parts)));
    }
    drop_unused(document, &known);
}

/// The objects that it is made of, those of its parts included; `None` where one is something else than an object.
fn parts<'a>(all: &'a AllOf, known: &'a Schemas) -> Option<Vec<&'a Object>> {
    let mut found = Vec::new();
    for item in &all.items {
        let item = match item {
            RefOr::Ref(reference) => known.get(reference.ref_location.strip_prefix(SCHEMAS)?)?,
            RefOr::T(_) => item,
        };
        match item {
            RefOr::T(Schema::Object(object)) => found.push(object),
            RefOr::T(Schema::AllOf(inner)) => found.extend(parts(inner, known)?),
            _ => return None,
        }
    }
    Some(found)
}

fn is_strict(object: &Object) -> bool {
    matches!(
        object.additional_properties.as_deref(),
        Some(AdditionalProperties::FreeForm(false))
    )
}

fn together(all: &AllOf, parts: &[&Object]) -> Object {
    let mut object = Object::new();
    object.title.clone_from(&all.title);
    object.description.clone_from(&all.description);
    object.example.clone_from(&all.example);
    object.examples.clone_from(&all.examples);
    for part in parts {
        object.required.extend(part.required.iter().cloned());
        let own = part.properties.iter();
        object
            .properties
            .extend(own.map(|(name, schema)| (name.clone(), schema.clone())));
    }
    object
}

/// Takes out what only stood between: parts that nothing names any more.
fn drop_unused(document: &mut OpenApi, before: &Schemas) {
    let parts = serde_json::to_string(before).unwrap_or_default();
    let Ok(now) = serde_json::to_string(document) else {
        return;
    };
    let components = document.components.get_or_insert_default();
    components.schemas.retain(|name, _| {
        let named = format!("\"{SCHEMAS}{name}\"");
        now.contains(&named) || !parts.contains(&named)
    });
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn flattened(schemas: &Value) -> Value {
        let mut document: OpenApi = serde_json::from_value(json!({
            "openapi": "3.1.0", "info": {"title": "Try", "version": "1.0.0"}, "paths": {}, "components": {"schemas": schemas}
        }))
        .unwrap();
        flatten(&mut document);
        serde_json::to_value(document).unwrap()["components"]["schemas"].take()
    }

    #[test]
    fn an_answer_has_the_members_of_what_was_sent_beside_its_own_and_what_is_sent_stays_strict() {
        let sent = json!({"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}, "additionalProperties": false});
        let flat = flattened(&json!({
            "Sent": sent,
            "Body": {"allOf": [{"$ref": "#/components/schemas/Sent", "description": "What was sent."},
                {"type": "object", "required": ["state"], "properties": {"state": {"type": "string"}}}]},
            "View": {"description": "As it is shown.", "allOf": [{"$ref": "#/components/schemas/Body"},
                {"type": "object", "required": ["revision"], "properties": {"revision": {"type": "integer"}}}]},
            "Lists": {"type": "object", "properties": {"shown": {"$ref": "#/components/schemas/View"}, "sent": {"$ref": "#/components/schemas/Sent"}}},
        }));
        assert_eq!(flat["Sent"], sent);
        assert_eq!(
            flat["View"],
            json!({
                "type": "object", "description": "As it is shown.", "required": ["name", "state", "revision"],
                "properties": {"name": {"type": "string"}, "state": {"type": "string"}, "revision": {"type": "integer"}}
            })
        );
        assert_eq!(flat.get("Body"), None, "nothing names it any more");
        assert!(flat.get("Lists").is_some(), "it is no part of another");
    }

    #[test]
    fn parts_that_allow_other_members_stay_parts() {
        let schemas = json!({
            "Case": {"type": "object", "properties": {"id": {"type": "string"}}},
            "Shown": {"allOf": [{"$ref": "#/components/schemas/Case"}, {"type": "object", "properties": {"at": {"type": "string"}}}]},
        });
        assert_eq!(flattened(&schemas), schemas);
    }
}
