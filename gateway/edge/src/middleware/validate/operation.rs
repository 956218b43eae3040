//! One operation of an OpenAPI document, compiled: its parameters, its bodies, its answers.

use super::direction::Direction;
use http::{HeaderMap, Method, header, request, response};
use jsonschema::{Draft, PatternOptions, Validator};
use serde::Serialize;
use serde_json::{Map, Value};
use snapshot::{Api, Snapshot, Target};
use std::sync::Arc;

/// As many are told; the rest follow from those, or come the next time.
const MOST: usize = 20;

/// What is wrong at one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// `body`, `query`, `path` or `header`.
    pub r#in: &'static str,
    /// JSON pointer to the place (RFC 6901).
    pub pointer: String,
    /// The keyword that is not met.
    pub rule: String,
    /// What it asks for, without the value.
    pub detail: String,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Operation {
    parameters: Vec<Parameter>,
    body_required: bool,
    bodies: Vec<Content>,
    /// By status, `4XX` and `default` too.
    answers: Vec<(String, Vec<Content>)>,
}

#[derive(Debug)]
struct Parameter {
    place: &'static str,
    name: String,
    required: bool,
    schema: Option<Validator>,
    /// `type` of the schema, of its items for a list.
    kind: String,
    is_list: bool,
}

#[derive(Debug)]
struct Content {
    media_type: String,
    schema: Option<Validator>,
}

/// The operations of the APIs that want to be validated, by their routes' places.
pub(crate) fn operations(snapshot: &Snapshot) -> Vec<Option<Arc<Operation>>> {
    let mut operations: Vec<Option<Arc<Operation>>> = Vec::new();
    for (number, api) in snapshot.apis().iter().enumerate() {
        if api.traffic.validate.is_none() {
            continue;
        }
        let Some(document) = document(snapshot, api) else {
            tracing::warn!(api = &*api.id, "nothing is validated: the API has no OpenAPI document");
            continue;
        };
        operations.resize(snapshot.routes().len(), None);
        let (requests, answers) = (Direction::Request.of(&document), Direction::Answer.of(&document));
        for (route, place) in snapshot.routes().iter().zip(&mut operations) {
            let is_ours = route.api.is_some_and(|index| index.position() == number);
            if let (true, Target::Upstream(_), Some(method)) = (is_ours, &route.target, &route.method)
                && let Some(path) = route.template.strip_prefix(&*api.base_path)
            {
                *place = operation(&requests, &answers, path, method).map(Arc::new);
            }
        }
    }
    operations
}

/// The document as it is published: what is held against callers is what they can read.
fn document(snapshot: &Snapshot, api: &Api) -> Option<Value> {
    let template = format!("{}/openapi.json", api.base_path);
    let route = snapshot.routes().iter().find(|route| *route.template == template)?;
    match &route.target {
        Target::Document(document) => serde_json::from_slice(&document.body).ok(),
        Target::Upstream(_) => None,
    }
}

fn operation(document: &Value, of_answers: &Value, path: &str, method: &Method) -> Option<Operation> {
    let item = document.get("paths")?.get(path)?;
    let described = item.get(method.as_str().to_ascii_lowercase())?;
    let mut operation = Operation::default();
    let shared = item.get("parameters").and_then(Value::as_array);
    let own = described.get("parameters").and_then(Value::as_array);
    for parameter in own.into_iter().chain(shared).flatten() {
        let parameter = resolved(document, parameter);
        if let Some(parameter) = Parameter::read(document, parameter)
            && operation
                .parameters
                .iter()
                .all(|known| (known.place, &known.name) != (parameter.place, &parameter.name))
        {
            operation.parameters.push(parameter);
        }
    }
    if let Some(body) = described.get("requestBody").map(|body| resolved(document, body)) {
        operation.body_required = body.get("required").and_then(Value::as_bool).unwrap_or(false);
        operation.bodies = contents(document, body);
    }
    let answers = of_answers
        .get("paths")?
        .get(path)?
        .get(method.as_str().to_ascii_lowercase())?
        .get("responses");
    for (status, answer) in answers.and_then(Value::as_object).into_iter().flatten() {
        let answer = resolved(of_answers, answer);
        operation
            .answers
            .push((status.to_ascii_uppercase(), contents(of_answers, answer)));
    }
    Some(operation)
}

/// Follows a `$ref` into the same document, and no further than a few steps.
fn resolved<'a>(document: &'a Value, mut node: &'a Value) -> &'a Value {
    for _ in 0..8 {
        let pointer = node
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|text| text.strip_prefix('#'));
        match pointer.and_then(|pointer| document.pointer(pointer)) {
            Some(next) => node = next,
            None => break,
        }
    }
    node
}

fn contents(document: &Value, described: &Value) -> Vec<Content> {
    let content = described.get("content").and_then(Value::as_object);
    content
        .into_iter()
        .flatten()
        .map(|(media_type, content)| Content {
            media_type: essence(media_type),
            schema: content.get("schema").and_then(|schema| compile(document, schema)),
        })
        .collect()
}

/// A schema with what it refers to. Patterns are matched in linear time; nothing is fetched.
fn compile(document: &Value, schema: &Value) -> Option<Validator> {
    let mut root = Map::new();
    root.insert("allOf".to_owned(), Value::Array(vec![schema.clone()]));
    for part in ["components", "paths"] {
        if let Some(part_of_document) = document.get(part).filter(|_| schema_refers(schema)) {
            root.insert(part.to_owned(), part_of_document.clone());
        }
    }
    let options = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .with_pattern_options(PatternOptions::regex());
    match options.build(&Value::Object(root)) {
        Ok(validator) => Some(validator),
        Err(error) => {
            tracing::warn!(%error, "a schema of an OpenAPI document cannot be used: what it describes is not validated");
            None
        }
    }
}

fn schema_refers(schema: &Value) -> bool {
    match schema {
        Value::Object(fields) => fields
            .iter()
            .any(|(name, value)| name == "$ref" || schema_refers(value)),
        Value::Array(items) => items.iter().any(schema_refers),
        _ => false,
    }
}

impl Parameter {
    fn read(document: &Value, described: &Value) -> Option<Self> {
        let place = match described.get("in")?.as_str()? {
            "query" => "query",
            "path" => "path",
            "header" => "header",
            _ => return None,
        };
        let schema = described.get("schema");
        let resolved_schema = schema.map(|schema| resolved(document, schema));
        let kind = |schema: Option<&Value>| {
            let named = schema.and_then(|schema| schema.get("type")).and_then(Value::as_str);
            named.unwrap_or("string").to_owned()
        };
        let is_list = kind(resolved_schema) == "array";
        let item = match is_list {
            true => resolved_schema
                .and_then(|schema| schema.get("items"))
                .map(|items| resolved(document, items)),
            false => resolved_schema,
        };
        Some(Self {
            place,
            name: described.get("name")?.as_str()?.to_owned(),
            required: described.get("required").and_then(Value::as_bool).unwrap_or(false),
            schema: schema.and_then(|schema| compile(document, schema)),
            kind: kind(item),
            is_list,
        })
    }

    fn check(&self, values: &[String]) -> Vec<Violation> {
        let pointer = format!("/{}", self.name.replace('~', "~0").replace('/', "~1"));
        if values.is_empty() {
            let missing = Violation {
                r#in: self.place,
                pointer,
                rule: "required".to_owned(),
                detail: "is missing".to_owned(),
            };
            return if self.required { vec![missing] } else { Vec::new() };
        }
        let Some(schema) = &self.schema else {
            return Vec::new();
        };
        let value = match self.is_list {
            true => values
                .iter()
                .flat_map(|value| value.split(','))
                .map(|value| typed(value, &self.kind))
                .collect(),
            false => typed(values.first().map_or("", String::as_str), &self.kind),
        };
        violations(self.place, &pointer, schema, &value)
    }
}

/// A text as the type that the schema asks for, where it is one.
fn typed(text: &str, kind: &str) -> Value {
    let read = match kind {
        "integer" => text.parse::<i64>().ok().map(Value::from),
        "number" => text
            .parse::<f64>()
            .ok()
            .and_then(serde_json::Number::from_f64)
            .map(Value::Number),
        "boolean" => text.parse::<bool>().ok().map(Value::Bool),
        _ => None,
    };
    read.unwrap_or_else(|| Value::String(text.to_owned()))
}

fn violations(place: &'static str, prefix: &str, schema: &Validator, value: &Value) -> Vec<Violation> {
    schema
        .iter_errors(value)
        .take(MOST)
        .map(|error| {
            let rule = error.kind().keyword();
            Violation {
                r#in: place,
                pointer: shown(&format!("{prefix}{}", error.instance_path())),
                rule: rule.to_owned(),
                // Values are masked; these tell names as they came.
                detail: match rule {
                    "additionalProperties" | "unevaluatedProperties" => {
                        "There is a property that the document does not have.".to_owned()
                    }
                    "propertyNames" => "There is a property whose name the document does not allow.".to_owned(),
                    _ => error.masked().to_string(),
                },
            }
        })
        .collect()
}

/// A pointer without what could be somebody's number: where a document allows any name, anything may stand for one.
fn shown(pointer: &str) -> String {
    let shown = |segment: &str| match segment.bytes().filter(u8::is_ascii_digit).count() {
        0..=9 => segment.to_owned(),
        _ => "(removed)".to_owned(),
    };
    pointer.split('/').map(shown).collect::<Vec<_>>().join("/")
}

impl Operation {
    /// What is wrong with path, query and header fields.
    pub(crate) fn check_parameters(&self, head: &request::Parts, template: &str) -> Vec<Violation> {
        let mut found = Vec::new();
        for parameter in &self.parameters {
            let values = match parameter.place {
                "query" => query(head.uri.query().unwrap_or_default(), &parameter.name),
                "path" => segment(head.uri.path(), template, &parameter.name)
                    .into_iter()
                    .collect(),
                _ => head
                    .headers
                    .get_all(parameter.name.as_str())
                    .iter()
                    .filter_map(|value| Some(value.to_str().ok()?.to_owned()))
                    .collect(),
            };
            found.extend(parameter.check(&values));
        }
        found.truncate(MOST);
        found
    }

    /// What is wrong with a request's body.
    pub(crate) fn check_body(&self, headers: &HeaderMap, body: &[u8]) -> Vec<Violation> {
        if body.is_empty() {
            return match self.body_required {
                true => vec![of_body("required", "A body is needed.")],
                false => Vec::new(),
            };
        }
        if self.bodies.is_empty() {
            return Vec::new();
        }
        check_content(&self.bodies, headers, body)
    }

    /// What is wrong with an answer.
    pub(crate) fn check_answer(&self, head: &response::Parts, body: &[u8]) -> Vec<Violation> {
        let status = head.status.as_str();
        let class = format!("{}XX", &status.get(..1).unwrap_or_default());
        let described = [status, &class, "DEFAULT"]
            .into_iter()
            .find_map(|wanted| self.answers.iter().find(|(known, _)| known == wanted));
        match described {
            None => vec![of_body(
                "responses",
                "The status is not among those that the document names.",
            )],
            Some((_, contents)) if contents.is_empty() || body.is_empty() => Vec::new(),
            Some((_, contents)) => check_content(contents, &head.headers, body),
        }
    }
}

fn of_body(rule: &str, detail: &str) -> Violation {
    Violation {
        r#in: "body",
        pointer: String::new(),
        rule: rule.to_owned(),
        detail: detail.to_owned(),
    }
}

fn check_content(contents: &[Content], headers: &HeaderMap, body: &[u8]) -> Vec<Violation> {
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(essence)
        .unwrap_or_default();
    let Some(content) = contents.iter().find(|content| fits(&content.media_type, &media_type)) else {
        let known: Vec<&str> = contents.iter().map(|content| content.media_type.as_str()).collect();
        return vec![of_body(
            "content",
            &format!("Content-Type must be {}.", known.join(" or ")),
        )];
    };
    let is_json = media_type == "application/json" || media_type.ends_with("+json");
    let Some(schema) = content.schema.as_ref().filter(|_| is_json) else {
        return Vec::new();
    };
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => violations("body", "", schema, &value),
        Err(error) => vec![of_body(
            "json",
            &format!("The body is no JSON: line {}, column {}.", error.line(), error.column()),
        )],
    }
}

/// `application/json` of `Application/JSON; charset=utf-8`.
fn essence(media_type: &str) -> String {
    media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

fn fits(known: &str, given: &str) -> bool {
    known == given
        || known == "*/*"
        || known
            .strip_suffix("/*")
            .is_some_and(|class| given.split('/').next() == Some(class))
}

fn query(text: &str, name: &str) -> Vec<String> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .filter(|(key, _)| decoded(key) == name)
        .map(|(_, value)| decoded(value))
        .collect()
}

/// The segment of `path` that stands where `template` has `{name}`.
fn segment(path: &str, template: &str, name: &str) -> Option<String> {
    let wanted = format!("{{{name}}}");
    let place = template.split('/').position(|part| part == wanted)?;
    path.split('/').nth(place).map(decoded)
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match (first, hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
                continue;
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(*first),
        }
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
