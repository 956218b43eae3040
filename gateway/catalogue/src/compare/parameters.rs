//! Parameters of a pair of operations.

use super::{Flow, Walk, kinds};
use crate::spec::{Node, merge_parameters};
use std::collections::{HashMap, HashSet};

/// Where a parameter is sent, and what tells it from the others there.
type Key = (String, String);

/// Compares the parameters of two operations; each side is a path item and its operation.
pub(super) fn compare<'a>(
    old: (&Node<'a>, &Node<'a>),
    new: (&Node<'a>, &Node<'a>),
    paths: (&str, &str),
    walk: &mut Walk<'a>,
) {
    let count = |node: &Node<'a>| node.get("parameters").map_or(0, |list| list.len());
    if !walk.spend(count(old.0) + count(old.1) + count(new.0) + count(new.1) + 1) {
        return;
    }
    let (before, after) = (listed(old, paths.0), listed(new, paths.1));
    let former: HashSet<&Key> = before.iter().map(|(key, _)| key).collect();
    let index: HashMap<&Key, &Node<'a>> = after.iter().map(|(key, node)| (key, node)).collect();
    for (key, parameter) in &before {
        match index.get(key) {
            Some(other) => pair(parameter, other, walk),
            // A path parameter that is gone from a path that is still there is not declared, no more.
            None if key.0 == "path" => {}
            None => walk.gone(
                &kinds::PARAMETER_REMOVED,
                parameter,
                format!("{} ({}) is gone", name_of(parameter), key.0),
            ),
        }
    }
    for (key, parameter) in after.iter().filter(|(key, _)| !former.contains(key)) {
        let name = name_of(parameter);
        if parameter.is_true("required") && key.0 != "path" {
            walk.add(
                &kinds::PARAMETER_ADDED_REQUIRED,
                parameter,
                format!("{name} ({}) is new and required", key.0),
            );
        } else {
            walk.add(&kinds::PARAMETER_ADDED, parameter, format!("{name} ({}) is new", key.0));
        }
    }
}

fn name_of<'a>(parameter: &Node<'a>) -> &'a str {
    parameter.text("name").unwrap_or_default()
}

/// The parameters under their keys. A path parameter's name is the document's own affair; its position in the path is
/// what callers see. The names of headers have no case.
fn listed<'a>((item, operation): (&Node<'a>, &Node<'a>), path: &str) -> Vec<(Key, Node<'a>)> {
    let list = |node: &Node<'a>| node.get("parameters").map(|list| list.items()).unwrap_or_default();
    let positions = template_names(path);
    let key = |parameter: &Node<'a>| {
        let (place, name) = (parameter.text("in").unwrap_or_default(), name_of(parameter));
        let name = match place {
            "path" => positions
                .iter()
                .position(|known| *known == name)
                .map_or_else(|| name.to_owned(), |position| position.to_string()),
            "header" => name.to_ascii_lowercase(),
            _ => name.to_owned(),
        };
        (place.to_owned(), name)
    };
    let merged = merge_parameters(list(operation), &list(item));
    merged
        .into_iter()
        .map(|parameter| (key(&parameter), parameter))
        .collect()
}

fn template_names(path: &str) -> Vec<&str> {
    let parts = path.split('{').skip(1);
    parts
        .filter_map(|part| part.split_once('}').map(|(name, _)| name))
        .collect()
}

fn pair<'a>(old: &Node<'a>, new: &Node<'a>, walk: &mut Walk<'a>) {
    let name = name_of(new);
    match (old.is_true("required"), new.is_true("required")) {
        (false, true) => walk.add(&kinds::PARAMETER_REQUIRED, new, format!("{name} was optional")),
        (true, false) => walk.add(&kinds::PARAMETER_OPTIONAL, new, format!("{name} was required")),
        _ => {}
    }
    if !old.is_true("deprecated") && new.is_true("deprecated") {
        walk.add(&kinds::DEPRECATED, new, format!("{name} is deprecated"));
    }
    if form(old) != form(new) {
        walk.add(&kinds::PARAMETER_FORM, new, format!("{name} is written in another way"));
    }
    if let (Some(before), Some(after)) = (old.get("schema"), new.get("schema")) {
        walk.queue(before, after, Flow::Request);
    }
}

/// How a value of several parts is written, with what holds when the document does not say.
fn form<'a>(parameter: &Node<'a>) -> (&'a str, bool, bool) {
    let usual = match parameter.text("in") {
        Some("query" | "cookie") => "form",
        _ => "simple",
    };
    let style = parameter.text("style").unwrap_or(usual);
    let explode = parameter
        .value
        .get("explode")
        .and_then(serde_json::Value::as_bool)
        .unwrap_or(style == "form");
    (style, explode, parameter.value.get("content").is_some())
}
