//! `vagvisare maintain`: takes an API aside for work, and back, with a member's key: on every node within a second, without a
//! publication.

use super::declared::Place;
use super::{control_runtime, say};
use anyhow::bail;
use reqwest::Method;
use serde_json::json;

/// Arguments of `maintain`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The API's id, such as cases-v1
    api: String,
    /// What people are told, in Swedish
    #[arg(long, value_name = "TEXT", required_unless_present = "end", conflicts_with = "end")]
    message: Option<String>,
    /// The same in English
    #[arg(long, value_name = "TEXT", requires = "message")]
    message_en: Option<String>,
    /// When callers are told to come back
    #[arg(long, value_name = "SECONDS", default_value_t = 600, conflicts_with = "end")]
    retry_after: u64,
    /// Take the API back into use
    #[arg(long)]
    end: bool,
    #[command(flatten)]
    place: Place,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let server = args.place.server()?;
    let path = format!("apis/{}/maintenance", args.api);
    let (method, body, said) = match &args.message {
        Some(message) => {
            let mut body = json!({ "message": message, "retryAfterSeconds": args.retry_after });
            if let Some(english) = &args.message_en {
                body["messageEn"] = english.as_str().into();
            }
            (Method::PUT, Some(body.to_string()), "is taken aside")
        }
        None => (Method::DELETE, None, "is in use again"),
    };
    // Whatever else was changed meanwhile, this is about what is served.
    let answer = control_runtime()?.block_on(server.send(method, &path, Some("*"), body))?;
    if !answer.status.is_success() {
        bail!("{}: {}", args.api, answer.said());
    }
    say(&format!("{} {said}: on every node within a second", args.api));
    Ok(())
}
