//! The operations of a document as the page shows them.

use super::credential::{self, Credential};
use super::curl::{curl, has_example, value_of};
use super::fields::{FieldRow, kind_text, rows};
use super::markdown::Markdown;
use super::words::Words;
use crate::sample::sample;
use crate::spec::{Node, Operation, Spec, is_failure, is_media_json};
use serde_json::Value;

/// Most operations on one page.
const MAX_OPERATIONS: usize = 300;
/// Longest example, in bytes.
const MAX_EXAMPLE: usize = 8_000;
/// Longest description of a parameter or answer, in bytes.
const MAX_LINE: usize = 600;

/// One operation.
pub(super) struct OperationView {
    /// Target of links: `get-cases-caseid`.
    pub(super) anchor: String,
    /// Upper case.
    pub(super) method: String,
    pub(super) path: String,
    pub(super) summary: String,
    pub(super) description: String,
    pub(super) deprecated: bool,
    pub(super) credential: &'static str,
    pub(super) scopes: Vec<String>,
    pub(super) parameters: Vec<ParameterRow>,
    pub(super) request: Option<BodyView>,
    pub(super) curl: String,
    pub(super) answers: Vec<AnswerRow>,
    /// The first successful answer with a body.
    pub(super) answer: Option<BodyView>,
}

/// One parameter.
pub(super) struct ParameterRow {
    pub(super) name: String,
    pub(super) place: String,
    pub(super) kind: String,
    pub(super) required: bool,
    pub(super) description: String,
    pub(super) example: String,
}

/// One status.
pub(super) struct AnswerRow {
    pub(super) status: String,
    pub(super) meaning: String,
}

/// A body, either way.
pub(super) struct BodyView {
    pub(super) media: String,
    pub(super) fields: Vec<FieldRow>,
    pub(super) example: String,
}

/// The operations, and whether some were left out.
pub(super) fn views(
    spec: &Spec<'_>,
    base_url: &str,
    words: &'static Words,
    markdown: &Markdown,
) -> (Vec<OperationView>, bool) {
    let shown = spec.operations.iter().take(MAX_OPERATIONS);
    let views = shown
        .map(|operation| view(spec, operation, base_url, words, markdown))
        .collect();
    (views, spec.operations.len() > MAX_OPERATIONS)
}

fn view(
    spec: &Spec<'_>,
    operation: &Operation<'_>,
    base_url: &str,
    words: &'static Words,
    markdown: &Markdown,
) -> OperationView {
    let node = &operation.node;
    let (credential, scopes) = credential::of(spec, node);
    let body = node
        .at(&["requestBody", "content"])
        .and_then(|content| json_media(&content));
    let body_example = body.as_ref().map(|(name, media)| (*name, example(media)));
    OperationView {
        anchor: anchor(operation.method, operation.path),
        method: operation.method.to_uppercase(),
        path: operation.path.to_owned(),
        summary: markdown
            .cut(node.text("summary").unwrap_or_default(), MAX_LINE)
            .to_owned(),
        description: markdown.html(node.text("description").unwrap_or_default()),
        deprecated: node.is_true("deprecated"),
        credential: match credential {
            Credential::Open => words.open,
            Credential::Key => words.needs_key,
            Credential::Token => words.needs_token,
        },
        scopes,
        parameters: operation
            .parameters
            .iter()
            .map(|parameter| parameter_row(parameter, markdown))
            .collect(),
        curl: curl(
            base_url,
            operation,
            credential,
            body_example.as_ref().map(|(name, value)| (*name, value)),
        ),
        request: body.map(|(name, media)| body_view(name, &media, markdown)),
        answers: answers(node, markdown),
        answer: answer(node, markdown),
    }
}

fn parameter_row(parameter: &Node<'_>, markdown: &Markdown) -> ParameterRow {
    ParameterRow {
        name: parameter.text("name").unwrap_or_default().to_owned(),
        place: parameter.text("in").unwrap_or_default().to_owned(),
        kind: parameter
            .get("schema")
            .map(|schema| kind_text(&schema))
            .unwrap_or_default(),
        required: parameter.is_true("required"),
        description: markdown
            .cut(parameter.text("description").unwrap_or_default(), MAX_LINE)
            .to_owned(),
        example: if has_example(parameter) {
            markdown.cut(&value_of(parameter), MAX_LINE).to_owned()
        } else {
            String::new()
        },
    }
}

fn answers(node: &Node<'_>, markdown: &Markdown) -> Vec<AnswerRow> {
    let all = node
        .get("responses")
        .map(|responses| responses.entries())
        .unwrap_or_default();
    let row = |(status, response): (&str, Node<'_>)| AnswerRow {
        status: status.to_owned(),
        meaning: markdown
            .cut(response.text("description").unwrap_or_default(), MAX_LINE)
            .to_owned(),
    };
    let mut rows: Vec<AnswerRow> = all.into_iter().map(row).collect();
    rows.sort_by(|left, right| left.status.cmp(&right.status));
    rows
}

fn answer(node: &Node<'_>, markdown: &Markdown) -> Option<BodyView> {
    let all = node.get("responses")?.entries();
    let successes = all.into_iter().filter(|(status, _)| !is_failure(status));
    let mut bodies =
        successes.filter_map(|(_, response)| response.get("content").and_then(|content| json_media(&content)));
    bodies.next().map(|(name, media)| body_view(name, &media, markdown))
}

/// JSON where it is offered, else the first media type.
fn json_media<'a>(content: &Node<'a>) -> Option<(&'a str, Node<'a>)> {
    let all = content.entries();
    let json = all.iter().find(|(name, _)| is_media_json(name)).cloned();
    json.or_else(|| all.into_iter().next())
}

fn body_view(name: &str, media: &Node<'_>, markdown: &Markdown) -> BodyView {
    let text = if is_media_json(name) {
        format!("{:#}", example(media))
    } else {
        plain(&example(media))
    };
    BodyView {
        media: name.to_owned(),
        fields: media
            .get("schema")
            .map(|schema| rows(&schema, markdown))
            .unwrap_or_default(),
        example: markdown.cut(&text, MAX_EXAMPLE).to_owned(),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The written example, or one made from the schema.
fn example(media: &Node<'_>) -> Value {
    let listed = media
        .get("examples")
        .and_then(|all| all.entries().into_iter().next())
        .and_then(|(_, node)| node.value.get("value").cloned());
    let written = listed.or_else(|| media.value.get("example").cloned());
    written
        .or_else(|| media.get("schema").map(|schema| sample(&schema)))
        .unwrap_or(Value::Null)
}

fn anchor(method: &str, path: &str) -> String {
    let mut anchor = method.to_owned();
    for part in path
        .split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|part| !part.is_empty())
    {
        anchor.push('-');
        anchor.push_str(&part.to_ascii_lowercase());
    }
    anchor
}
