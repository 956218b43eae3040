//! The gateway itself, from the program that is given: one worker, as the others have.

use std::fmt::Write;
use std::net::SocketAddr;

use super::{Bench, Cannot, Peer, Prepared, common_values, version, write_config};
use crate::rungs::Rung;
use crate::running::free_address;

/// Where large bodies pass.
const MOST_BODY: u64 = 128 << 20;

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
    let openapi = bench.folder.join("vagvisare-load.json");
    if rung.validate {
        let document = crate::document::document(&format!("/items-{}", rung.routes));
        std::fs::write(&openapi, document.to_string()).map_err(anyhow::Error::from)?;
    }
    values.extend([
        ("openapi", openapi.display().to_string()),
        ("operations", operations.to_string()),
        ("pepper", bench.credentials.pepper.display().to_string()),
        ("log", log.display().to_string()),
        ("redis", text(bench.redis)),
        ("receiver", text(bench.receiver)),
        // The document names the one route of its own.
        ("routes", if rung.validate { String::new() } else { routes(rung) }),
        ("keys", keys(bench, rung)),
        ("agreements", agreements(rung)),
        ("deadline", if rung.large { "120s" } else { "5s" }.to_owned()),
        ("most-body", if rung.large { MOST_BODY } else { 65_536 }.to_string()),
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
    // Large bodies are posted to the same route that large answers come from.
    let method = if rung.large { "" } else { "method = \"GET\"\n" };
    (1..=rung.routes).fold(String::new(), |mut text, number| {
        let _ = writeln!(text, "[[apis.routes]]\n{method}path = \"/items-{number}\"\n");
        text
    })
}

/// An application a key, as in life; each belongs to one of the parties to the agreements.
fn keys(bench: &Bench, rung: &Rung) -> String {
    let mut text = String::new();
    for (number, (_, id, hash)) in bench.credentials.keys.iter().enumerate() {
        let party = party(number % rung.agreements.max(1));
        let _ = writeln!(
            text,
            "[[applications]]\nid = \"{id}\"\nname = \"{id}\"\norganisation = \"{party}\"\n\n[[applications.keys]]\nid = \"{id}\"\nhash = \"{hash}\"\n"
        );
    }
    text
}

/// The agreements beyond the first, each with a party of its own.
fn agreements(rung: &Rung) -> String {
    let mut text = String::new();
    for number in 1..rung.agreements {
        let party = party(number);
        let _ = writeln!(
            text,
            "[[organisations]]\nid = \"{party}\"\nname = \"{party}\"\nkind = \"privateActor\"\n\n[[agreements]]\nid = \"agreement-{number}\"\nkind = \"avtal\"\npurpose = \"Load tests\"\nproducers = [\"load\"]\nconsumers = [\"{party}\"]\napis = [\"load-v1\"]\nscopes = [\"load.read\"]\nvalid_from = 2026-01-01\n"
        );
    }
    text
}

fn party(number: usize) -> String {
    if number == 0 {
        "caller".to_owned()
    } else {
        format!("caller-{number}")
    }
}
