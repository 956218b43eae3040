//! Which credential a call needs: what sufficed before must suffice now.

use super::{Walk, kinds};
use crate::spec::{Node, Spec};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// One alternative: each scheme with its scopes. Empty: nothing is needed.
type Alternative<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// Compares what two operations ask for.
pub(super) fn compare<'a>(
    (old, before): (&Spec<'a>, &Node<'a>),
    (new, after): (&Spec<'a>, &Node<'a>),
    name: &str,
    walk: &mut Walk<'a>,
) {
    let (former, current) = (alternatives(old, before), alternatives(new, after));
    if !walk.spend(former.len() * current.len()) {
        return;
    }
    let suffices = |given: &Alternative<'_>, asked: &[Alternative<'_>]| {
        asked.iter().any(|asked| {
            asked
                .iter()
                .all(|(scheme, scopes)| given.get(scheme).is_some_and(|known| known.is_superset(scopes)))
        })
    };
    for lost in former.iter().filter(|given| !suffices(given, &current)) {
        let message = format!("{name}: {} does not suffice any more", words(lost));
        walk.add(&kinds::SECURITY_ADDED, after, message);
    }
    for gained in current.iter().filter(|given| !suffices(given, &former)) {
        let message = format!("{name}: {} suffices now", words(gained));
        walk.add(&kinds::SECURITY_RELAXED, after, message);
    }
    let shared: BTreeSet<&str> = former.iter().flat_map(|one| one.keys().copied()).collect();
    for scheme in shared {
        let find = |spec: &Spec<'a>| spec.security_scheme(scheme);
        if let (Some(before), Some(after)) = (find(old), find(new))
            && way(&before) != way(&after)
        {
            walk.add(
                &kinds::SCHEME_CHANGED,
                &after,
                format!("{scheme} is sent in another way"),
            );
        }
    }
}

/// The operation's own requirements or the document's; none: one alternative that asks for nothing.
fn alternatives<'a>(spec: &Spec<'a>, operation: &Node<'a>) -> Vec<Alternative<'a>> {
    let own = operation
        .value
        .get("security")
        .or_else(|| spec.root.value.get("security"));
    let entries = own.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut found: Vec<Alternative<'a>> = entries.iter().filter_map(Value::as_object).map(alternative).collect();
    if found.is_empty() {
        found.push(Alternative::new());
    }
    found
}

fn alternative(entry: &serde_json::Map<String, Value>) -> Alternative<'_> {
    entry
        .iter()
        .map(|(scheme, value)| {
            let list = value.as_array().into_iter().flatten();
            (scheme.as_str(), list.filter_map(Value::as_str).collect())
        })
        .collect()
}

fn words(alternative: &Alternative<'_>) -> String {
    if alternative.is_empty() {
        return "no credential".to_owned();
    }
    let each = alternative.iter().map(|(scheme, scopes)| {
        let scopes: Vec<&str> = scopes.iter().copied().collect();
        match scopes.as_slice() {
            [] => (*scheme).to_owned(),
            scopes => format!("{scheme} with {}", scopes.join(" ")),
        }
    });
    each.collect::<Vec<_>>().join(" and ")
}

/// What a caller does to send it.
fn way<'a>(scheme: &Node<'a>) -> (Option<&'a str>, Option<&'a str>, Option<&'a str>, Option<String>) {
    let name = scheme.text("name").map(str::to_ascii_lowercase);
    (scheme.text("type"), scheme.text("in"), scheme.text("scheme"), name)
}
