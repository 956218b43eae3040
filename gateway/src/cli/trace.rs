//! `vagvisare trace ID`: a trace as a tree with times, asked of a node's operations listener.

use super::{control_runtime, say};
use anyhow::{Context, bail};

/// Arguments of `trace`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Trace id (32 hexadecimal digits), a whole traceparent, or "latest"
    #[arg(default_value = "latest")]
    id: String,
    /// The node's operations listener
    #[arg(long, default_value = "http://127.0.0.1:9090", value_name = "URL")]
    operations: String,
}

/// Prints the tree.
pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let id = trace_id(&args.id)?;
    if reqwest::Url::parse(&args.operations).is_err() {
        bail!(
            "\"{}\" is no address: give a URL such as http://127.0.0.1:9090 (see --operations)",
            args.operations
        );
    }
    let url = format!("{}/traces/{id}", args.operations.trim_end_matches('/'));
    let text = control_runtime()?.block_on(async {
        let answer = reqwest::get(&url).await.with_context(|| {
            format!(
                "no operations listener answers at {} (see --operations)",
                args.operations
            )
        })?;
        let status = answer.status();
        let text = answer.text().await?;
        match (status.as_u16(), reason(&text)) {
            (200, _) => Ok(text),
            (404, Some(reason)) => bail!("no trace {id}: {reason}"),
            _ => bail!(
                "{} is no operations listener: it answered {status} (see --operations)",
                args.operations
            ),
        }
    })?;
    say(&text);
    Ok(())
}

/// Why the operations listener has no such trace; `None` when the answer is not one of its own about traces.
fn reason(answer: &str) -> Option<String> {
    let problem: serde_json::Value = serde_json::from_str(answer).ok()?;
    problem["code"].as_str().filter(|code| code.starts_with("trace-"))?;
    problem["detail"].as_str().map(str::to_owned)
}

/// Takes what people have at hand: the id itself, or the header's value.
fn trace_id(text: &str) -> anyhow::Result<&str> {
    let id = match text.split('-').collect::<Vec<_>>().as_slice() {
        [_, id, _, _] => id,
        _ => text,
    };
    if id == "latest" || (id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        return Ok(id);
    }
    bail!("\"{text}\" is no trace id: give 32 hexadecimal digits, a traceparent, or latest")
}
