//! Paths, methods, bodies and responses.

use super::{Flow, Walk, kinds, parameters, security};
use crate::spec::{METHODS, Node, Spec, is_failure};
use std::collections::{HashMap, HashSet};

/// A path item under the shape of its path.
type Paths<'a> = HashMap<String, (&'a str, Node<'a>)>;

/// Pairs the operations of two documents and compares each pair.
pub(super) fn compare<'a>(old: &Spec<'a>, new: &Spec<'a>, walk: &mut Walk<'a>) {
    let (before, after) = (by_shape(old), by_shape(new));
    let mut compared = HashSet::new();
    for (path, item) in &old.paths {
        match after.get(&shape(path)) {
            None => walk.gone(&kinds::PATH_REMOVED, item, format!("{path} is gone")),
            Some((renamed, other)) => {
                if renamed != path {
                    walk.add(&kinds::PARAMETER_RENAMED, other, format!("{path} is written {renamed}"));
                }
                if compared.insert((item.place.clone(), other.place.clone())) {
                    methods((old, item), (new, other), (path, renamed), walk);
                }
            }
        }
    }
    for (path, item) in new.paths.iter().filter(|(path, _)| !before.contains_key(&shape(path))) {
        walk.add(&kinds::PATH_ADDED, item, format!("{path} is new"));
    }
    webhooks(old, new, walk);
}

fn by_shape<'a>(spec: &Spec<'a>) -> Paths<'a> {
    let paths = spec.paths.iter();
    paths.map(|(path, item)| (shape(path), (*path, item.clone()))).collect()
}

/// A path whose template is malformed is only itself.
fn shape(path: &str) -> String {
    crate::routes::shape(path).unwrap_or_else(|_| path.to_owned())
}

type Side<'s, 'a> = (&'s Spec<'a>, &'s Node<'a>);

fn methods<'a>(old: Side<'_, 'a>, new: Side<'_, 'a>, paths: (&'a str, &'a str), walk: &mut Walk<'a>) {
    for method in METHODS {
        if !walk.spend(1) {
            return;
        }
        let find = |item: &Node<'a>| item.get(method).filter(|node| node.value.is_object());
        let name = format!("{} {}", method.to_uppercase(), paths.1);
        match (find(old.1), find(new.1)) {
            (Some(before), None) => walk.gone(&kinds::OPERATION_REMOVED, &before, format!("{name} is gone")),
            (None, Some(after)) => walk.add(&kinds::OPERATION_ADDED, &after, format!("{name} is new")),
            (Some(before), Some(after)) => {
                parameters::compare((old.1, &before), (new.1, &after), paths, walk);
                security::compare((old.0, &before), (new.0, &after), &name, walk);
                request(&before, &after, walk);
                responses(&before, &after, walk);
                about(&before, &after, &name, walk);
            }
            (None, None) => {}
        }
    }
}

fn about(old: &Node<'_>, new: &Node<'_>, name: &str, walk: &mut Walk<'_>) {
    if !old.is_true("deprecated") && new.is_true("deprecated") {
        walk.add(&kinds::DEPRECATED, new, format!("{name} is deprecated"));
    }
    if let Some(before) = old.text("operationId")
        && new.text("operationId") != Some(before)
    {
        let after = new.text("operationId").unwrap_or("nothing");
        walk.add(&kinds::OPERATION_ID, new, format!("{name} was {before} and is {after}"));
    }
}

fn request<'a>(old: &Node<'a>, new: &Node<'a>, walk: &mut Walk<'a>) {
    match (old.get("requestBody"), new.get("requestBody")) {
        (None, None) => {}
        (Some(before), None) => walk.gone(&kinds::BODY_REMOVED, &before, "the body is gone"),
        (None, Some(after)) if after.is_true("required") => {
            walk.add(&kinds::BODY_REQUIRED, &after, "a body is required where there was none");
        }
        (None, Some(after)) => walk.add(&kinds::BODY_ADDED, &after, "a body may be sent"),
        (Some(before), Some(after)) => {
            if !before.is_true("required") && after.is_true("required") {
                walk.add(&kinds::BODY_REQUIRED, &after, "the body was optional");
            }
            content(&before, &after, Flow::Request, walk);
        }
    }
}

fn responses<'a>(old: &Node<'a>, new: &Node<'a>, walk: &mut Walk<'a>) {
    let (Some(before), Some(after)) = (old.get("responses"), new.get("responses")) else {
        return;
    };
    if !walk.spend(before.len() + after.len()) {
        return;
    }
    for (status, response) in before.entries() {
        match after.get(status).or_else(|| range(&after, status)) {
            Some(other) => {
                content(&response, &other, Flow::Response, walk);
                headers(&response, &other, status, walk);
            }
            None if is_failure(status) => {
                walk.gone(&kinds::FAILURE_REMOVED, &response, format!("{status} is gone"));
            }
            None => walk.gone(&kinds::RESPONSE_REMOVED, &response, format!("{status} is gone")),
        }
    }
    for (status, response) in after.entries() {
        if before.get(status).is_none() && range(&before, status).is_none() {
            walk.add(&kinds::RESPONSE_ADDED, &response, format!("{status} is new"));
        }
    }
}

/// `2XX` speaks for 200 where nothing more exact is there.
fn range<'a>(responses: &Node<'a>, status: &str) -> Option<Node<'a>> {
    let class = status.get(..1)?;
    responses
        .get(&format!("{class}XX"))
        .or_else(|| responses.get(&format!("{class}xx")))
}

fn content<'a>(old: &Node<'a>, new: &Node<'a>, flow: Flow, walk: &mut Walk<'a>) {
    let Some(before) = old.get("content") else { return };
    let after = new.get("content");
    if !walk.spend(before.len() + after.as_ref().map_or(0, Node::len)) {
        return;
    }
    let known: HashMap<String, Node<'a>> = after.iter().flat_map(Node::entries).map(named).collect();
    for (name, media) in before.entries() {
        match known.get(&essence(name)) {
            None => walk.gone(&kinds::MEDIA_REMOVED, &media, format!("{name} is gone")),
            Some(other) => match (media.get("schema"), other.get("schema")) {
                (Some(before), Some(after)) => walk.queue(before, after, flow),
                // Nothing promised, nothing asked: then anything went.
                (None, Some(after)) if flow == Flow::Request => {
                    walk.add(
                        &kinds::TYPE_NARROWED,
                        &after,
                        "a schema stands where anything was taken",
                    );
                }
                (Some(before), None) if flow == Flow::Response => {
                    walk.gone(&kinds::TYPE_WIDENED, &before, "the answer's schema is gone");
                }
                _ => {}
            },
        }
    }
    let former: HashSet<String> = before.entries().into_iter().map(|(name, _)| essence(name)).collect();
    for (name, media) in after.iter().flat_map(Node::entries) {
        if !former.contains(&essence(name)) {
            walk.add(&kinds::MEDIA_ADDED, &media, format!("{name} is new"));
        }
    }
}

fn named<'a>((name, node): (&str, Node<'a>)) -> (String, Node<'a>) {
    (essence(name), node)
}

/// `charset` and other parameters do not make it another media type.
fn essence(name: &str) -> String {
    name.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn headers<'a>(old: &Node<'a>, new: &Node<'a>, status: &str, walk: &mut Walk<'a>) {
    let (before, after) = (old.get("headers"), new.get("headers"));
    if !walk.spend(before.as_ref().map_or(0, Node::len) + after.as_ref().map_or(0, Node::len)) {
        return;
    }
    let list = |node: &Option<Node<'a>>| -> HashMap<String, Node<'a>> {
        let entries = node.iter().flat_map(Node::entries);
        entries.map(|(name, node)| (name.to_ascii_lowercase(), node)).collect()
    };
    let (known, former) = (list(&after), list(&before));
    for (name, header) in before.iter().flat_map(Node::entries) {
        match known.get(&name.to_ascii_lowercase()) {
            Some(other) => {
                if let (Some(before), Some(after)) = (header.get("schema"), other.get("schema")) {
                    walk.queue(before, after, Flow::Response);
                }
            }
            None if header.is_true("required") => {
                walk.gone(&kinds::HEADER_REMOVED, &header, format!("{name} of {status} is gone"));
            }
            None => walk.gone(&kinds::HEADER_OPTIONAL, &header, format!("{name} of {status} is gone")),
        }
    }
    for (name, header) in after.iter().flat_map(Node::entries) {
        if !former.contains_key(&name.to_ascii_lowercase()) {
            walk.add(&kinds::HEADER_ADDED, &header, format!("{name} of {status} is new"));
        }
    }
}

fn webhooks<'a>(old: &Spec<'a>, new: &Spec<'a>, walk: &mut Walk<'a>) {
    let (before, after) = (old.root.get("webhooks"), new.root.get("webhooks"));
    for (name, hook) in before.iter().flat_map(Node::entries) {
        if after.as_ref().is_none_or(|all| all.value.get(name).is_none()) {
            walk.gone(&kinds::WEBHOOK_REMOVED, &hook, format!("{name} is gone"));
        }
    }
    for (name, hook) in after.iter().flat_map(Node::entries) {
        if before.as_ref().is_none_or(|all| all.value.get(name).is_none()) {
            walk.add(&kinds::WEBHOOK_ADDED, &hook, format!("{name} is new"));
        }
    }
}
