//! A plain reverse proxy of Pingora: the program of `load-tests/peers/pingora`, a project of its own.

use std::net::SocketAddr;
use std::path::Path;

use super::{Bench, Cannot, Peer, Prepared, refuse};
use crate::rungs::{Credential, Limit, Rung};

pub(super) const PEER: Peer = Peer {
    name: "Pingora",
    prepare,
};

const PROGRAM: &str = "target/peers/pingora/release/pingora-proxy-peer";
const BUILD: &str =
    "cargo build --release --manifest-path load-tests/peers/pingora/Cargo.toml --target-dir target/peers/pingora";

fn prepare(bench: &Bench, rung: &Rung, address: SocketAddr) -> Result<Prepared, Cannot> {
    let more = rung.log || rung.traces || rung.routes > 1 || rung.validate || rung.tls;
    refuse(
        more || rung.credential != Credential::None || rung.limit != Limit::None,
        "passes requests on, nothing else",
    )?;
    let program = Path::new(PROGRAM);
    if !program.is_file() {
        return Err(Cannot::Work(format!("not built (`{BUILD}`)")));
    }
    Ok(Prepared {
        program: std::path::absolute(program).map_err(anyhow::Error::from)?,
        arguments: vec![address.to_string().into(), bench.origin.to_string().into()],
        version: format!("Pingora {}", pinned_version()),
        log: None,
        metrics: None,
    })
}

/// The version that its manifest names.
fn pinned_version() -> &'static str {
    let lines = include_str!("../../peers/pingora/Cargo.toml").lines();
    lines
        .filter(|line| line.starts_with("pingora-proxy"))
        .find_map(|line| line.split('"').nth(1))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_version_is_the_one_that_its_manifest_names() {
        let version = super::pinned_version();
        assert_eq!(
            version.split('.').filter(|part| part.parse::<u32>().is_ok()).count(),
            3,
            "{version}"
        );
    }
}
