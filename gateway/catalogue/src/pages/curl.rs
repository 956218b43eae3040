//! An operation as a command line.

use super::credential::Credential;
use crate::sample::sample;
use crate::spec::{Node, Operation};
use serde_json::Value;

/// The `curl` line for an operation: runs as printed once the named variable holds the credential.
///
/// Everything from the document stands in single quotes or percent-encoded: an example value must not become a command.
pub(super) fn curl(
    base_url: &str,
    operation: &Operation<'_>,
    credential: Credential,
    body: Option<(&str, &Value)>,
) -> String {
    let mut lines = Vec::new();
    let method = operation.method.to_uppercase();
    if method == "GET" {
        lines.push("curl".to_owned());
    } else {
        lines.push(format!("curl -X {method}"));
    }
    match credential {
        Credential::Open => {}
        Credential::Key => lines.push("-H \"X-Api-Key: $API_KEY\"".to_owned()),
        Credential::Token => lines.push("-H \"Authorization: Bearer $ACCESS_TOKEN\"".to_owned()),
    }
    if let Some((media, value)) = body {
        lines.push(format!("-H {}", quoted(&format!("Content-Type: {media}"))));
        lines.push(format!("-d {}", quoted(&value.to_string())));
    }
    lines.push(quoted(&url(base_url, operation)));
    let separator = if lines.len() > 3 { " \\\n  " } else { " " };
    lines.join(separator)
}

fn url(base_url: &str, operation: &Operation<'_>) -> String {
    let mut path = operation.path.to_owned();
    let mut query = Vec::new();
    for parameter in &operation.parameters {
        let name = parameter.text("name").unwrap_or_default();
        match parameter.text("in") {
            Some("path") => path = path.replace(&format!("{{{name}}}"), &encoded(&value_of(parameter))),
            Some("query") if parameter.is_true("required") || has_example(parameter) => {
                query.push(format!("{}={}", encoded(name), encoded(&value_of(parameter))));
            }
            _ => {}
        }
    }
    let separator = if query.is_empty() { "" } else { "?" };
    format!("{base_url}{path}{separator}{}", query.join("&"))
}

/// Whether somebody wrote an example: a made-up one would say nothing.
pub(super) fn has_example(parameter: &Node<'_>) -> bool {
    parameter.value.get("example").is_some() || parameter.at(&["schema", "example"]).is_some()
}

/// The parameter's example as text.
pub(super) fn value_of(parameter: &Node<'_>) -> String {
    let written = parameter.value.get("example").cloned();
    let listed = parameter.get("examples").and_then(|all| {
        all.entries()
            .first()
            .and_then(|(_, node)| node.value.get("value").cloned())
    });
    let value = written
        .or(listed)
        .or_else(|| parameter.get("schema").map(|schema| sample(&schema)));
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::Array(items)) => items.iter().map(plain).collect::<Vec<_>>().join(","),
        Some(value) => plain(&value),
    }
}

/// RFC 3986: everything but the unreserved characters.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// One word of a POSIX shell, whatever is in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Spec;
    use serde_json::json;

    #[test]
    fn an_example_never_becomes_a_command() {
        let document = json!({"paths": {"/x'; rm -rf /;'/{id}": {"post": {"parameters": [
            {"name": "id", "in": "path", "example": "a/b c"},
            {"name": "q", "in": "query", "example": "$(reboot)'`x`"},
        ]}}}});
        let spec = Spec::new(&document);
        let line = curl(
            "https://a.se/b/v1",
            &spec.operations[0],
            Credential::Key,
            Some(("application/json", &json!({"x": "it's $HOME"}))),
        );
        assert_eq!(
            line,
            "curl -X POST \\\n  -H \"X-Api-Key: $API_KEY\" \\\n  -H 'Content-Type: application/json' \\\n  \
             -d '{\"x\":\"it'\\''s $HOME\"}' \\\n  'https://a.se/b/v1/x'\\''; rm -rf /;'\\''/a%2Fb%20c?q=%24%28reboot%29%27%60x%60'"
        );
    }
}
