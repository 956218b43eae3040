//! Caddy, from Debian.

use std::net::SocketAddr;

use super::{Bench, Cannot, Peer, Prepared, common_values, refuse, version, write_config};
use crate::rungs::{Credential, Limit, Rung};
use crate::running::find;

pub(super) const PEER: Peer = Peer { name: "Caddy", prepare };

fn prepare(bench: &Bench, rung: &Rung, address: SocketAddr) -> Result<Prepared, Cannot> {
    let Some(program) = find("caddy") else {
        return Err(Cannot::Work("not installed (Debian package caddy)".to_owned()));
    };
    refuse(
        matches!(rung.credential, Credential::Token(..)),
        "verifies no tokens in this package",
    )?;
    refuse(
        matches!(rung.credential, Credential::Key(_)) || rung.routes > 1,
        "keys and paths are tried one by one in a list",
    )?;
    refuse(rung.limit != Limit::None, "has no limits in this package")?;
    refuse(rung.traces, "not configured for it here")?;
    refuse(rung.validate, "holds no body against a document")?;
    let log = bench.folder.join("caddy-access.log");
    let mut values = common_values(bench, rung, address);
    values.push(("log", log.display().to_string()));
    let config = write_config(
        bench,
        "Caddyfile",
        include_str!("../../peers/caddy/Caddyfile"),
        rung,
        &values,
    )?;
    let Some(env) = find("env") else {
        return Err(Cannot::Work("needs the program env".to_owned()));
    };
    // It keeps a copy of its configuration where the user keeps such things, or where it is told to.
    let home = |name: &str| format!("{name}={}", bench.folder.display()).into();
    Ok(Prepared {
        version: version(&program, "version"),
        arguments: vec![
            home("XDG_CONFIG_HOME"),
            home("XDG_DATA_HOME"),
            program.into(),
            "run".into(),
            "--adapter".into(),
            "caddyfile".into(),
            "--config".into(),
            config.into(),
        ],
        program: env,
        log: rung.log.then_some(log),
        metrics: None,
    })
}
