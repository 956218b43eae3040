//! Libraries that nobody here wrote accept what is sent, and refuse it when it was changed on the way.

use std::process::Stdio;

use serde_json::{Value, json};
use test_parts::tool;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::support::Running;

const PYTHON: &str = "
import json, sys
from standardwebhooks.webhooks import Webhook
given = json.load(sys.stdin)
print(Webhook(given['secret']).verify(given['text'], given['headers'])['subject'])
";

const NODE: &str = "
const { Webhook } = require('standardwebhooks');
const given = JSON.parse(require('fs').readFileSync(0, 'utf8'));
console.log(new Webhook(given.secret).verify(given.text, given.headers).subject);
";

/// Runs a program on one webhook; gives what it wrote, or none when it refused.
async fn run(mut command: Command, given: &Value) -> Option<String> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(given.to_string().as_bytes())
        .await
        .unwrap();
    let output = child.wait_with_output().await.unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        assert!(
            complaint.contains("WebhookVerificationError"),
            "it failed for another reason: {complaint}"
        );
        return None;
    }
    Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

#[tokio::test]
async fn the_libraries_for_python_and_node_accept_each_secret_in_use_and_nothing_else() {
    let service = Running::start(None).await;
    let (path, first) = service.subscribe("alva").await;
    let (_, second) = service.call("POST", "alva", &format!("{path}/secrets"), None).await;
    service.news.tell("alva", 1);
    service.go_on().await;
    let hook = service.endpoint.events().remove(0);
    let given = |secret: &str, text: &str| {
        json!({ "secret": secret, "text": text, "headers": {
            "webhook-id": hook.id, "webhook-timestamp": hook.timestamp, "webhook-signature": hook.signature,
        } })
    };
    let changed = hook.text.replace("updated", "added");
    let other = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let subject = crate::support::uuid(1);
    for (given, expected) in [
        (given(&first, &hook.text), Some(&subject)),
        (given(second["secret"].as_str().unwrap(), &hook.text), Some(&subject)),
        (given(&first, &changed), None),
        (given(other, &hook.text), None),
    ] {
        let mut python = Command::new(tool("../python/bin/python"));
        python.args(["-c", PYTHON]);
        assert_eq!(run(python, &given).await.as_ref(), expected, "Python");
        let mut node = Command::new("node");
        node.args(["-e", NODE]).env("NODE_PATH", tool("../node/node_modules"));
        assert_eq!(run(node, &given).await.as_ref(), expected, "Node");
    }
}
