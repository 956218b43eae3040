//! The gateway itself, from the program that is given: one worker, as the others have.

use std::fmt::Write;
use std::net::SocketAddr;

use super::{Bench, Cannot, Peer, Prepared, common_values, version, write_config};
use crate::rungs::Rung;
use crate::running::free_address;

pub(super) const PEER: Peer = Peer {
    name: "Vägvisare",
    prepare,
};

fn prepare(bench: &Bench, rung: &Rung, address: SocketAddr) -> Result<Prepared, Cannot> {
    if !bench.gateway.is_file() {
        let reason = format!(
            "{} is not built (`cargo build --profile dist`)",
            bench.gateway.display()
        );
        return Err(Cannot::Work(reason));
    }
    let operations = free_address()?;
    let log = bench.folder.join("vagvisare-access.log");
    let text = |address: Option<SocketAddr>| address.map(|address| address.to_string()).unwrap_or_default();
    let mut values = common_values(bench, rung, address);
    values.extend([
        ("operations", operations.to_string()),
        ("pepper", bench.credentials.pepper.display().to_string()),
        ("log", log.display().to_string()),
        ("redis", text(bench.redis)),
        ("receiver", text(bench.receiver)),
        ("routes", routes(rung)),
        ("keys", keys(bench)),
    ]);
    let template = include_str!("../../peers/vagvisare/registry.toml");
    let registry = write_config(bench, "vagvisare-registry.toml", template, rung, &values)?;
    values.push(("registry", registry.display().to_string()));
    let template = include_str!("../../peers/vagvisare/config.toml");
    let config = write_config(bench, "vagvisare.toml", template, rung, &values)?;
    Ok(Prepared {
        version: version(&bench.gateway, "--version"),
        program: bench.gateway.clone(),
        arguments: vec!["serve".into(), "--config".into(), config.into()],
        log: rung.log.then_some(log),
        metrics: rung.traces.then_some(operations),
    })
}

fn routes(rung: &Rung) -> String {
    (1..=rung.routes).fold(String::new(), |mut text, number| {
        let _ = writeln!(text, "[[apis.routes]]\nmethod = \"GET\"\npath = \"/items-{number}\"\n");
        text
    })
}

/// An application a key, as in life.
fn keys(bench: &Bench) -> String {
    bench.credentials.keys.iter().fold(String::new(), |mut text, (_, id, hash)| {
        let _ = writeln!(
            text,
            "[[applications]]\nid = \"{id}\"\nname = \"{id}\"\norganisation = \"caller\"\n\n[[applications.keys]]\nid = \"{id}\"\nhash = \"{hash}\"\n"
        );
        text
    })
}
