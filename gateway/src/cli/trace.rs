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
        match status.as_u16() {
            200 => Ok(text),
            404 => bail!("no trace {id} is kept: it was not among those kept, or is too old"),
            _ => bail!("the operations listener answered {status}"),
        }
    })?;
    say(&text);
    Ok(())
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
