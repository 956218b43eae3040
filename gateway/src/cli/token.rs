//! `vagvisare token`: gets an access token with an application's key, as any OAuth client would, and prints it alone.

use super::{control_runtime, say};
use anyhow::{Context, bail};
use identity::client_key::ClientKey;
use serde_json::Value;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// Arguments of `token`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Stable id of the application (its client_id)
    #[arg(long)]
    application: String,
    /// The application's private key, as `vagvisare keygen` writes it
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Where the gateway is; also the issuer's name
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    gateway: String,
    /// The audience of the API to call
    #[arg(long, value_name = "URL")]
    resource: String,
    /// A code that a person has granted: the token speaks for the person
    #[arg(
        long,
        requires = "redirect_uri",
        requires = "code_verifier",
        allow_hyphen_values = true // one in 64 begins with one
    )]
    code: Option<String>,
    /// Where the code was sent
    #[arg(long, value_name = "URL", requires = "code")]
    redirect_uri: Option<String>,
    /// What the code's challenge was made from (PKCE)
    #[arg(long, value_name = "TEXT", requires = "code", allow_hyphen_values = true)]
    code_verifier: Option<String>,
    /// Scopes, separated by spaces; default: all that the agreement grants
    #[arg(long)]
    scope: Option<String>,
    /// Print the request's body for curl instead of sending it
    #[arg(long)]
    print_request: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let pem = std::fs::read_to_string(&args.key).with_context(|| format!("{} cannot be read", args.key.display()))?;
    let key = ClientKey::from_pem(&pem)
        .with_context(|| format!("{} holds no private key for ES256 or EdDSA", args.key.display()))?;
    let gateway = args.gateway.trim_end_matches('/');
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let assertion = key.assertion(&args.application, gateway, i64::try_from(now)?);
    let grant_type = match args.code {
        Some(_) => "authorization_code",
        None => "client_credentials",
    };
    let mut form = vec![
        ("grant_type", grant_type.to_owned()),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned(),
        ),
        (
            "client_assertion",
            assertion.context("the assertion could not be signed")?,
        ),
        ("resource", args.resource.clone()),
    ];
    for (name, value) in [
        ("scope", &args.scope),
        ("code", &args.code),
        ("redirect_uri", &args.redirect_uri),
        ("code_verifier", &args.code_verifier),
    ] {
        form.extend(value.clone().map(|value| (name, value)));
    }
    if args.print_request {
        let body: Vec<String> = form
            .iter()
            .map(|(name, value)| format!("--data-urlencode '{name}={value}'"))
            .collect();
        say(&format!("curl -s {gateway}/oauth2/token {}", body.join(" ")));
        return Ok(());
    }
    let answer: Value = control_runtime()?.block_on(async {
        let request = reqwest::Client::new()
            .post(format!("{gateway}/oauth2/token"))
            .form(&form);
        anyhow::Ok(request.send().await?.json().await?)
    })?;
    match answer.get("access_token").and_then(Value::as_str) {
        Some(token) => say(token),
        None => bail!(
            "{}",
            answer
                .get("error_description")
                .or(answer.get("detail"))
                .and_then(Value::as_str)
                .unwrap_or("the answer holds no token")
        ),
    }
    Ok(())
}
