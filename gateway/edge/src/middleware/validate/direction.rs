//! Properties that go one way: a required one that is `readOnly` is required in answers only, one that is `writeOnly` in
//! requests only (OpenAPI 3.0.4, "Schema Object"; 3.1 leaves it to the reader).
//!
//! The other words of OpenAPI 3.0 need nothing here: documents are published as 3.1, and what is published is what calls are
//! held against.

use serde_json::Value;

/// Which way a body goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Request,
    Answer,
}

impl Direction {
    /// What marks a property that the other direction alone requires.
    fn not_required(self) -> &'static str {
        match self {
            Self::Request => "readOnly",
            Self::Answer => "writeOnly",
        }
    }

    /// The document with what is required in this direction. Recursion is as deep as the document, which its reader caps.
    pub(super) fn of(self, document: &Value) -> Value {
        let mut document = document.clone();
        self.relax(&mut document);
        document
    }

    fn relax(self, node: &mut Value) {
        match node {
            Value::Object(fields) => {
                if let (Some(Value::Object(properties)), Some(Value::Array(required))) =
                    (fields.get("properties"), fields.get("required"))
                {
                    let is_marked = |name: &&Value| {
                        let property = name.as_str().and_then(|name| properties.get(name));
                        property.and_then(|property| property.get(self.not_required())) == Some(&Value::Bool(true))
                    };
                    let kept: Vec<Value> = required.iter().filter(|name| !is_marked(name)).cloned().collect();
                    fields.insert("required".to_owned(), Value::Array(kept));
                }
                // Data is nobody's schema.
                let schemas = fields.iter_mut().filter(|(name, _)| {
                    !matches!(name.as_str(), "example" | "examples" | "default" | "enum" | "const")
                });
                schemas.for_each(|(_, value)| self.relax(value));
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.relax(item)),
            _ => {}
        }
    }
}
