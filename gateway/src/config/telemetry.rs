//! `[telemetry]` and `[telemetry.otlp]`: what is recorded, and where it goes.

use super::{Gateway, url};
use ::document::Table;
use ::telemetry::{AccessLog, Config, OtlpConfig, Protocol};
use std::time::Duration;

/// Reads the section; the node's name and public host come from `[gateway]`.
pub(super) fn read(table: &Table<'_>, gateway: &Gateway) -> Config {
    let default = Config::default();
    let store = table
        .integer("trace_store", 0, 1_000_000)
        .and_then(|count| usize::try_from(count).ok());
    Config {
        node: gateway.node.clone(),
        server_address: gateway.public_base_url.as_deref().and_then(host),
        share: table.share("share", default.share),
        slow: table.duration("slow", default.slow),
        trust_caller_sampling: table.boolean("trust_caller_sampling", false),
        otlp: read_otlp(&table.table("otlp")),
        access_log: access_log(table),
        trace_store: store.unwrap_or(default.trace_store),
        usage: None,
        ..default
    }
}

fn host(base: &str) -> Option<String> {
    url::check(base).ok()?.host().map(str::to_owned)
}

/// `"stdout"`, `"off"`, or a path; the folder must be there.
fn access_log(table: &Table<'_>) -> AccessLog {
    match table.optional_string("access_log").as_deref() {
        None | Some("stdout") => AccessLog::Stdout,
        Some("off") => AccessLog::Off,
        Some(_) => match table.optional_path("access_log") {
            None => AccessLog::Stdout,
            Some(path) => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                if path.is_dir() || folder.is_some_and(|folder| !folder.is_dir()) {
                    table.report(
                        "access_log",
                        format!("{} cannot be a file; its folder must exist", path.display()),
                    );
                }
                AccessLog::File(path)
            }
        },
    }
}

fn read_otlp(table: &Table<'_>) -> Option<OtlpConfig> {
    if !table.is_present() {
        return None;
    }
    let endpoint = table.required_string("endpoint");
    if !endpoint.is_empty()
        && let Err(message) = url::check(&endpoint)
    {
        table.report("endpoint", message);
    }
    let protocol = table.one_of(
        "protocol",
        &[("grpc", Protocol::Grpc), ("http", Protocol::HttpProtobuf)],
        Protocol::Grpc,
    );
    Some(OtlpConfig {
        endpoint,
        protocol,
        timeout: Duration::from_secs(5),
        queue_spans: 8_192,
        batch: 512,
    })
}
