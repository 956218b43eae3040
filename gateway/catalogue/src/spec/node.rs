//! A value of a document together with its JSON pointer.

use serde_json::Value;

/// Longest chain of `$ref` that is followed; a longer one, or a cycle, counts as not resolvable.
const MAX_HOPS: usize = 8;
/// Longest `$ref` that is followed: what a short text may name must not be long, or many of them would fill the memory.
const MAX_REFERENCE_BYTES: usize = 512;
/// Members that are maps or lists of things. A `$ref` may stand for a thing, never for all of them (OpenAPI 3.1, 4.8.23): a
/// document of a few lines could otherwise share one huge list between thousands of operations.
const CONTAINERS: [&str; 24] = [
    "$defs",
    "allOf",
    "anyOf",
    "callbacks",
    "components",
    "content",
    "encoding",
    "enum",
    "examples",
    "headers",
    "links",
    "oneOf",
    "parameters",
    "paths",
    "patternProperties",
    "prefixItems",
    "properties",
    "required",
    "responses",
    "schemas",
    "security",
    "securitySchemes",
    "servers",
    "webhooks",
];

/// A value and where it is. `get`, `entries` and `items` follow `$ref`, so `place` is where the value really stands.
#[derive(Clone)]
pub(crate) struct Node<'a> {
    root: &'a Value,
    pub(crate) value: &'a Value,
    /// JSON pointer (RFC 6901).
    pub(crate) place: String,
}

impl<'a> Node<'a> {
    pub(crate) fn root(value: &'a Value) -> Self {
        Self {
            root: value,
            value,
            place: String::new(),
        }
    }

    /// The member `key`, as it stands.
    pub(crate) fn get_raw(&self, key: &str) -> Option<Node<'a>> {
        let value = self.value.as_object()?.get(key)?;
        Some(Self {
            root: self.root,
            value,
            place: format!("{}/{}", self.place, escape(key)),
        })
    }

    /// The member or item at one part of a JSON pointer, as it stands.
    pub(crate) fn child(&self, part: &str) -> Option<Node<'a>> {
        let value = self.value.pointer(&format!("/{part}"))?;
        Some(Self {
            root: self.root,
            value,
            place: format!("{}/{part}", self.place),
        })
    }

    /// The member `key`, its reference followed where a reference may stand.
    pub(crate) fn get(&self, key: &str) -> Option<Node<'a>> {
        let node = self.get_raw(key)?;
        Some(if CONTAINERS.contains(&key) {
            node
        } else {
            node.resolved()
        })
    }

    /// How many members or items it has.
    pub(crate) fn len(&self) -> usize {
        match self.value {
            Value::Object(members) => members.len(),
            Value::Array(items) => items.len(),
            _ => 0,
        }
    }

    /// The member found by following `keys`.
    pub(crate) fn at(&self, keys: &[&str]) -> Option<Node<'a>> {
        keys.iter().try_fold(self.clone(), |node, key| node.get(key))
    }

    /// The members of an object; none for anything else.
    pub(crate) fn entries(&self) -> Vec<(&'a str, Node<'a>)> {
        let Some(members) = self.value.as_object() else {
            return Vec::new();
        };
        let node = |key: &str, value| Self {
            root: self.root,
            value,
            place: format!("{}/{}", self.place, escape(key)),
        };
        members
            .iter()
            .map(|(key, value)| (key.as_str(), node(key, value).resolved()))
            .collect()
    }

    /// The items of an array; none for anything else.
    pub(crate) fn items(&self) -> Vec<Node<'a>> {
        let Some(items) = self.value.as_array() else {
            return Vec::new();
        };
        let node = |position, value| Self {
            root: self.root,
            value,
            place: format!("{}/{position}", self.place),
        };
        items
            .iter()
            .enumerate()
            .map(|(position, value)| node(position, value).resolved())
            .collect()
    }

    /// The member `key`, when it is a text.
    pub(crate) fn text(&self, key: &str) -> Option<&'a str> {
        self.value.get(key)?.as_str()
    }

    /// Whether `key` is a text with something in it.
    pub(crate) fn has_text(&self, key: &str) -> bool {
        self.text(key).is_some_and(|text| !text.trim().is_empty())
    }

    pub(crate) fn is_true(&self, key: &str) -> bool {
        self.value.get(key).and_then(Value::as_bool).unwrap_or(false)
    }

    /// The reference this value is, when it is one that could not be followed.
    pub(crate) fn reference(&self) -> Option<&'a str> {
        self.text("$ref")
    }

    /// Follows `$ref` to its end; a reference that leads nowhere stays as it is.
    pub(crate) fn resolved(self) -> Node<'a> {
        let mut at = self.clone();
        for _ in 0..MAX_HOPS {
            let Some(reference) = at.reference() else { return at };
            let Some(next) = at.follow(reference) else { return self };
            at = next;
        }
        self
    }

    /// Only references inside the document are followed: nothing is ever fetched.
    fn follow(&self, reference: &str) -> Option<Node<'a>> {
        if reference.len() > MAX_REFERENCE_BYTES {
            return None;
        }
        let pointer = percent_decode(reference.strip_prefix('#')?)?;
        let value = self.root.pointer(&pointer)?;
        Some(Self {
            root: self.root,
            value,
            place: pointer,
        })
    }
}

/// `key` as one part of a JSON pointer.
pub(crate) fn escape(key: &str) -> String {
    if key.contains(['~', '/']) {
        key.replace('~', "~0").replace('/', "~1")
    } else {
        key.to_owned()
    }
}

/// `application/json` or a type ending in `+json`, parameters apart.
pub(crate) fn is_media_json(name: &str) -> bool {
    let essence = name.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || essence.ends_with("+json")
}

fn percent_decode(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        let byte = if byte == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            u8::try_from(high * 16 + low).ok()?
        } else {
            byte
        };
        decoded.push(byte);
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_reference_is_followed_to_its_own_place() {
        let document = json!({"a": {"$ref": "#/b~1c/%C3%A5"}, "b/c": {"å": {"x": 1}}});
        let node = Node::root(&document).get("a").unwrap();
        assert_eq!(node.place, "/b~1c/å");
        assert_eq!(node.value["x"], 1);
    }

    #[test]
    fn cycles_foreign_and_dangling_references_stay_where_they_are() {
        let document =
            json!({"a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}, "c": {"$ref": "http://x/y"}, "d": {"$ref": "#/no"}});
        for key in ["a", "c", "d"] {
            let node = Node::root(&document).get(key).unwrap();
            assert_eq!(node.place, format!("/{key}"));
            assert!(node.reference().is_some());
        }
    }
}
