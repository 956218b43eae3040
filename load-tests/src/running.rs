//! A server that a scenario starts: pinned to a core, awaited until it listens, ended by its id.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// Longest time a server may take until it listens.
const START: Duration = Duration::from_secs(60);
/// Longest time it may take to end by itself.
const STOP: Duration = Duration::from_secs(20);

/// A started server. It is ended when this is dropped; [`Running::stop`] lets it end in good order.
pub(crate) struct Running {
    child: Child,
    id: u32,
    log: PathBuf,
}

impl Running {
    /// Starts `program` with `arguments`, on `core` only where one is given, its output in `folder`, and waits until
    /// `address` takes connections.
    pub(crate) async fn start(
        program: &Path,
        arguments: &[&OsStr],
        core: Option<usize>,
        folder: &Path,
        address: SocketAddr,
    ) -> Result<Self> {
        let name = program
            .file_name()
            .unwrap_or(program.as_os_str())
            .to_string_lossy()
            .into_owned();
        let log = folder.join(format!("{name}-{}.log", address.port()));
        let output = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let child = pinned(program, core)
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let id = child.id().context("the server ended at once")?;
        let mut running = Self { child, id, log };
        running
            .wait_until_it_listens(address)
            .await
            .with_context(|| format!("{name} did not start"))?;
        Ok(running)
    }

    /// Its process id; `taskset` keeps it.
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// Asks it to end, and waits; ends it at once where that takes too long.
    pub(crate) async fn stop(mut self) -> Result<()> {
        let asked = Command::new("kill")
            .args(["-TERM", &self.id.to_string()])
            .status()
            .await;
        if asked.is_ok_and(|status| status.success()) && timeout(STOP, self.child.wait()).await.is_ok() {
            return Ok(());
        }
        self.child.kill().await.context("a server cannot be ended")
    }

    async fn wait_until_it_listens(&mut self, address: SocketAddr) -> Result<()> {
        let listens = async {
            while TcpStream::connect(address).await.is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let outcome = tokio::select! {
            listening = timeout(START, listens) => listening.map_err(|_| format!("nothing listens on {address}")),
            ended = self.child.wait() => Err(format!("it ended: {}", ended?)),
        };
        let Err(problem) = outcome else { return Ok(()) };
        let said = fs::read_to_string(&self.log).unwrap_or_default();
        let last: Vec<&str> = said.lines().rev().take(5).collect();
        bail!(
            "{problem}; its last words: {}",
            last.into_iter().rev().collect::<Vec<_>>().join(" | ")
        )
    }
}

fn pinned(program: &Path, core: Option<usize>) -> Command {
    match core {
        // A program of every Debian machine (util-linux); it becomes the program it starts, so the id stays.
        Some(core) => {
            let mut command = Command::new("taskset");
            command.args(["--cpu-list", &core.to_string()]).arg(program);
            command
        }
        None => Command::new(program),
    }
}

/// A loopback address that nothing listens on at the moment.
pub(crate) fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on loopback")?;
    Ok(listener.local_addr()?)
}

/// Where `name` is on `PATH`, with the places of Debian's servers added.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_that_ends_at_once_is_told_with_its_last_words() {
        let folder = tempfile::tempdir().unwrap();
        let program = find("sh").unwrap();
        let arguments = ["-c".as_ref(), "echo no such file: x.cfg; exit 1".as_ref()];
        let Err(problem) = Running::start(&program, &arguments, None, folder.path(), free_address().unwrap()).await
        else {
            panic!("it cannot have started")
        };
        let text = format!("{problem:#}");
        assert!(
            text.contains("sh did not start") && text.contains("no such file: x.cfg"),
            "{text}"
        );
    }
}
