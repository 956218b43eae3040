//! HAProxy, from Debian.

use std::net::SocketAddr;

use super::{Bench, Cannot, Peer, Prepared, common_values, refuse, version, write_config};
use crate::rungs::{Algorithm, Credential, Limit, Rung};
use crate::running::find;

pub(super) const PEER: Peer = Peer {
    name: "HAProxy",
    prepare,
};

fn prepare(bench: &Bench, rung: &Rung, address: SocketAddr) -> Result<Prepared, Cannot> {
    let Some(program) = find("haproxy") else {
        return Err(Cannot::Work("not installed (Debian package haproxy)".to_owned()));
    };
    refuse(rung.limit == Limit::Shared, "has no exact limit that servers share")?;
    refuse(rung.traces, "has no OpenTelemetry exporter in this package")?;
    refuse(rung.validate, "holds no body against a document")?;
    let mut values = common_values(bench, rung, address);
    let keys = bench.folder.join("haproxy-keys.map");
    let lines: String = bench
        .credentials
        .keys
        .iter()
        .map(|key| format!("{} {}\n", key.0, key.1))
        .collect();
    std::fs::write(&keys, lines).map_err(anyhow::Error::from)?;
    let routes = bench.folder.join("haproxy-routes.map");
    let lines: String = (1..=rung.routes)
        .map(|number| format!("/load/v1/items-{number} origin\n"))
        .collect();
    std::fs::write(&routes, lines).map_err(anyhow::Error::from)?;
    let algorithm = match rung.credential {
        Credential::Token(algorithm, _) => algorithm,
        Credential::None | Credential::Key(_) => Algorithm::Rs256,
    };
    values.extend([
        ("keys", keys.display().to_string()),
        ("routes", routes.display().to_string()),
        ("algorithm", algorithm.to_string()),
    ]);
    let config = write_config(
        bench,
        "haproxy.cfg",
        include_str!("../../peers/haproxy/haproxy.cfg"),
        rung,
        &values,
    )?;
    Ok(Prepared {
        version: version(&program, "-v"),
        program,
        arguments: vec!["-db".into(), "-f".into(), config.into()],
        log: rung
            .log
            .then(|| bench.folder.join(format!("haproxy-{}.log", address.port()))),
        metrics: None,
    })
}
