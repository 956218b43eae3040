//! From a problem of the draft back to a line of the document.

use document::{Problem, ProblemKind, Problems, Source};
use std::collections::HashSet;

/// Fields whose rules look at another field: when the second could not be read, the rule about the first judges a default.
const LOOKS_AT: [(&str, &str); 10] = [
    ("id", "name"),
    ("weights", "addresses"),
    ("id", "version"),
    ("version", "state"),
    ("version", "name"),
    ("deprecated_at", "state"),
    ("sunset_at", "deprecated_at"),
    ("valid_to", "valid_from"),
    ("apis[", "producers"),
    ("applications[", "consumers"),
];

/// Adds `broken` to `problems`, which holds what reading `source` has found. A rule that was broken by a default standing
/// in for an unreadable value is left out: the value's own problem says it all.
pub(crate) fn add(source: &Source, broken: Vec<snapshot::Problem>, problems: &Problems) {
    let read = problems.sorted();
    if read.iter().any(|problem| problem.kind == ProblemKind::Syntax) {
        // What was recovered of a broken document is not what its author wrote.
        return;
    }
    let unread: HashSet<&str> = read
        .iter()
        .filter(|problem| problem.kind == ProblemKind::Unread)
        .map(|problem| problem.path.as_str())
        .collect();
    let ids_are_unread = unread.iter().any(|path| makes_an_id(path));
    for problem in broken {
        let refers_to_unread = ids_are_unread && problem.message.starts_with("there is no ");
        if !refers_to_unread && !judges_a_default(&problem, &unread) {
            problems.add(place(source, &problem));
        }
    }
}

/// Whether other objects may refer to what this key was to give: an id, what an API's id is made of, or a whole section.
fn makes_an_id(path: &str) -> bool {
    let of_an_api = path.starts_with("apis[") && (path.ends_with("].name") || path.ends_with("].version"));
    of_an_api || path.ends_with("].id") || !path.contains('.')
}

fn judges_a_default(problem: &snapshot::Problem, unread: &HashSet<&str>) -> bool {
    let object = format!("{}[{}]", problem.table, problem.position);
    let own = if problem.field.is_empty() {
        object.clone()
    } else {
        format!("{object}.{}", problem.field)
    };
    let around = |path: &str| own == path || own.strip_prefix(path).is_some_and(|rest| rest.starts_with(['.', '[']));
    let looked_at = |(field, at): &(&str, &str)| {
        problem.field.starts_with(field) && unread.contains(format!("{object}.{at}").as_str())
    };
    unread.iter().any(|path| around(path)) || LOOKS_AT.iter().any(looked_at)
}

/// The problem at its line. Operations that came from an OpenAPI document stand where that document is named.
fn place(source: &Source, problem: &snapshot::Problem) -> Problem {
    let object = format!("{}[{}]", problem.table, problem.position);
    if problem.field.is_empty() {
        return source.problem(&object, problem.message.clone());
    }
    let own = format!("{object}.{}", problem.field);
    let openapi = format!("{object}.openapi");
    if problem.field.starts_with("routes[") && !source.holds(&own) && source.holds(&openapi) {
        return source.problem(&openapi, problem.message.clone());
    }
    source.problem(&own, problem.message.clone())
}
