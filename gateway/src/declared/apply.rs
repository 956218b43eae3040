//! Puts a document in force: one object after another, by the registry's API.

use super::difference::{Difference, MAINTENANCE};
use super::server::{Answer, Server};
use super::steps::{About, Seen, Step, relation, steps};
use anyhow::bail;
use document::{Problems, Source};
use registry::api::MOST_CHECKED;
use reqwest::Method;
use serde_json::{Value, json};
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
    let mut made = String::new();
    for step in steps(difference) {
        let about = step.about;
        let answer = send(server, step, &made).await?;
        if matches!(about, About::Document | About::Address) {
            notes.extend(report(&difference.id, &answer));
        }
        made = accepted(source, difference, about, answer)?;
    }
    Ok(notes)
}

/// Lets a new organisation name others, once all of them are registered.
///
/// # Errors
/// As [`apply`].
pub async fn relate(server: &Server, source: &Source, difference: &Difference) -> Result<(), Stopped> {
    let Some(step) = relation(difference) else {
        return Ok(());
    };
    let about = step.about;
    let answer = send(server, step, "").await?;
    accepted(source, difference, about, answer).map(drop)
}

/// Asks the registry what it would refuse of these differences, in their order; nothing is made. Gives what there is to say of
/// what was not tried out: a document that is named by its address is fetched only when it is applied, because others' changes
/// wait while some are tried out, and so what follows from it.
///
/// # Errors
/// What would be refused, at its line of the document; the registry cannot be asked.
pub async fn rehearse(server: &Server, source: &Source, differences: &[&Difference]) -> Result<Vec<String>, Stopped> {
    let new = differences.iter().take_while(|one| one.is_new_organisation()).count();
    let (organisations, others) = differences.split_at(new);
    let planned: Vec<(&Difference, Step)> = organisations
        .iter()
        .flat_map(|one| tried(one))
        .chain(organisations.iter().filter_map(|one| Some((*one, relation(one)?))))
        .chain(others.iter().flat_map(|one| tried(one)))
        .collect();
    let untried = differences.iter().filter_map(|one| untried(one)).collect();
    if planned.is_empty() {
        return Ok(untried);
    }
    if planned.len() > MOST_CHECKED {
        let message = format!(
            "the registry tries out {MOST_CHECKED} calls together at most, and these are {}: nothing was checked",
            planned.len()
        );
        return Err(Stopped::Failed(anyhow::anyhow!(message)));
    }
    let changes = planned.iter().map(|(_, step)| as_change(step));
    let body = json!({ "changes": changes.collect::<Vec<_>>() }).to_string();
    let answer = server.send(Method::POST, "checks", None, Some(body)).await?;
    if !answer.status.is_success() {
        return Err(Stopped::Failed(anyhow::anyhow!(
            "nothing was checked: {}",
            answer.said()
        )));
    }
    let report = answer.json();
    let results = report["results"].as_array().cloned().unwrap_or_default();
    let problems = Problems::new();
    let mut refused: Option<&Difference> = None;
    for ((difference, step), result) in planned.iter().zip(&results) {
        // What follows from a refusal is not told.
        let follows = refused.is_some_and(|refused| std::ptr::eq(refused, *difference));
        if !follows && result["status"].as_u64() >= Some(400) {
            refused = Some(difference);
            let said = super::server::said(&result["status"], &result["problem"]);
            tell(&problems, source, (difference, step.about), &result["problem"], &said);
        }
    }
    match refused {
        Some(_) => Err(Stopped::Refused(problems)),
        None => Ok(untried),
    }
}

/// The steps up to one for which something is fetched.
fn tried(difference: &Difference) -> impl Iterator<Item = (&Difference, Step)> {
    let steps = steps(difference).into_iter();
    let steps = steps.take_while(|step| step.about != About::Address);
    steps.map(move |step| (difference, step))
}

/// What is to be said of the steps that are not tried out.
fn untried(difference: &Difference) -> Option<String> {
    let steps = steps(difference);
    let fetched = steps.iter().any(|step| step.about == About::Address);
    let publishes = steps.iter().any(|step| step.about == About::Publication);
    let address = difference.address().filter(|_| fetched)?;
    let follows = if publishes { ", nor was the publication" } else { "" };
    Some(format!(
        "  {}: {address} is fetched only when it is applied: its document was not tried out{follows}",
        difference.id
    ))
}

/// A step as the registry tries it out. What a step before it makes has whichever revision.
fn as_change(step: &Step) -> Value {
    let mut change = json!({ "method": step.method.as_str(), "path": format!("/{}", step.path) });
    if let Seen::Read(revision) = step.seen {
        change["ifMatch"] = format!("\"{revision}\"").into();
    }
    if let Some(body) = &step.body {
        change["body"] = serde_json::from_str(body).unwrap_or_default();
    }
    change
}

async fn send(server: &Server, step: Step, made: &str) -> anyhow::Result<Answer> {
    let revision = match step.seen {
        Seen::None => None,
        Seen::Read(revision) => Some(format!("\"{revision}\"")),
        Seen::Made => Some(made.to_owned()),
        Seen::Any => Some("*".to_owned()),
    };
    server
        .send(step.method, &step.path, revision.as_deref(), step.body)
        .await
}

fn report(api: &str, answer: &Answer) -> Option<String> {
    let report = answer.json();
    let count = |field: &str| report[field].as_u64().unwrap_or_default();
    let (errors, warnings) = (count("errorCount"), count("warningCount"));
    (errors + warnings > 0).then(|| {
        format!("  {api}: {errors} errors and {warnings} warnings against the national REST profile (vagvisare lint names them)")
    })
}

/// The revision after it; what was refused becomes problems at their lines.
fn accepted(source: &Source, difference: &Difference, about: About, answer: Answer) -> Result<String, Stopped> {
    if answer.status.is_success() {
        return Ok(answer.revision.unwrap_or_default());
    }
    let problems = Problems::new();
    tell(&problems, source, (difference, about), &answer.json(), &answer.said());
    Err(Stopped::Refused(problems))
}

/// Adds what the registry says against a step of a difference.
fn tell(problems: &Problems, source: &Source, (difference, about): (&Difference, About), problem: &Value, said: &str) {
    let (table, id) = (difference.kind.table, &difference.id);
    let place = difference.place.clone().unwrap_or_default();
    let errors = problem["errors"].as_array().filter(|errors| !errors.is_empty());
    match errors {
        Some(errors) => {
            for error in errors {
                let text = |name: &str| error[name].as_str().unwrap_or_default();
                let field = text("field");
                // A pointer leads into the OpenAPI document, which is a file of its own.
                let (path, message) = match field.starts_with('/') || field.starts_with('(') {
                    true => (format!("{place}.openapi"), format!("{field}: {}", text("message"))),
                    false if about == About::Maintenance => {
                        (format!("{place}.{MAINTENANCE}.{field}"), text("message").to_owned())
                    }
                    false if about == About::Address && field == "documentUrl" => {
                        (format!("{place}.openapi"), text("message").to_owned())
                    }
                    false => (format!("{place}.{field}"), text("message").to_owned()),
                };
                problems.add(source.problem(&path, message));
            }
        }
        None => problems.add(source.problem(&place, format!("{table} {id}: {said}"))),
    }
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
