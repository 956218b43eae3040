//! Reads a document: every object, or every problem with its line.

use super::kinds::{APIS, KINDS, Kind};
use super::{Object, OpenApi};
use document::{Problems, Source};
use serde_json::Value;
use std::collections::{BTreeSet, HashSet};
use std::path::Path;

/// Largest OpenAPI document that is sent.
const LARGEST: u64 = registry::api::LARGEST_BODY as u64;

/// A document's objects.
#[derive(Debug)]
pub struct Declared {
    /// The document, for the places of what the registry refuses.
    pub source: Source,
    /// Each object, and its key path.
    pub(super) objects: Vec<(Object, String)>,
    /// Whose objects they are.
    pub organisations: BTreeSet<String>,
    /// Tables that are written down, be it without an object.
    pub(super) tables: HashSet<String>,
}

/// Reads the file. Objects that name no organisation are `organisation`'s; objects of another one than `only` are problems.
///
/// # Errors
/// Every problem, with its line and key path.
pub fn read(path: &Path, organisation: Option<&str>, only: Option<&str>) -> Result<Declared, Problems> {
    let source = Source::load(path)?;
    let problems = source.syntax_problems();
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut objects = Vec::new();
    let content = source.json();
    let tables = content.as_object().into_iter().flatten();
    for (name, _) in tables
        .clone()
        .filter(|(name, _)| KINDS.iter().all(|kind| kind.table != *name))
    {
        let known: Vec<&str> = KINDS.iter().map(|kind| kind.table).collect();
        let message = format!("is no table of a registry; there are {}", known.join(", "));
        problems.add(source.problem(name, message));
    }
    for kind in &KINDS {
        let Some(list) = content.get(kind.table) else { continue };
        let Some(list) = list.as_array() else {
            problems.add(source.problem(kind.table, format!("must be [[{}]]", kind.table)));
            continue;
        };
        let mut ids = HashSet::new();
        for (number, value) in list.iter().enumerate() {
            let place = format!("{}[{number}]", kind.table);
            match object(kind, value, &source, organisation) {
                Ok(object) if !ids.insert(object.id.clone()) => {
                    let message = format!("`{}` is written down twice", object.id);
                    problems.add(source.problem(&format!("{place}.{}", kind.id), message));
                }
                Ok(object) => {
                    if let Some(only) = only.filter(|only| **only != object.organisation) {
                        let message = format!("belongs to `{}`, and --organisation says {only}", object.organisation);
                        problems.add(source.problem(&place, message));
                    }
                    objects.push((object, place));
                }
                Err((field, message)) => {
                    let path = if field.is_empty() {
                        place
                    } else {
                        format!("{place}.{field}")
                    };
                    problems.add(source.problem(&path, message));
                }
            }
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Declared {
        organisations: objects.iter().map(|(object, _)| object.organisation.clone()).collect(),
        tables: tables.map(|(name, _)| name.clone()).collect(),
        objects,
        source,
    })
}

fn object(
    kind: &'static Kind,
    value: &Value,
    source: &Source,
    organisation: Option<&str>,
) -> Result<Object, (String, String)> {
    let mut value = value.clone();
    let wrong = |field: &str, message: &str| (field.to_owned(), message.to_owned());
    let Some(members) = value.as_object_mut() else {
        return Err(wrong("", "must be a table"));
    };
    let (mut openapi, mut published) = (None, false);
    if kind.table == APIS {
        if let Some(file) = members.shift_remove("openapi") {
            let place = file
                .as_str()
                .ok_or_else(|| wrong("openapi", "must be a file's path or an address on the internet"))?;
            openapi = Some(if place.starts_with("https://") || place.starts_with("http://") {
                OpenApi::At(place.to_owned())
            } else {
                read_openapi(&source.directory().join(place)).map_err(|message| wrong("openapi", &message))?
            });
        }
        if let Some(publish) = members.shift_remove("publish") {
            published = publish
                .as_bool()
                .ok_or_else(|| wrong("publish", "must be true or false"))?;
        }
    }
    if let Some(organisation) = organisation
        && !members.contains_key("organisationId")
    {
        members.insert("organisationId".to_owned(), organisation.into());
    }
    let mut body = (kind.complete)(&value)?;
    let text = |body: &Value, name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let mut id = text(&body, kind.id);
    if id.is_empty() && kind.table == APIS {
        let major = text(&body, "version");
        let major = major.split('.').next().unwrap_or_default();
        id = format!("{}-v{major}", text(&body, "name"));
        body[kind.id] = id.clone().into();
    }
    if id.is_empty() {
        let message = "is needed: by it the object is found again. An agency's own begin with its id and a dot";
        return Err(wrong(kind.id, message));
    }
    let organisation = text(&body, "organisationId");
    if organisation.is_empty() {
        return Err(wrong(
            "organisationId",
            "is needed: whose it is cannot be told from the key",
        ));
    }
    Ok(Object {
        kind,
        id,
        organisation,
        body,
        openapi,
        published,
    })
}

fn read_openapi(path: &Path) -> Result<OpenApi, String> {
    let shown = path.display();
    let size = std::fs::metadata(path)
        .map_err(|error| format!("{shown} cannot be read: {error}"))?
        .len();
    if size > LARGEST {
        return Err(format!("{shown} is larger than {} MiB", LARGEST / 1024 / 1024));
    }
    let bytes = std::fs::read(path).map_err(|error| format!("{shown} cannot be read: {error}"))?;
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("document.");
    let value = registry::intake::parse(&bytes, name)?;
    let text = value.to_string();
    Ok(OpenApi::Text {
        hash: registry::intake::hash(&text),
        text,
    })
}
