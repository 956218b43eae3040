//! The six calls that the demo prints. Each runs as printed, in a POSIX shell with curl; a test does just that.

use super::{APPLICATION, Demo, PERSON};
use serde_json::{Value, json};

/// One call.
#[derive(Debug, Clone)]
pub struct Call {
    /// What it shows.
    pub title: &'static str,
    /// One line for a shell.
    pub command: String,
}

/// Trace id of the third call, so that the sixth can ask for it.
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

pub(super) fn all(demo: &Demo) -> Vec<Call> {
    let base = format!("http://{}", demo.address);
    let key = format!("-H 'X-Api-Key: {}'", demo.api_key);
    let routes = format!("{base}/contact-routing/v1/routes");
    vec![
        Call {
            title: "The catalogue: every API with its document and its pages (RFC 9727)",
            command: format!("curl -s {base}/.well-known/api-catalog"),
        },
        Call {
            title: "Without a credential: a problem that says what is missing and where to read on",
            command: format!("curl -s -i {base}/case-status/v1/cases"),
        },
        Call {
            title: "All cases of a synthetic person, from several agencies; one of them is down, and the answer says so",
            command: format!(
                "curl -s -H \"Authorization: Bearer $({})\" -H 'traceparent: 00-{TRACE}-b7ad6b7169203331-01' {base}/case-status/v1/cases",
                token_command(demo)
            ),
        },
        Call {
            title: "An everyday question: who is responsible, why, and how to reach them",
            command: format!(
                "curl -s {key} -H 'Content-Type: application/json' -d '{{\"question\":\"Jag vill bygga en altan, vem frågar jag?\",\"municipality\":\"Helsingborg\"}}' {routes}"
            ),
        },
        // It ends at the first refusal and shows that one: a call after it might find the limit open again.
        Call {
            title: "A burst that runs into a limit: the last answer says which, and when to come back",
            command: format!(
                "for call in $(seq 40); do answer=$(curl -s -i --fail-with-body {key} '{routes}?need=building-permit&municipality=1283') || break; echo \"$answer\" | head -n 1; done; echo \"$answer\""
            ),
        },
        Call {
            title: "The trace of the third call, from the caller to each agency, and of the last one (vagvisare trace shows them too)",
            command: format!(
                "curl -s http://{0}/traces/{TRACE} http://{0}/traces/latest",
                demo.operations
            ),
        },
    ]
}

/// What the test e-identification is asked.
pub(super) fn token_request(audience: &str) -> Value {
    json!({ "person": PERSON, "applicationId": APPLICATION, "audience": audience, "scopes": ["cases.read"] })
}

/// A shell command that prints a person's token.
pub(super) fn token_command(demo: &Demo) -> String {
    format!(
        "curl -s -H 'Accept: text/plain' -H 'Content-Type: application/json' -d '{}' http://{}/test-identity/v0/tokens",
        token_request(&demo.audience),
        demo.address
    )
}
