//! nginx, from Debian, without the modules that need scripts.

use std::net::SocketAddr;

use super::{Bench, Cannot, Peer, Prepared, common_values, refuse, version, write_config};
use crate::rungs::{Credential, Limit, Rung};
use crate::running::find;

pub(super) const PEER: Peer = Peer { name: "nginx", prepare };

fn prepare(bench: &Bench, rung: &Rung, address: SocketAddr) -> Result<Prepared, Cannot> {
    let Some(program) = find("nginx") else {
        return Err(Cannot::Work("not installed (Debian package nginx)".to_owned()));
    };
    refuse(
        matches!(rung.credential, Credential::Token(..)),
        "verifies tokens only by scripts (njs, Lua)",
    )?;
    refuse(rung.limit == Limit::Shared, "has no limit that servers share")?;
    refuse(rung.traces, "has no OpenTelemetry exporter in this package")?;
    refuse(rung.validate, "holds no body against a document")?;
    let mut values = common_values(bench, rung, address);
    let keys: String = bench
        .credentials
        .keys
        .iter()
        .map(|key| format!("{} {};\n", key.0, key.1))
        .collect();
    std::fs::write(bench.folder.join("nginx-keys.map"), keys).map_err(anyhow::Error::from)?;
    let routes: String = (1..=rung.routes)
        .map(|number| {
            format!(
                "location = /load/v1/items-{number} {{ include {}/nginx-pass.conf; }}\n",
                bench.folder.display()
            )
        })
        .collect();
    std::fs::write(bench.folder.join("nginx-routes.conf"), routes).map_err(anyhow::Error::from)?;
    let pass = "proxy_pass http://origin;\nproxy_http_version 1.1;\nproxy_set_header Connection \"\";\n";
    std::fs::write(bench.folder.join("nginx-pass.conf"), pass).map_err(anyhow::Error::from)?;
    let log = bench.folder.join("nginx-access.log");
    values.push(("log", log.display().to_string()));
    let config = write_config(
        bench,
        "nginx.conf",
        include_str!("../../peers/nginx/nginx.conf"),
        rung,
        &values,
    )?;
    Ok(Prepared {
        version: version(&program, "-v"),
        program,
        arguments: [
            "-p".into(),
            bench.folder.clone().into(),
            "-e".into(),
            "stderr".into(),
            "-c".into(),
            config.into(),
        ]
        .into(),
        log: rung.log.then_some(log),
        metrics: None,
    })
}
