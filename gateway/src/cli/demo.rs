//! `vagvisare demo`: everything in one process on loopback, and six calls to paste.

use super::{control_runtime, listen_address, say, start_log};
use crate::demo;
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where callers are served
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT", value_parser = listen_address)]
    listen: SocketAddr,
    /// Where health, metrics and traces are served
    #[arg(long, default_value = "127.0.0.1:9090", value_name = "ADDRESS:PORT", value_parser = listen_address)]
    ops_listen: SocketAddr,
    /// Where databases, logs and demo.json are kept
    #[arg(long, default_value = "data/demo", value_name = "DIRECTORY")]
    data_dir: PathBuf,
}

/// Runs until Ctrl-C or SIGTERM.
pub(super) fn run(args: Args) -> anyhow::Result<()> {
    start_log();
    let options = demo::Options {
        listen: args.listen,
        operations: args.ops_listen,
        data_dir: args.data_dir,
    };
    control_runtime()?.block_on(async {
        let demo = demo::start(options).await?;
        let stop = crate::node::stop_signal()?;
        say(&welcome(&demo)?);
        stop.await;
        say("stopping: requests in flight may finish");
        demo.stop().await
    })
}

fn welcome(demo: &demo::Demo) -> Result<String, std::fmt::Error> {
    let mut text = format!("ready http://{}\n\n", demo.address);
    for (number, call) in demo.calls().iter().enumerate() {
        writeln!(text, "{}. {}\n$ {}\n", number + 1, call.title, call.command)?;
    }
    writeln!(
        text,
        "Pages: http://{}/ (developers), http://{}/traces (operations)",
        demo.address, demo.operations
    )?;
    writeln!(
        text,
        "Scripts: {} holds addresses and credentials. Ctrl-C stops everything.",
        demo.file.display()
    )?;
    Ok(text)
}
