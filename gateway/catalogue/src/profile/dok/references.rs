//! DOK.16: every `$ref` leads somewhere inside the document.

use super::super::Report;
use crate::spec::{Node, Spec, escape};
use serde_json::Value;

/// Members whose content is data, not document: a `$ref` in there is a text like any other.
const DATA: &[&str] = &["example", "examples", "default", "enum", "const", "value"];

/// The validator has no such rule; without it a typing error would switch off every other rule behind the reference.
pub(super) fn check(spec: &Spec<'_>, report: &mut Report) {
    let mut waiting = vec![spec.root.clone()];
    while let Some(node) = waiting.pop() {
        if let Some(reference) = node.reference() {
            if node.clone().resolved().reference().is_some() {
                report.add(&node.place, format!("{reference} leads nowhere in this document"));
            }
            continue;
        }
        waiting.extend(children(&node));
    }
}

/// The children as they stand: references are looked at, not followed, so the walk ends.
fn children<'a>(node: &Node<'a>) -> Vec<Node<'a>> {
    let names = node.place.ends_with("/properties");
    let keys: Vec<String> = match node.value {
        Value::Object(members) => {
            let kept = members
                .keys()
                .filter(|key| names || !(DATA.contains(&key.as_str()) || key.starts_with("x-")));
            kept.cloned().collect()
        }
        Value::Array(items) => (0..items.len()).map(|position| position.to_string()).collect(),
        _ => Vec::new(),
    };
    keys.iter().rev().filter_map(|key| node.child(&escape(key))).collect()
}
