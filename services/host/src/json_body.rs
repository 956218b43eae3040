//! Reading JSON so that a refusal names the field and never repeats its value.

use model::{Problem, ProblemKind};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

use crate::Refusal;
use crate::shown_path::shown_name;

/// Reads a whole body of JSON.
///
/// # Errors
/// A 400 problem that says where it is not JSON, or a 422 problem that names the field; never the value.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value =
        serde_path_to_error::deserialize(&mut reader).map_err(|error| refuse(&shown(error.path()), error.inner()))?;
    reader.end().map_err(|error| refuse(".", &error))?;
    Ok(value)
}

/// Where it is, without a name that is none: what is unknown may be somebody's number.
fn shown(path: &Path) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => text.push_str(&format!("[{index}]")),
            Segment::Map { key: name } | Segment::Enum { variant: name } => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(shown_name(name).unwrap_or("(unnamed)"));
            }
            Segment::Unknown => text.push('?'),
        }
    }
    if text.is_empty() { ".".to_owned() } else { text }
}

fn refuse(path: &str, error: &serde_json::Error) -> Refusal {
    match error.classify() {
        Category::Data => {
            let (field, message) = field_and_message(path, &error.to_string());
            Problem::of(ProblemKind::InvalidBody)
                .detail(format!("The field '{field}' {message}."))
                .field(field, message)
                .into()
        }
        Category::Eof => Refusal::of(ProblemKind::MalformedBody, "The JSON ends too early."),
        Category::Io | Category::Syntax => {
            let place = format!("The JSON is wrong at line {}, column {}.", error.line(), error.column());
            Refusal::of(ProblemKind::MalformedBody, place)
        }
    }
}

/// serde's words carry the value that was sent, which may be about a person; only what was expected is kept.
fn field_and_message(path: &str, text: &str) -> (String, String) {
    let text = text.split(" at line ").next().unwrap_or(text);
    let within = if path == "." { String::new() } else { format!("{path}.") };
    if let Some(name) = text
        .strip_prefix("missing field `")
        .and_then(|rest| rest.split('`').next())
    {
        return (format!("{within}{name}"), "is missing".to_owned());
    }
    let field = if path == "." {
        "(body)".to_owned()
    } else {
        path.to_owned()
    };
    if text.starts_with("unknown field") {
        return (field, "does not exist".to_owned());
    }
    if text.starts_with("duplicate field") {
        return (field, "is there more than once".to_owned());
    }
    match text.rsplit_once(", expected ") {
        Some((_, expected)) => (field, format!("must be {expected}")),
        None => (field, "has a value that is not allowed".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[expect(dead_code, reason = "only read into")]
        inner: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[expect(dead_code, reason = "only read into")]
        number: u32,
        #[expect(dead_code, reason = "only read into")]
        kind: Kind,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    enum Kind {
        One,
        Two,
    }

    #[test]
    fn a_refusal_names_the_field_and_never_the_value() {
        let cases = [
            (
                r#"{"inner":[{"number":"SECRET","kind":"one"}]}"#,
                422,
                "inner[0].number",
                "must be u32",
            ),
            (
                r#"{"inner":[{"number":1,"kind":"SECRET"}]}"#,
                422,
                "inner[0].kind",
                "must be `one` or `two`",
            ),
            (r#"{"inner":[{"kind":"one"}]}"#, 422, "inner[0].number", "is missing"),
            (r#"{"inner":[],"SECRETS":1}"#, 422, "SECRETS", "does not exist"),
            (r#"{"inner":[],"900101-9802":1}"#, 422, "(unnamed)", "does not exist"),
            (r#"[]"#, 422, "", ""),
        ];
        for (body, status, field, message) in cases {
            let Refusal(problem) = read::<Outer>(body.as_bytes()).unwrap_err();
            assert_eq!(problem.status, status, "{body}");
            let text = serde_json::to_string(&problem).unwrap();
            assert!(!text.contains("\"SECRET\"") && !text.contains("`SECRET`"), "{text}");
            if !field.is_empty() {
                assert_eq!(
                    (problem.errors[0].field.as_str(), problem.errors[0].message.as_str()),
                    (field, message)
                );
            }
        }
    }

    #[test]
    fn what_is_not_json_is_a_400_that_says_where() {
        for body in [r#"{"inner":"#, r#"{"inner":[]} x"#, "", "{'inner':1}"] {
            let Refusal(problem) = read::<Outer>(body.as_bytes()).unwrap_err();
            assert_eq!(
                (problem.status, problem.code.as_ref()),
                (400, "malformed-body"),
                "{body}"
            );
        }
    }
}
