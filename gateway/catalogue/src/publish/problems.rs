//! The problems the gateway itself answers with, on every operation where they can happen.

use super::components::{header, problem_schema, shared};
use super::edit::{each_operation, object};
use crate::facts::ApiFacts;
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet};

/// One status the gateway answers with.
struct Row {
    status: u16,
    component: &'static str,
    description: &'static str,
    headers: &'static [&'static str],
    /// Whether it can happen on this operation.
    applies: fn(&Call<'_>) -> bool,
}

/// An operation as the rows look at it.
struct Call<'a> {
    facts: &'a ApiFacts,
    path: &'a str,
    secured: bool,
    has_body: bool,
    /// Answered by the gateway from memory: no backend to be slow or away.
    own: bool,
}

const ROWS: &[Row] = &[
    Row {
        status: 400,
        component: "BadRequest",
        description: "Anropet går inte att förstå. The request cannot be understood.",
        headers: &[],
        applies: |_| true,
    },
    Row {
        status: 401,
        component: "Unauthorized",
        description: "Giltig nyckel eller åtkomstintyg saknas. No valid key or access token.",
        headers: &["WWW-Authenticate"],
        applies: |call| call.secured,
    },
    Row {
        status: 403,
        component: "Forbidden",
        description: "Avtal eller behörighet saknas för anropet. No agreement or scope allows the call.",
        headers: &[],
        applies: |call| call.secured,
    },
    Row {
        status: 404,
        component: "NotFound",
        description: "Det finns inget här. There is nothing here.",
        headers: &[],
        applies: |call| call.path.contains('{'),
    },
    Row {
        status: 410,
        component: "Gone",
        description: "Versionen är tagen ur bruk. The version has been taken out of use.",
        headers: &[],
        applies: |call| call.facts.sunset_at.is_some() && !call.own,
    },
    Row {
        status: 413,
        component: "ContentTooLarge",
        description: "Innehållet är för stort. The content is too large.",
        headers: &[],
        applies: |call| call.has_body,
    },
    Row {
        status: 415,
        component: "UnsupportedMediaType",
        description: "Innehållets format stöds inte. The content's media type is not supported.",
        headers: &[],
        applies: |call| call.has_body,
    },
    Row {
        status: 429,
        component: "TooManyRequests",
        description: "En anropsgräns är nådd; vänta så länge Retry-After säger. A rate limit is reached; wait as Retry-After says.",
        headers: &["Retry-After"],
        applies: |call| !call.facts.limits.is_empty(),
    },
    Row {
        status: 500,
        component: "InternalServerError",
        description: "Fel i tjänsten. A fault in the service.",
        headers: &[],
        applies: |_| true,
    },
    Row {
        status: 502,
        component: "BadGateway",
        description: "Myndighetens system gav inget begripligt svar. The agency's system gave no valid answer.",
        headers: &[],
        applies: |call| !call.own,
    },
    Row {
        status: 503,
        component: "ServiceUnavailable",
        description: "Tillfälligt otillgängligt; försök igen. Unavailable for now; try again.",
        headers: &["Retry-After"],
        applies: |_| true,
    },
    Row {
        status: 504,
        component: "GatewayTimeout",
        description: "Myndighetens system svarade inte i tid. The agency's system did not answer in time.",
        headers: &[],
        applies: |call| !call.own,
    },
];

/// Adds each row where it applies and the agency has not described the status itself.
pub(super) fn add(document: &mut Value, facts: &ApiFacts) {
    let mut wanted: HashMap<(String, String), Vec<&'static Row>> = HashMap::new();
    each_operation(object(document), |path, method, operation| {
        wanted.insert((path.to_owned(), method.to_owned()), missing(facts, path, operation));
    });
    let used: HashSet<u16> = wanted.values().flatten().map(|row| row.status).collect();
    let schema = problem_schema(document);
    let mut references = HashMap::new();
    for row in ROWS.iter().filter(|row| used.contains(&row.status)) {
        references.insert(row.status, component(document, facts, row, &schema));
    }
    each_operation(object(document), |path, method, operation| {
        let responses = object(operation.entry("responses").or_insert(Value::Null));
        for row in wanted.remove(&(path.to_owned(), method.to_owned())).unwrap_or_default() {
            let reference = references.get(&row.status).cloned().unwrap_or_default();
            responses.insert(row.status.to_string(), reference);
        }
    });
}

/// The rows that can happen on this operation and are not described.
fn missing(facts: &ApiFacts, path: &str, operation: &Map<String, Value>) -> Vec<&'static Row> {
    let call = Call {
        facts,
        path,
        secured: operation
            .get("security")
            .and_then(Value::as_array)
            .is_some_and(|all| !all.is_empty()),
        has_body: operation.get("requestBody").is_some(),
        own: path == super::api_info_path::PATH,
    };
    let described = |row: &Row| {
        operation
            .get("responses")
            .is_some_and(|all| all.get(row.status.to_string()).is_some())
    };
    ROWS.iter()
        .filter(|row| (row.applies)(&call) && !described(row))
        .collect()
}

fn component(document: &mut Value, facts: &ApiFacts, row: &Row, schema: &Value) -> Value {
    let headers: Map<String, Value> = row
        .headers
        .iter()
        .map(|name| ((*name).to_owned(), header(document, name)))
        .collect();
    let mut media = json!({ "schema": schema });
    let examples = examples(facts, row.status);
    if !examples.is_empty() {
        media["examples"] = Value::Object(examples);
    }
    let mut response = json!({ "description": row.description });
    if !headers.is_empty() {
        response["headers"] = Value::Object(headers);
    }
    response["content"] = json!({ "application/problem+json": media });
    // The headers come later: the same text and body are the same response.
    let fits = |present: &Value| present["description"] == row.description && present["content"] == response["content"];
    shared(document, "responses", row.component, fits, response.clone())
}

/// Each problem of the gateway's with this status, as it would be answered.
fn examples(facts: &ApiFacts, status: u16) -> Map<String, Value> {
    let base = facts.public_base_url.trim_end_matches('/');
    let problems = facts.problems.iter().filter(|problem| problem.status == status);
    let example = |problem: &crate::ProblemFacts| {
        json!({
            "summary": problem.title,
            "value": {
                "type": format!("{base}/problems/{}", problem.code),
                "title": problem.title,
                "status": status,
                "detail": problem.what_to_do_en,
                "instance": facts.base_path,
                "code": problem.code,
                "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
            },
        })
    };
    problems
        .map(|problem| (problem.code.clone(), example(problem)))
        .collect()
}
