//! Puts a document in force: one object after another, by the registry's API.

use super::difference::{Difference, What};
use super::kinds::{APIS, ORGANISATIONS};
use super::server::{Answer, Server};
use super::{Object, OpenApi};
use anyhow::bail;
use document::{Problems, Source};
use reqwest::Method;
use serde_json::Value;
use std::time::{Duration, Instant};

/// How often the nodes are asked.
const ASK: Duration = Duration::from_millis(100);

/// Why it stopped.
#[derive(Debug)]
pub enum Stopped {
    /// The registry refused something; each problem has its line.
    Refused(Problems),
    /// It could not be asked.
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for Stopped {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

/// Makes one difference go away. Gives what there is to say of it.
///
/// # Errors
/// What the registry refused, at its line of the document; the registry cannot be reached.
pub async fn apply(server: &Server, source: &Source, difference: &Difference) -> Result<Vec<String>, Stopped> {
    let mut notes = Vec::new();
    match (&difference.what, &difference.declared, &difference.known) {
        (What::Extra, _, Some(known)) => {
            let path = format!("{}/{}", difference.kind.path, difference.id);
            let revision = format!("\"{}\"", known.revision);
            let answer = server.send(Method::DELETE, &path, Some(&revision), None).await?;
            accepted(source, difference, answer)?;
        }
        (What::Missing, Some(object), _) => {
            let body = if difference.is_new_organisation() {
                alone(&object.body).to_string()
            } else {
                object.body.to_string()
            };
            let answer = server
                .send(Method::POST, difference.kind.path, None, Some(body))
                .await?;
            let revision = accepted(source, difference, answer)?;
            finish(
                server,
                source,
                difference,
                object,
                revision,
                true,
                object.published,
                &mut notes,
            )
            .await?;
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
            let mut revision = format!("\"{}\"", known.revision);
            if !fields.is_empty() {
                let path = format!("{}/{}", difference.kind.path, difference.id);
                let body = Some(object.body.to_string());
                let answer = server.send(Method::PUT, &path, Some(&revision), body).await?;
                revision = accepted(source, difference, answer)?;
            }
            finish(
                server, source, difference, object, revision, *document, *publish, &mut notes,
            )
            .await?;
        }
        _ => {}
    }
    Ok(notes)
}

/// Lets a new organisation name others, once all of them are registered: organisations may name each other.
///
/// # Errors
/// As [`apply`].
pub async fn relate(server: &Server, source: &Source, difference: &Difference) -> Result<(), Stopped> {
    let named = difference
        .declared
        .as_ref()
        .filter(|object| alone(&object.body) != object.body);
    let Some(object) = named.filter(|_| difference.is_new_organisation()) else {
        return Ok(());
    };
    let path = format!("{ORGANISATIONS}/{}", object.id);
    let body = Some(object.body.to_string());
    let answer = server.send(Method::PUT, &path, Some("*"), body).await?;
    accepted(source, difference, answer).map(drop)
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
#[expect(
    clippy::too_many_arguments,
    reason = "each is one fact of the step, and only this file calls it"
)]
async fn finish(
    server: &Server,
    source: &Source,
    difference: &Difference,
    object: &Object,
    mut revision: String,
    document: bool,
    publish: bool,
    notes: &mut Vec<String>,
) -> Result<(), Stopped> {
    if difference.kind.table != APIS {
        return Ok(());
    }
    let path = format!("apis/{}", object.id);
    if let Some(openapi) = object.openapi.as_ref().filter(|_| document) {
        let (text, path) = (Some(openapi.text.clone()), format!("{path}/openapi"));
        let answer = server.send(Method::PUT, &path, Some(&revision), text).await?;
        notes.extend(report(&object.id, openapi, &answer));
        revision = accepted(source, difference, answer)?;
    }
    if publish {
        let path = format!("{path}/publications");
        let answer = server
            .send(Method::POST, &path, Some(&revision), Some("{}".to_owned()))
            .await?;
        accepted(source, difference, answer)?;
    }
    Ok(())
}

fn report(api: &str, _sent: &OpenApi, answer: &Answer) -> Option<String> {
    let report = answer.json();
    let count = |field: &str| report[field].as_u64().unwrap_or_default();
    let (errors, warnings) = (count("errorCount"), count("warningCount"));
    (errors + warnings > 0).then(|| {
        format!("  {api}: {errors} errors and {warnings} warnings against the national REST profile (vagvisare lint names them)")
    })
}

/// The revision after it; what was refused becomes problems at their lines.
fn accepted(source: &Source, difference: &Difference, answer: Answer) -> Result<String, Stopped> {
    if answer.status.is_success() {
        return Ok(answer.revision.unwrap_or_default());
    }
    let problems = Problems::new();
    let body = answer.json();
    let (table, id) = (difference.kind.table, &difference.id);
    let place = difference.place.clone().unwrap_or_default();
    let errors = body["errors"].as_array().filter(|errors| !errors.is_empty());
    match errors {
        Some(errors) => {
            for error in errors {
                let text = |name: &str| error[name].as_str().unwrap_or_default();
                let field = text("field");
                // A pointer leads into the OpenAPI document, which is a file of its own.
                let (path, message) = match field.starts_with('/') || field.starts_with('(') {
                    true => (format!("{place}.openapi"), format!("{field}: {}", text("message"))),
                    false => (format!("{place}.{field}"), text("message").to_owned()),
                };
                problems.add(source.problem(&path, message));
            }
        }
        None => problems.add(source.problem(&place, format!("{table} {id}: {}", answer.said()))),
    }
    Err(Stopped::Refused(problems))
}

/// Waits until every node that lives serves what the registry now holds; gives the version and how many nodes there are.
///
/// # Errors
/// Not within `patience`: which nodes lag behind.
pub async fn wait(server: &Server, patience: Duration) -> anyhow::Result<(i64, usize)> {
    let begun = Instant::now();
    let first = server.get("nodes?limit=100").await?.json();
    let wanted = first["registryVersion"].as_i64().unwrap_or_default();
    let mut list = first;
    loop {
        let nodes = list["nodes"].as_array().cloned().unwrap_or_default();
        let behind = |node: &&Value| node["version"].as_i64().unwrap_or_default() < wanted;
        let late: Vec<String> = nodes
            .iter()
            .filter(behind)
            .map(|node| node["node"].to_string())
            .collect();
        if late.is_empty() && !nodes.is_empty() {
            return Ok((wanted, nodes.len()));
        }
        if begun.elapsed() >= patience {
            bail!(
                "not every node serves version {wanted} after {patience:?}: {} lag behind",
                late.join(", ")
            );
        }
        tokio::time::sleep(ASK).await;
        list = server.get("nodes?limit=100").await?.json();
    }
}
