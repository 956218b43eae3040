//! A schema as rows of a table: one per field, nested fields by their path.

use super::markdown::Markdown;
use crate::sample::kind;
use crate::spec::Node;
use serde_json::Value;

/// Deepest field that is shown.
const MAX_DEPTH: usize = 6;
/// Most rows of one table.
const MAX_ROWS: usize = 120;
/// Most schemas that are opened for one table.
const MAX_SCHEMAS: usize = 1_000;
/// Longest description of a field, in bytes.
const MAX_DESCRIPTION: usize = 600;

/// One field.
pub(super) struct FieldRow {
    /// `cases[].caseId`.
    pub(super) path: String,
    pub(super) kind: String,
    pub(super) required: bool,
    pub(super) description: String,
}

/// The fields of a body, outermost first; a schema inside itself is named, not repeated.
pub(super) fn rows(schema: &Node<'_>, markdown: &Markdown) -> Vec<FieldRow> {
    let mut writer = Writer {
        rows: Vec::new(),
        inside: Vec::new(),
        left: MAX_SCHEMAS,
        markdown,
    };
    writer.schema(schema, "");
    writer.rows
}

struct Writer<'m> {
    rows: Vec<FieldRow>,
    /// Places of the schemas that are open: a repeated one is a cycle.
    inside: Vec<String>,
    /// Schemas that may still be opened: ten parts in each of six levels would be a million.
    left: usize,
    markdown: &'m Markdown,
}

impl Writer<'_> {
    fn schema(&mut self, schema: &Node<'_>, path: &str) {
        if self.left == 0 || self.inside.len() >= MAX_DEPTH || self.inside.contains(&schema.place) {
            return;
        }
        self.left -= 1;
        self.inside.push(schema.place.clone());
        for part in schema.get("allOf").map(|parts| parts.items()).unwrap_or_default() {
            self.schema(&part, path);
        }
        if let Some(choice) = only_choice(schema) {
            self.schema(&choice, path);
        }
        if let Some(items) = schema.get("items") {
            self.schema(&items, &format!("{path}[]"));
        }
        let required = schema
            .value
            .get("required")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        for (name, property) in schema.get("properties").map(|all| all.entries()).unwrap_or_default() {
            if self.rows.len() >= MAX_ROWS {
                break;
            }
            let path = if path.is_empty() {
                name.to_owned()
            } else {
                format!("{path}.{name}")
            };
            let description = property.text("description").unwrap_or_default();
            self.rows.push(FieldRow {
                kind: kind_text(&property),
                required: required.iter().any(|one| one == name),
                description: self.markdown.cut(description, MAX_DESCRIPTION).to_owned(),
                path: path.clone(),
            });
            self.schema(&property, &path);
        }
        self.inside.pop();
    }
}

/// The one alternative beside `null`.
fn only_choice<'a>(schema: &Node<'a>) -> Option<Node<'a>> {
    let mut choices = schema.get("oneOf").or_else(|| schema.get("anyOf"))?.items();
    choices.retain(|choice| choice.text("type") != Some("null"));
    if choices.len() == 1 { choices.pop() } else { None }
}

/// The type in words: `array of Case`, `string (date-time)`, `string: open, closed`.
pub(super) fn kind_text(schema: &Node<'_>) -> String {
    let schema = only_choice(schema).unwrap_or_else(|| schema.clone());
    let mut text = kind(&schema).to_owned();
    if text == "array" {
        let items = schema
            .get("items")
            .map(|items| component_name(&items).unwrap_or_else(|| kind(&items).to_owned()));
        return format!("array [{}]", items.unwrap_or_default());
    }
    if let Some(name) = component_name(&schema).filter(|_| text.is_empty() || text == "object") {
        return name;
    }
    if let Some(format) = schema.text("format") {
        text.push_str(&format!(" ({format})"));
    }
    let values = schema.value.get("enum").and_then(Value::as_array).into_iter().flatten();
    let values: Vec<String> = values
        .take(12)
        .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        .collect();
    if !values.is_empty() {
        text.push_str(&format!(": {}", values.join(", ")));
    }
    text
}

fn component_name(schema: &Node<'_>) -> Option<String> {
    schema
        .place
        .strip_prefix("/components/schemas/")
        .filter(|rest| !rest.contains('/'))
        .map(str::to_owned)
}
