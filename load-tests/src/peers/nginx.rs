//! nginx, from Debian.

use anyhow::Result;
use http::HeaderMap;

use super::{Bench, Entry, Subject, version, write_config};
use crate::running::{Running, find, free_address};
use crate::target::Target;

const NAME: &str = "nginx";

/// nginx as a bare proxy.
pub(crate) async fn bare(bench: &Bench) -> Result<Entry> {
    let Some(program) = find("nginx") else {
        return Ok(Entry::Cannot {
            name: NAME,
            reason: "not installed (Debian package nginx)".to_owned(),
        });
    };
    let address = free_address()?;
    let values = [
        ("listen", address.to_string()),
        ("origin", bench.origin.to_string()),
        ("folder", bench.folder.display().to_string()),
    ];
    let config = write_config(
        bench,
        "nginx-bare.conf",
        include_str!("../../peers/nginx/bare.conf"),
        &values,
    )?;
    let arguments = [
        "-p".as_ref(),
        bench.folder.as_os_str(),
        "-e".as_ref(),
        "stderr".as_ref(),
        "-c".as_ref(),
        config.as_os_str(),
    ];
    let server = Running::start(&program, &arguments, bench.core, &bench.folder, address).await?;
    Ok(Entry::Ready(Box::new(Subject {
        name: NAME,
        version: version(&program, "-v"),
        target: Target::new(address, "/bare/v1/item")?,
        headers: HeaderMap::new(),
        server: Some(server),
    })))
}
