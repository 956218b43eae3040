//! A producer's published rules for what is sent to it, and what breaks them in plain words.
//!
//! Rules are a JSON Schema. Labels come from it: `title` in Swedish, `x-title-en` in English; a property may also bring its own
//! words for what is wrong (`x-explanation`, with `sv` and `en`). Nothing that a schema refers to is fetched.

use jsonschema::PatternOptions;
use jsonschema::error::{TypeKind, ValidationError, ValidationErrorKind};
use model::LocalizedText;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// The most that is said to be wrong at once.
pub(crate) const MOST_PROBLEMS: usize = 100;

/// The largest compiled pattern, in bytes: a producer's pattern must cost little whatever it is.
const MOST_PATTERN_BYTES: usize = 256 * 1024;

/// One thing that is wrong or missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shortcoming {
    /// Where in the content (RFC 6901); empty for the whole.
    pub(crate) pointer: String,
    /// What is wrong and what to do, for the person.
    pub(crate) text: LocalizedText,
}

/// Rules that cannot be used: the producer's fault.
#[derive(Debug, thiserror::Error)]
#[error("the rules are not a JSON Schema that can be used")]
pub(crate) struct Unusable;

/// Everything in `content` that breaks `schema`.
///
/// # Errors
/// See [`Unusable`].
pub(crate) fn check(schema: &Value, content: &Value) -> Result<Vec<Shortcoming>, Unusable> {
    // No backtracking: a pattern's time is linear in what it looks at.
    let patterns = PatternOptions::regex().size_limit(MOST_PATTERN_BYTES);
    let options = jsonschema::options()
        .with_pattern_options(patterns)
        .should_validate_formats(true);
    let validator = options.build(schema).map_err(|_| Unusable)?;
    let mut found: Vec<Shortcoming> = Vec::new();
    for error in validator.iter_errors(content) {
        for shortcoming in shortcomings(schema, &error) {
            if found.len() < MOST_PROBLEMS && !found.contains(&shortcoming) {
                found.push(shortcoming);
            }
        }
    }
    Ok(found)
}

fn shortcomings(schema: &Value, error: &ValidationError<'_>) -> Vec<Shortcoming> {
    let pointer = error.instance_path().to_string();
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let at = format!("{pointer}/{}", escaped(property.as_str().unwrap_or_default()));
            let (sv, en) = label(schema, &at);
            vec![shortcoming(
                at,
                format!("{sv} saknas. Fyll i uppgiften."),
                format!("{en} is missing. Fill it in."),
            )]
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => unexpected
            .iter()
            .map(|name| {
                let at = format!("{pointer}/{}", escaped(name));
                let sv = format!("”{name}” är ingen uppgift som efterfrågas. Ta bort den.");
                shortcoming(at, sv, format!("“{name}” is not asked for. Leave it out."))
            })
            .collect(),
        kind => {
            let (sv, en) = label(schema, &pointer);
            let own = property(schema, &pointer).and_then(|property| property.get("x-explanation"));
            let explained = own.and_then(|own| Some((own.get("sv")?.as_str()?, own.get("en")?.as_str()?)));
            let (why_sv, why_en) = match explained {
                Some((sv, en)) => (sv.to_owned(), en.to_owned()),
                None => words(kind),
            };
            vec![shortcoming(
                pointer,
                format!("{sv}: {why_sv}"),
                format!("{en}: {why_en}"),
            )]
        }
    }
}

fn shortcoming(pointer: String, sv: String, en: String) -> Shortcoming {
    let text = LocalizedText::new(sv, en);
    Shortcoming { pointer, text }
}

/// What a rule asks, in Swedish and English.
fn words(kind: &ValidationErrorKind) -> (String, String) {
    let say = |sv: &str, en: &str| (sv.to_owned(), en.to_owned());
    match kind {
        ValidationErrorKind::Type { kind } => {
            let wanted = match kind {
                TypeKind::Single(one) => one.to_string(),
                TypeKind::Multiple(_) => String::new(),
            };
            match wanted.as_str() {
                "string" => say("ska vara text.", "must be text."),
                "number" => say("ska vara ett tal.", "must be a number."),
                "integer" => say("ska vara ett heltal.", "must be a whole number."),
                "boolean" => say("ska vara ja eller nej.", "must be yes or no."),
                "array" => say("ska vara en lista.", "must be a list."),
                _ => say("är av fel slag.", "is of the wrong kind."),
            }
        }
        ValidationErrorKind::Enum { options } => {
            let all = options.as_array().map(Vec::as_slice).unwrap_or_default();
            let all: Vec<_> = all
                .iter()
                .map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned))
                .collect();
            let all = all.join(", ");
            (format!("välj något av {all}."), format!("choose one of {all}."))
        }
        ValidationErrorKind::Minimum { limit } => {
            (format!("ska vara minst {limit}."), format!("must be at least {limit}."))
        }
        ValidationErrorKind::Maximum { limit } => {
            (format!("får vara högst {limit}."), format!("must be at most {limit}."))
        }
        ValidationErrorKind::ExclusiveMinimum { limit } => (
            format!("ska vara mer än {limit}."),
            format!("must be more than {limit}."),
        ),
        ValidationErrorKind::ExclusiveMaximum { limit } => (
            format!("ska vara mindre än {limit}."),
            format!("must be less than {limit}."),
        ),
        ValidationErrorKind::MinLength { limit: 1 } => say("får inte vara tom.", "must not be empty."),
        ValidationErrorKind::MinLength { limit } => (
            format!("ska ha minst {limit} tecken."),
            format!("must have at least {limit} characters."),
        ),
        ValidationErrorKind::MaxLength { limit } => (
            format!("får ha högst {limit} tecken."),
            format!("must have at most {limit} characters."),
        ),
        ValidationErrorKind::MinItems { limit } => {
            (format!("behöver minst {limit}."), format!("needs at least {limit}."))
        }
        ValidationErrorKind::MaxItems { limit } => {
            (format!("får vara högst {limit}."), format!("may be at most {limit}."))
        }
        ValidationErrorKind::Format { format } if format == "date" => say(
            "ska vara ett datum, som 2026-01-31.",
            "must be a date, such as 2026-01-31.",
        ),
        ValidationErrorKind::Format { format } if format == "email" => {
            say("ska vara en e-postadress.", "must be an e-mail address.")
        }
        ValidationErrorKind::Constant { expected_value } if **expected_value == Value::Bool(true) => {
            say("måste vara med.", "must be included.")
        }
        ValidationErrorKind::Pattern { .. } | ValidationErrorKind::Format { .. } => {
            say("är inte skriven som den ska.", "is not written as it should be.")
        }
        _ => say("stämmer inte med reglerna.", "does not meet the rules."),
    }
}

/// What the thing at `pointer` is called, in Swedish and English; its name when the rules do not say.
fn label(schema: &Value, pointer: &str) -> (String, String) {
    let name = pointer.rsplit('/').next().unwrap_or_default();
    let found = property(schema, pointer);
    let text = |key: &str| {
        found
            .and_then(|property| property.get(key)?.as_str())
            .map(str::to_owned)
    };
    let sv = text("title").unwrap_or_else(|| {
        if name.is_empty() {
            "Innehållet".to_owned()
        } else {
            name.to_owned()
        }
    });
    let en = text("x-title-en").unwrap_or_else(|| {
        if name.is_empty() {
            "The content".to_owned()
        } else {
            name.to_owned()
        }
    });
    (sv, en)
}

/// The part of the rules that is about the thing at `pointer`.
fn property<'a>(schema: &'a Value, pointer: &str) -> Option<&'a Value> {
    let parts = pointer.split('/').skip(1).filter(|part| !part.is_empty());
    parts.into_iter().try_fold(schema, |schema, part| {
        let name = part.replace("~1", "/").replace("~0", "~");
        schema
            .get("properties")
            .and_then(|all| all.get(&name))
            .or_else(|| schema.get("items"))
    })
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn texts(schema: &Value, content: &Value) -> Vec<(String, String, String)> {
        let all = check(schema, content).unwrap();
        all.into_iter()
            .map(|one| (one.pointer, one.text.sv, one.text.en.unwrap()))
            .collect()
    }

    #[test]
    fn everything_is_said_at_once_in_the_producers_own_words_where_it_has_some() {
        let schema = json!({
            "type": "object", "required": ["area", "plan"], "additionalProperties": false,
            "properties": {
                "area": { "type": "number", "title": "Byggytan", "x-title-en": "The floor area", "exclusiveMinimum": 0 },
                "plan": { "const": true, "title": "Situationsplan", "x-title-en": "Site plan" },
                "place": { "type": "string", "pattern": "^[A-Z]+ [0-9]+:[0-9]+$", "title": "Fastigheten", "x-title-en": "The property",
                    "x-explanation": { "sv": "skriv som EXEMPELBY 1:2.", "en": "write as EXEMPELBY 1:2." } },
            },
        });
        let content = json!({ "area": -1, "place": "hemma", "other/x": 1 });
        let said = texts(&schema, &content);
        let of = |pointer: &str| {
            said.iter()
                .find(|one| one.0 == pointer)
                .unwrap_or_else(|| panic!("{pointer}: {said:?}"))
                .clone()
        };
        assert_eq!(of("/area").1, "Byggytan: ska vara mer än 0.");
        assert_eq!(of("/plan").2, "Site plan is missing. Fill it in.");
        assert_eq!(of("/place").1, "Fastigheten: skriv som EXEMPELBY 1:2.");
        assert_eq!(of("/other~1x").2, "“other/x” is not asked for. Leave it out.");
        assert_eq!(said.len(), 4);
        assert!(texts(&schema, &json!({ "area": 12, "plan": true, "place": "EXEMPELBY 1:2" })).is_empty());
    }

    #[test]
    fn rules_that_fetch_or_cost_too_much_are_not_used() {
        for schema in [
            json!({ "$ref": "http://127.0.0.1:1/rules.json" }),
            json!({ "$ref": "file:///etc/passwd" }),
            json!({ "type": 7 }),
            json!({ "properties": { "a": { "pattern": "(((a{1,999}){1,999}){1,999})" } } }),
            json!({ "properties": { "a": { "pattern": "(?=a)b" } } }),
        ] {
            assert!(check(&schema, &json!({ "a": "a" })).is_err(), "{schema}");
        }
    }
}
