//! The gateway itself, from the program that is given: one worker, as the others have.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{Bench, Entry, Subject, version, write_config};
use crate::running::{Running, free_address};
use crate::target::Target;

const NAME: &str = "Vägvisare";

/// An API that is open to everyone.
pub(crate) async fn bare(bench: &Bench) -> Result<Entry> {
    start(bench, "bare", "/bare/v1/item", |_| Ok(HeaderMap::new())).await
}

/// An API that asks for a key, with an agreement and a limit that is never reached.
pub(crate) async fn key(bench: &Bench) -> Result<Entry> {
    start(bench, "key", "/keyed/v1/item", |key| {
        let mut value =
            HeaderValue::from_str(&key.text).context("the key holds characters that no header can carry")?;
        value.set_sensitive(true);
        Ok(HeaderMap::from_iter([(HeaderName::from_static("x-api-key"), value)]))
    })
    .await
}

async fn start(bench: &Bench, purpose: &str, path: &str, headers: impl Fn(&Key) -> Result<HeaderMap>) -> Result<Entry> {
    if !bench.gateway.is_file() {
        let reason = format!(
            "{} is not built (`cargo build --profile dist`)",
            bench.gateway.display()
        );
        return Ok(Entry::Cannot { name: NAME, reason });
    }
    let pepper = bench.folder.join("pepper");
    let key = new_key(bench, &pepper)?;
    let address = free_address()?;
    let values = [
        ("listen", address.to_string()),
        ("operations", free_address()?.to_string()),
        ("origin", bench.origin.to_string()),
        ("pepper", pepper.display().to_string()),
        ("key-id", key.id.clone()),
        ("key-hash", key.hash.clone()),
    ];
    let registry = format!("vagvisare-{purpose}-registry.toml");
    let registry = write_config(
        bench,
        &registry,
        include_str!("../../peers/vagvisare/registry.toml"),
        &values,
    )?;
    let values = [values.as_slice(), &[("registry", registry.display().to_string())]].concat();
    let config = format!("vagvisare-{purpose}.toml");
    let config = write_config(
        bench,
        &config,
        include_str!("../../peers/vagvisare/config.toml"),
        &values,
    )?;
    let arguments = ["serve".as_ref(), "--config".as_ref(), config.as_os_str()];
    let server = Running::start(&bench.gateway, &arguments, bench.core, &bench.folder, address).await?;
    Ok(Entry::Ready(Box::new(Subject {
        name: NAME,
        version: version(&bench.gateway, "--version"),
        target: Target::new(address, path)?,
        headers: headers(&key)?,
        server: Some(server),
    })))
}

/// A key as `vagvisare key new` prints it.
struct Key {
    text: String,
    id: String,
    hash: String,
}

fn new_key(bench: &Bench, pepper: &PathBuf) -> Result<Key> {
    let output = Command::new(&bench.gateway)
        .args([
            "key",
            "new",
            "--application",
            "load",
            "--environment",
            "test",
            "--pepper",
        ])
        .arg(pepper)
        .output()
        .with_context(|| format!("cannot start {}", bench.gateway.display()))?;
    let said = String::from_utf8_lossy(&output.stdout);
    match read_key(&said) {
        Some(key) if output.status.success() => Ok(key),
        _ => bail!(
            "`vagvisare key new` printed no key: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        ),
    }
}

/// The key's text stands alone on a line, its id and hash as lines of TOML.
fn read_key(said: &str) -> Option<Key> {
    let lines = || said.lines().map(str::trim);
    let value = |name: &str| {
        lines().find_map(|line| {
            let (key, value) = line.split_once('=')?;
            (key.trim() == name).then(|| value.trim().trim_matches('"').to_owned())
        })
    };
    Some(Key {
        text: lines()
            .find(|line| line.starts_with("vv_") && !line.contains(' '))?
            .to_owned(),
        id: value("id")?,
        hash: value("hash")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_key_is_read() {
        let key = read_key(
            "The key of load; it is not shown again:\n\n    vv_test_a1_b2\n\nIn the registry document:\n\n    \
             [[applications.keys]]\n    id = \"a1\"\n    hash = \"00ff\"\n",
        )
        .unwrap();
        assert_eq!(
            (key.text.as_str(), key.id.as_str(), key.hash.as_str()),
            ("vv_test_a1_b2", "a1", "00ff")
        );
        assert!(read_key("error: no\n").is_none());
    }
}
