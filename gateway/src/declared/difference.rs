//! What a document says beside what is registered.

use super::kinds::{KINDS, Kind, MEMBERS, ORGANISATIONS};
use super::{Declared, Known, Object, OpenApi};
use serde_json::Value;
use std::collections::HashMap;
use std::fmt;

/// Field of an API that is taken aside.
pub(super) const MAINTENANCE: &str = "maintenance";

/// One difference.
#[derive(Debug)]
pub struct Difference {
    pub(super) kind: &'static Kind,
    pub(super) id: String,
    /// What it is.
    pub what: What,
    /// The object's key path in the document; none when it is only registered.
    pub(super) place: Option<String>,
    pub(super) declared: Option<Object>,
    pub(super) known: Option<Known>,
}

/// What differs.
#[derive(Debug, PartialEq, Eq)]
pub enum What {
    /// It is written down only.
    Missing,
    /// It is registered only.
    Extra,
    /// Other content: each field as it is registered and as it is written down; whether the OpenAPI document differs; whether
    /// it is written down as published, and is not as it would be.
    Changed {
        /// Field, registered, written down.
        fields: Vec<(String, String, String)>,
        /// The OpenAPI document.
        document: bool,
        /// To be published.
        publish: bool,
    },
}

impl Difference {
    /// Where the OpenAPI document is, when the registry is to fetch it.
    pub(super) fn address(&self) -> Option<&str> {
        match self.declared.as_ref()?.openapi.as_ref()? {
            OpenApi::At(address) => Some(address),
            OpenApi::Text { .. } => None,
        }
    }

    /// Whether an organisation is to be registered. These come first: others may name them.
    pub fn is_new_organisation(&self) -> bool {
        self.kind.table == ORGANISATIONS && self.what == What::Missing
    }
}

/// Every difference, in the order in which a document is applied; what is registered only comes last, in reverse.
pub fn differences(declared: &Declared, known: Vec<Known>) -> Vec<Difference> {
    let mut known: HashMap<(&str, String), Known> = known
        .into_iter()
        .map(|one| ((one.object.kind.table, one.object.id.clone()), one))
        .collect();
    let mut found = Vec::new();
    for (object, place) in &declared.objects {
        let registered = known.remove(&(object.kind.table, object.id.clone()));
        let what = match &registered {
            None => What::Missing,
            Some(registered) => {
                let changed = compare(object, registered);
                if matches!(&changed, What::Changed { fields, document: false, publish: false } if fields.is_empty()) {
                    continue;
                }
                changed
            }
        };
        found.push(Difference {
            kind: object.kind,
            id: object.id.clone(),
            what,
            place: Some(place.clone()),
            declared: Some(object.clone()),
            known: registered,
        });
    }
    found.sort_by_key(|difference| !difference.is_new_organisation());
    let managed = |one: &Known| {
        let table = one.object.kind.table;
        !one.ended && (table != MEMBERS || declared.tables.contains(table))
    };
    let mut extra: Vec<Known> = known.into_values().filter(managed).collect();
    let order = |one: &Known| KINDS.iter().position(|kind| kind.table == one.object.kind.table);
    extra.sort_by(|one, other| {
        order(other)
            .cmp(&order(one))
            .then_with(|| one.object.id.cmp(&other.object.id))
    });
    found.extend(extra.into_iter().map(|one| Difference {
        kind: one.object.kind,
        id: one.object.id.clone(),
        what: What::Extra,
        place: None,
        declared: None,
        known: Some(one),
    }));
    found
}

fn compare(object: &Object, registered: &Known) -> What {
    let mut fields = Vec::new();
    add_fields("", &registered.object.body, &object.body, &mut fields);
    // The day of publication is set by publishing, and goes on unless another one is written down.
    if object.body.get("released").is_none() {
        fields.retain(|(field, _, _)| field != "released");
    }
    let document = object.openapi.as_ref().is_some_and(|openapi| match openapi {
        OpenApi::Text { hash, .. } => registered.document_hash.as_ref() != Some(hash),
        // What is there now is not looked at: it was fetched once, and is fetched again when the address is another.
        OpenApi::At(address) => registered.document_url.as_ref() != Some(address),
    });
    // What is served is taken aside and back without a publication.
    let more = document || fields.iter().any(|(field, _, _)| !is_maintenance(field));
    let publish = object.published && (!registered.object.published || more);
    What::Changed {
        fields,
        document,
        publish,
    }
}

/// Whether it says that an API is taken aside.
pub(super) fn is_maintenance(field: &str) -> bool {
    field == MAINTENANCE || field.starts_with("maintenance.")
}

fn add_fields(path: &str, before: &Value, after: &Value, found: &mut Vec<(String, String, String)>) {
    if before == after {
        return;
    }
    let (Some(old), Some(new)) = (before.as_object(), after.as_object()) else {
        found.push((path.to_owned(), shown(before), shown(after)));
        return;
    };
    let added = new.keys().filter(|key| !old.contains_key(*key));
    for key in old.keys().chain(added) {
        let path = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        let value = |side: &serde_json::Map<String, Value>| side.get(key).cloned().unwrap_or_default();
        add_fields(&path, &value(old), &value(new), found);
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        value => value.to_string(),
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (table, id) = (self.kind.table, &self.id);
        match &self.what {
            What::Missing => write!(formatter, "+ {table} {id}"),
            What::Extra => write!(formatter, "- {table} {id}"),
            What::Changed {
                fields,
                document,
                publish,
            } => {
                write!(formatter, "~ {table} {id}")?;
                for (field, before, after) in fields {
                    write!(formatter, "\n    {field}: {before} -> {after}")?;
                }
                if *document {
                    match self.address() {
                        Some(address) => write!(formatter, "\n    openapi: fetched from {address}")?,
                        None => formatter.write_str("\n    openapi: another document")?,
                    }
                }
                if *publish {
                    formatter.write_str("\n    publish")?;
                }
                Ok(())
            }
        }
    }
}
