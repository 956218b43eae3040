//! A plain reverse proxy of hyper and hyper-util's own client: what one gets without a gateway of one's own.
//!
//! The program is `hyper-util-proxy`, beside this one.

use std::net::SocketAddr;

use anyhow::Context;

use super::{Bench, Cannot, Peer, Prepared, refuse};
use crate::rungs::{Credential, Limit, Rung};

pub(super) const PEER: Peer = Peer {
    name: "hyper-util",
    prepare,
};

fn prepare(bench: &Bench, rung: &Rung, address: SocketAddr) -> Result<Prepared, Cannot> {
    let more = rung.log || rung.traces || rung.routes > 1 || rung.validate;
    refuse(
        more || rung.credential != Credential::None || rung.limit != Limit::None,
        "passes requests on, nothing else",
    )?;
    let own = std::env::current_exe().context("this program has no path")?;
    // A test's program lies in `deps`, one below.
    let program = own
        .ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join("hyper-util-proxy"))
        .find(|file| file.is_file());
    let Some(program) = program else {
        return Err(Cannot::Work(
            "not built (`cargo build --profile dist -p load-tests`)".to_owned(),
        ));
    };
    let mut arguments = vec![address.to_string().into(), bench.origin.to_string().into()];
    if let Some(certificate) = &bench.certificate {
        arguments.extend([
            certificate.certificate.clone().into_os_string(),
            certificate.key.clone().into(),
        ]);
    }
    Ok(Prepared {
        program,
        arguments,
        version: "hyper 1, hyper-util's legacy client".to_owned(),
        log: None,
        metrics: None,
    })
}
