//! Writes down what is registered.

use super::kinds::{APIS, KINDS};
use super::{Known, Server};
use anyhow::Context;
use serde_json::{Map, Value};
use std::path::Path;

/// Folder of OpenAPI documents, beside the document.
const DOCUMENTS: &str = "openapi";

const HEAD: &str = "\
# A registry, as vagvisare export wrote it: compare with vagvisare diff, put in force with vagvisare apply.
# Fields are those of the registry's API (/registry/v1/docs). Keys are not in it, nor are signatures.
";

/// The text of a document. With a folder, the APIs' OpenAPI documents are written below it and named; without, they are left
/// out, and a document that names none leaves them as they are.
///
/// # Errors
/// The registry cannot be read, the folder cannot be written.
pub async fn write(server: &Server, mut known: Vec<Known>, folder: Option<&Path>) -> anyhow::Result<String> {
    known.retain(|one| !one.ended);
    let mut document = Map::new();
    for kind in &KINDS {
        let mut of_kind: Vec<&Known> = known.iter().filter(|one| one.object.kind.table == kind.table).collect();
        of_kind.sort_by(|one, other| one.object.id.cmp(&other.object.id));
        let mut objects = Vec::with_capacity(of_kind.len());
        for one in of_kind {
            let mut body = one.object.body.clone();
            if kind.table == APIS {
                if let (Some(folder), Some(_)) = (folder, &one.document_hash) {
                    let name = format!("{DOCUMENTS}/{}.json", one.object.id);
                    write_openapi(server, &one.object.id, &folder.join(&name)).await?;
                    body["openapi"] = name.into();
                }
                body["publish"] = one.object.published.into();
            }
            objects.push(body);
        }
        document.insert(kind.table.to_owned(), Value::Array(objects));
    }
    let text = toml::to_string_pretty(&Value::Object(document)).context("the registry cannot be written as TOML")?;
    Ok(format!("{HEAD}\n{text}"))
}

async fn write_openapi(server: &Server, id: &str, path: &Path) -> anyhow::Result<()> {
    let document = server.get(&format!("apis/{id}/openapi")).await?.json();
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    std::fs::write(path, format!("{document:#}\n")).with_context(|| format!("{} cannot be written", path.display()))
}
