//! When a draft does not compile, what is wrong is taken out and the rest is served.
//!
//! The API refuses what cannot be served, so this is for what it could not see: a rule that a newer version of the program
//! has, a hand in the tables. Without it one bad row would hold up every other agency's changes.

use super::Compiled;
use snapshot::Problem;
use std::collections::HashSet;
use std::fmt;

/// Rounds of taking out; what is taken out may leave others without what they refer to.
const ROUNDS: usize = 8;

/// Something that is not served, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Kind of object.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// Why.
    pub reason: String,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the {} `{}`: {}", self.kind, self.id, self.reason)
    }
}

/// Compiles with `compile`, taking out what it complains of.
///
/// # Errors
/// The problems of the last round, when taking out did not help.
pub fn without_broken<S>(
    compiled: &mut Compiled,
    mut compile: impl FnMut(&mut Compiled) -> Result<S, Vec<Problem>>,
) -> Result<S, Vec<Problem>> {
    let mut round = 0;
    loop {
        match compile(compiled) {
            Ok(snapshot) => return Ok(snapshot),
            Err(problems) if round == ROUNDS || !take_out(compiled, &problems) => return Err(problems),
            Err(_) => round += 1,
        }
    }
}

/// Whether anything could be taken out.
fn take_out(compiled: &mut Compiled, problems: &[Problem]) -> bool {
    let mut out: HashSet<(&'static str, usize)> = HashSet::new();
    for problem in problems {
        let draft = &compiled.draft;
        let (kind, id) = match problem.table {
            "organisations" => (
                "organisation",
                draft.organisations.get(problem.position).map(|it| &it.id),
            ),
            "apis" => ("api", draft.apis.get(problem.position).map(|it| &it.id)),
            "backends" => ("backend", draft.backends.get(problem.position).map(|it| &it.id)),
            "applications" => ("application", draft.applications.get(problem.position).map(|it| &it.id)),
            "agreements" => ("agreement", draft.agreements.get(problem.position).map(|it| &it.id)),
            "limits" => ("limitPlan", draft.limits.get(problem.position).map(|it| &it.id)),
            _ => continue,
        };
        let Some(id) = id else { continue };
        if out.insert((problem.table, problem.position)) {
            compiled.left_out.push(LeftOut {
                kind,
                id: id.clone(),
                reason: format!("{} {}", problem.field, problem.message).trim().to_owned(),
            });
        }
    }
    let draft = &mut compiled.draft;
    keep(&mut draft.organisations, "organisations", &out);
    keep(&mut draft.apis, "apis", &out);
    keep(&mut compiled.documents, "apis", &out);
    keep(&mut draft.backends, "backends", &out);
    keep(&mut draft.applications, "applications", &out);
    keep(&mut draft.agreements, "agreements", &out);
    keep(&mut draft.limits, "limits", &out);
    !out.is_empty()
}

fn keep<T>(list: &mut Vec<T>, table: &'static str, out: &HashSet<(&'static str, usize)>) {
    let mut position = 0;
    list.retain(|_| {
        position += 1;
        !out.contains(&(table, position - 1))
    });
}
