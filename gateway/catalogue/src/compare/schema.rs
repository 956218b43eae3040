//! Schemas: what a request takes and what an answer promises.

use super::shape::{Bound, Shape};
use super::{Flow, Kind, Walk, kinds};
use crate::spec::Node;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Compares every queued pair; pairs below them are queued as they are found.
pub(super) fn run(walk: &mut Walk<'_>) {
    while let Some((old, new, flow)) = walk.waiting.pop() {
        if !walk.spend(1) {
            return;
        }
        pair(&old, &new, flow, walk);
    }
}

fn pair<'a>(old: &Node<'a>, new: &Node<'a>, flow: Flow, walk: &mut Walk<'a>) {
    if let (Some(before), Some(after)) = (old.value.as_bool(), new.value.as_bool()) {
        if before != after {
            judge(
                before && !after,
                flow,
                new,
                "everything or nothing",
                (&kinds::TYPE_NARROWED, &kinds::TYPE_WIDENED),
                walk,
            );
        }
        return;
    }
    let (before, after) = (Shape::of(old, walk), Shape::of(new, walk));
    if walk.cut {
        return;
    }
    if types(&before, &after, new, flow, walk) {
        values(&before, &after, new, flow, walk);
        bounds(&before, &after, new, flow, walk);
        texts(&before, &after, new, flow, walk);
        properties(&before, &after, new, flow, walk);
        choices(old, new, (&before, &after), flow, walk);
        if let (Some(before), Some(after)) = (&before.items, &after.items) {
            walk.queue(before.clone(), after.clone(), flow);
        }
        if let (Some(before), Some(after)) = (&before.additional, &after.additional) {
            walk.queue(before.clone(), after.clone(), flow);
        }
    }
    if !before.deprecated && after.deprecated {
        walk.add(&kinds::DEPRECATED, new, "the value is deprecated");
    }
}

/// Something narrowed (or widened) is told as what it is for this way; the other way it is harmless.
fn judge(
    narrowed: bool,
    flow: Flow,
    at: &Node<'_>,
    message: impl Into<String>,
    (request, response): (&'static Kind, &'static Kind),
    walk: &mut Walk<'_>,
) {
    let kind = match (flow, narrowed) {
        (Flow::Request, true) => request,
        (Flow::Response, false) => response,
        _ => &kinds::RELAXED,
    };
    walk.add(kind, at, message);
}

/// Whether the types have anything in common, so that the rest can be compared.
fn types(old: &Shape<'_>, new: &Shape<'_>, at: &Node<'_>, flow: Flow, walk: &mut Walk<'_>) -> bool {
    let covers = |wide: &Option<BTreeSet<&str>>, narrow: &Option<BTreeSet<&str>>| match (wide, narrow) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(wide), Some(narrow)) => narrow
            .iter()
            .all(|kind| wide.contains(kind) || (*kind == "integer" && wide.contains("number"))),
    };
    let (takes_all, gives_no_more) = (covers(&new.types, &old.types), covers(&old.types, &new.types));
    let message = || format!("the type was {} and is {}", words(&old.types), words(&new.types));
    let kinds = (&kinds::TYPE_NARROWED, &kinds::TYPE_WIDENED);
    match (takes_all, gives_no_more) {
        (true, true) => return true,
        (false, true) => judge(true, flow, at, message(), kinds, walk),
        (true, false) => judge(false, flow, at, message(), kinds, walk),
        (false, false) => {
            let kind = match flow {
                Flow::Request => kinds.0,
                Flow::Response => kinds.1,
            };
            walk.add(kind, at, message());
        }
    }
    match (&old.types, &new.types) {
        (Some(old), Some(new)) => old.iter().any(|kind| *kind != "null" && new.contains(kind)),
        _ => true,
    }
}

fn words(types: &Option<BTreeSet<&str>>) -> String {
    match types {
        None => "anything".to_owned(),
        Some(types) => types.iter().copied().collect::<Vec<_>>().join(" or "),
    }
}

fn values(old: &Shape<'_>, new: &Shape<'_>, at: &Node<'_>, flow: Flow, walk: &mut Walk<'_>) {
    let text = |values: &Option<Vec<&Value>>| -> Option<HashSet<String>> {
        values
            .as_ref()
            .map(|all| all.iter().map(|value| value.to_string()).collect())
    };
    let (before, after) = (text(&old.values), text(&new.values));
    let lost: Vec<String> = match (&before, &after) {
        (None, Some(_)) => vec!["any other value".to_owned()],
        (Some(before), Some(after)) => sorted(before.difference(after)),
        (_, None) => Vec::new(),
    };
    let gained: Vec<String> = match (&before, &after) {
        (Some(_), None) => vec!["any value".to_owned()],
        (Some(before), Some(after)) => sorted(after.difference(before)),
        (None, _) => Vec::new(),
    };
    let widened = if old.extensible {
        &kinds::RELAXED
    } else {
        &kinds::VALUES_WIDENED
    };
    let kinds = (&kinds::VALUES_NARROWED, widened);
    if !lost.is_empty() {
        judge(
            true,
            flow,
            at,
            format!("{} is not among the values any more", short(&lost)),
            kinds,
            walk,
        );
    }
    if !gained.is_empty() {
        judge(
            false,
            flow,
            at,
            format!("{} is among the values now", short(&gained)),
            kinds,
            walk,
        );
    }
}

fn sorted<'s>(values: impl Iterator<Item = &'s String>) -> Vec<String> {
    let mut values: Vec<String> = values.cloned().collect();
    values.sort();
    values
}

/// The first few; a list of a thousand helps nobody.
fn short(values: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<String> = values
        .iter()
        .take(SHOWN)
        .map(|value| value.chars().take(80).collect())
        .collect();
    match values.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("{} and {more} more", shown.join(", ")),
        _ => shown.join(", "),
    }
}

fn bounds(old: &Shape<'_>, new: &Shape<'_>, at: &Node<'_>, flow: Flow, walk: &mut Walk<'_>) {
    let kinds = (&kinds::BOUND_NARROWED, &kinds::BOUND_WIDENED);
    let mut one = |what: &str, before: Option<Bound>, after: Option<Bound>, lower: bool| {
        let sign = if lower { 1.0 } else { -1.0 };
        // As if it were a lower bound: what lies further in lets less through.
        let inward = |bound: Option<Bound>| {
            bound.map_or((f64::NEG_INFINITY, false), |bound| {
                (sign * bound.value, bound.exclusive)
            })
        };
        let (before_at, after_at) = (inward(before), inward(after));
        if before_at != after_at {
            let narrowed = after_at.0 > before_at.0 || (after_at.0 == before_at.0 && after_at.1);
            let message = format!("{what} was {} and is {}", shown(before), shown(after));
            judge(narrowed, flow, at, message, kinds, walk);
        }
    };
    one("the lowest value", old.lowest, new.lowest, true);
    one("the highest value", old.highest, new.highest, false);
    let counted = |map: &HashMap<&'static str, u64>, key: &str| {
        map.get(key).map(|value| Bound {
            value: *value as f64,
            exclusive: false,
        })
    };
    for key in ["minLength", "minItems", "minProperties"] {
        // Nothing said means from nothing on.
        let zero = |bound: Option<Bound>| bound.filter(|bound| bound.value > 0.0);
        one(
            key,
            zero(counted(&old.least, key)),
            zero(counted(&new.least, key)),
            true,
        );
    }
    for key in ["maxLength", "maxItems", "maxProperties"] {
        one(key, counted(&old.most, key), counted(&new.most, key), false);
    }
    if old.multiple_of != new.multiple_of {
        // Multiples of 10 are multiples of 5.
        let step = |wide: Option<f64>, narrow: Option<f64>| match (wide, narrow) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(wide), Some(narrow)) => wide != 0.0 && narrow % wide == 0.0,
        };
        let narrowed = !step(new.multiple_of, old.multiple_of);
        judge(narrowed, flow, at, "multipleOf has changed", kinds, walk);
    }
    if old.unique != new.unique {
        judge(new.unique, flow, at, "uniqueItems has changed", kinds, walk);
    }
}

fn shown(bound: Option<Bound>) -> String {
    match bound {
        None => "not set".to_owned(),
        Some(Bound {
            value,
            exclusive: false,
        }) => value.to_string(),
        Some(Bound { value, .. }) => format!("{value} (exclusive)"),
    }
}

fn texts(old: &Shape<'_>, new: &Shape<'_>, at: &Node<'_>, flow: Flow, walk: &mut Walk<'_>) {
    if old.format != new.format {
        let message = format!(
            "the format was {} and is {}",
            old.format.unwrap_or("not set"),
            new.format.unwrap_or("not set")
        );
        match (flow, old.format, new.format) {
            (Flow::Request, Some(_), None) | (Flow::Response, None, Some(_)) => walk.add(&kinds::RELAXED, at, message),
            (_, _, _) => walk.add(&kinds::FORMAT_CHANGED, at, message),
        }
    }
    if old.pattern != new.pattern {
        match (flow, old.pattern, new.pattern) {
            (Flow::Request, _, Some(_)) => walk.add(&kinds::BOUND_NARROWED, at, "a value must follow another pattern"),
            (Flow::Request, _, None) | (Flow::Response, None, Some(_)) => {
                walk.add(&kinds::RELAXED, at, "the pattern has changed");
            }
            (Flow::Response, _, _) => walk.add(&kinds::PATTERN_CHANGED, at, "the pattern has changed"),
        }
    }
    if old.default != new.default && flow == Flow::Request {
        walk.add(&kinds::DEFAULT_CHANGED, at, "the default has changed");
    }
}

fn properties<'a>(old: &Shape<'a>, new: &Shape<'a>, at: &Node<'a>, flow: Flow, walk: &mut Walk<'a>) {
    // What only answers hold is nothing of a request's, and the reverse.
    let other_way = match flow {
        Flow::Request => "readOnly",
        Flow::Response => "writeOnly",
    };
    for (name, before) in old.properties.iter().filter(|(_, node)| !node.is_true(other_way)) {
        match new.property(name) {
            None => walk.gone(
                &kinds::PROPERTY_REMOVED,
                before,
                format!("{name} is gone from the {}", word(flow)),
            ),
            Some(after) if after.is_true(other_way) => {
                walk.gone(
                    &kinds::PROPERTY_REMOVED,
                    before,
                    format!("{name} is gone from the {}", word(flow)),
                );
            }
            Some(after) => {
                required(name, (old, new), after, flow, walk);
                walk.queue(before.clone(), after.clone(), flow);
            }
        }
    }
    for (name, after) in new.properties.iter().filter(|(_, node)| !node.is_true(other_way)) {
        if old.property(name).is_none() {
            if flow == Flow::Request && new.required.contains(name) {
                walk.add(&kinds::PROPERTY_REQUIRED, after, format!("{name} is new and required"));
            } else {
                walk.add(
                    &kinds::PROPERTY_ADDED,
                    after,
                    format!("{name} is new in the {}", word(flow)),
                );
            }
        }
    }
    undeclared(old, new, at, flow, walk);
    if old.closed != new.closed {
        judge(
            new.closed,
            flow,
            at,
            "additionalProperties has changed",
            (&kinds::CLOSED, &kinds::OPENED),
            walk,
        );
    }
}

fn required<'a>(name: &str, (old, new): (&Shape<'a>, &Shape<'a>), at: &Node<'a>, flow: Flow, walk: &mut Walk<'a>) {
    match (flow, old.required.contains(name), new.required.contains(name)) {
        (Flow::Request, false, true) => {
            walk.add(&kinds::PROPERTY_REQUIRED, at, format!("{name} was optional"));
        }
        (Flow::Response, true, false) => {
            walk.add(&kinds::PROPERTY_OPTIONAL, at, format!("{name} was always there"));
        }
        (_, before, after) if before != after => {
            walk.add(&kinds::RELAXED, at, format!("{name}: required has changed"));
        }
        _ => {}
    }
}

/// Names that are required without being described as properties.
fn undeclared<'a>(old: &Shape<'a>, new: &Shape<'a>, at: &Node<'a>, flow: Flow, walk: &mut Walk<'a>) {
    let bare = |shape: &Shape<'a>| -> BTreeSet<&'a str> {
        let names = shape.required.iter().copied();
        names.filter(|name| shape.property(name).is_none()).collect()
    };
    let (before, after) = (bare(old), bare(new));
    if flow == Flow::Request {
        for name in after.iter().filter(|name| !old.required.contains(**name)) {
            walk.add(&kinds::PROPERTY_REQUIRED, at, format!("{name} is required now"));
        }
    } else {
        for name in before.iter().filter(|name| !new.required.contains(**name)) {
            walk.add(&kinds::PROPERTY_OPTIONAL, at, format!("{name} was always there"));
        }
    }
}

fn word(flow: Flow) -> &'static str {
    match flow {
        Flow::Request => "request",
        Flow::Response => "answer",
    }
}

/// Alternatives are paired by the component they refer to, or else by their position.
fn choices<'a>(
    old: &Node<'a>,
    new: &Node<'a>,
    (before, after): (&Shape<'a>, &Shape<'a>),
    flow: Flow,
    walk: &mut Walk<'a>,
) {
    if before.choices.is_empty() && after.choices.is_empty() {
        return;
    }
    if before.choices.is_empty() || after.choices.is_empty() {
        let narrowed = before.choices.is_empty();
        let kinds = (&kinds::CHOICE_REMOVED, &kinds::CHOICE_ADDED);
        let message = if narrowed {
            "there are only some forms now"
        } else {
            "any form goes now"
        };
        judge(narrowed, flow, new, message, kinds, walk);
        return;
    }
    let (former, current) = (keys(&before.choices), keys(&after.choices));
    let known: HashMap<&str, &Node<'a>> = current.iter().map(|(key, node)| (key.as_str(), node)).collect();
    for (key, choice) in &former {
        match known.get(key.as_str()) {
            Some(other) => walk.queue(choice.clone(), (*other).clone(), flow),
            None if flow == Flow::Request => {
                walk.gone(&kinds::CHOICE_REMOVED, choice, format!("the form {key} is gone"));
            }
            None => walk.add(&kinds::RELAXED, new, format!("the form {key} is gone")),
        }
    }
    let known: HashSet<&str> = former.iter().map(|(key, _)| key.as_str()).collect();
    for (key, choice) in current.iter().filter(|(key, _)| !known.contains(key.as_str())) {
        if flow == Flow::Response && !is_extensible(old) {
            walk.add(&kinds::CHOICE_ADDED, choice, format!("the form {key} is new"));
        } else {
            walk.add(&kinds::RELAXED, choice, format!("the form {key} is new"));
        }
    }
}

fn is_extensible(schema: &Node<'_>) -> bool {
    schema.value.get("x-extensible-enum").is_some()
}

fn keys<'a>(choices: &[Node<'a>]) -> Vec<(String, Node<'a>)> {
    let named = |(position, node): (usize, &Node<'a>)| {
        let key = match node.place.strip_prefix("/components/schemas/") {
            Some(name) if !name.contains('/') => name.to_owned(),
            _ if node.text("type") == Some("null") => "null".to_owned(),
            _ => node.text("title").map_or_else(|| position.to_string(), str::to_owned),
        };
        (key, node.clone())
    };
    choices.iter().enumerate().map(named).collect()
}
