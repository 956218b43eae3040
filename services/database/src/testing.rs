//! A real PostgreSQL for tests: one server a test process, one empty database a test.
//!
//! `cargo xtask test` installs it where it is missing. The server is ended and its files are removed when the process ends,
//! however it ends: a shell watches over it and reads from a pipe that closes then.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Longer than anything here may take.
const BOUND: Duration = Duration::from_secs(60);
/// PostgreSQL refuses to run as root; this is `nobody`.
const NOBODY: u32 = 65_534;
/// Ends the server when standard input closes, and removes its files unless it will be started again.
const WATCH: &str = r#"directory=$1; shift
"$@" & server=$!
cat >/dev/null
kill -QUIT $server 2>/dev/null; wait $server
[ -e "$directory/keep" ] || rm -rf "$directory""#;

/// The address of a new, empty database on this process's server.
pub async fn postgres() -> String {
    static SERVER: OnceLock<PostgresServer> = OnceLock::new();
    SERVER.get_or_init(PostgresServer::start).new_database().await
}

/// A server of a test's own, to be stopped and started again.
#[derive(Debug)]
pub struct PostgresServer {
    directory: PathBuf,
    port: u16,
    watch: Option<Child>,
    databases: AtomicU32,
}

impl PostgresServer {
    /// A new one on a free port. Returns when it takes connections.
    ///
    /// # Panics
    /// When PostgreSQL is missing or does not start.
    pub fn start() -> Self {
        let directory = tempfile::Builder::new()
            .prefix("vagvisare-postgres-")
            .tempdir()
            .expect("a directory for the server")
            .keep();
        let data = directory.join("data");
        std::fs::create_dir(&data).expect("a directory for its files");
        let mut make = as_nobody(Command::new(program("initdb")), &[&directory, &data]);
        let made = make
            .args([
                "--auth=trust",
                "--no-sync",
                "--username=postgres",
                "--encoding=UTF8",
                "--locale=C",
            ])
            .arg(&data)
            .current_dir(&directory)
            .stdin(Stdio::null())
            .output()
            .expect("initdb runs");
        assert!(
            made.status.success(),
            "initdb: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        // Not one that the kernel may give away while the server is down.
        let port = test_parts::free_port();
        let mut server = Self {
            directory,
            port,
            watch: None,
            databases: AtomicU32::new(0),
        };
        server.run();
        server
    }

    /// Its address, with the database that every server has.
    pub fn address(&self) -> String {
        self.address_of("postgres")
    }

    /// The address of a new, empty database.
    ///
    /// # Panics
    /// When the server cannot make one.
    pub async fn new_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let database = crate::Database::open(&self.address(), &[]).await.expect("the server");
        let create = crate::query(format!("CREATE DATABASE {name}"));
        database.execute(create).await.expect("a new database");
        database.close().await;
        self.address_of(&name)
    }

    /// Ends it at once, as a crash would; its files stay.
    pub fn kill(&mut self) {
        std::fs::write(self.directory.join("keep"), "").expect("its directory");
        self.end();
    }

    /// Starts it again, on the same port with the same files.
    pub fn start_again(&mut self) {
        self.run();
        std::fs::remove_file(self.directory.join("keep")).expect("its directory");
    }

    fn address_of(&self, name: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }

    fn run(&mut self) {
        let data = self.directory.join("data");
        let mut watch = as_nobody(Command::new("sh"), &[&self.directory]);
        watch
            .args(["-c", WATCH, "sh"])
            .arg(&self.directory)
            .arg(program("postgres"))
            .args([
                "-F",
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "unix_socket_directories=",
                "-p",
            ])
            .arg(self.port.to_string())
            .arg("-D")
            .arg(&data)
            .current_dir(&self.directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(self.directory.join("log")).expect("a log"));
        self.watch = Some(watch.spawn().expect("a shell"));
        let begun = Instant::now();
        // The last line of this file says how far the server is.
        let state = data.join("postmaster.pid");
        while !std::fs::read_to_string(&state).is_ok_and(|text| text.trim_end().ends_with("ready")) {
            let log = || std::fs::read_to_string(self.directory.join("log")).unwrap_or_default();
            assert!(begun.elapsed() < BOUND, "PostgreSQL does not start: {}", log());
            std::thread::yield_now();
        }
    }

    fn end(&mut self) {
        if let Some(mut watch) = self.watch.take() {
            drop(watch.stdin.take());
            let _ = watch.wait();
            let _ = std::fs::remove_file(self.directory.join("data/postmaster.pid"));
        }
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.end();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// The command as `nobody` where this process is root, with `owned` handed over.
fn as_nobody(mut command: Command, owned: &[&Path]) -> Command {
    for path in owned {
        // Only root can give a file away; everybody else owns it already.
        if std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).is_ok() {
            command.uid(NOBODY).gid(NOBODY);
        }
    }
    command
}

/// Where `cargo xtask test` has put it, or where Debian does.
fn program(name: &str) -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "set for tests by .cargo/config.toml")]
    let tools = std::env::var("VAGVISARE_TEST_TOOLS").unwrap_or_default();
    let linked = Path::new(&tools).join(name);
    if linked.exists() {
        return linked;
    }
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| {
            entries
                .flatten()
                .map(|entry| entry.path().join("bin").join(name))
                .collect()
        })
        .unwrap_or_default();
    versions.sort();
    versions
        .into_iter()
        .rev()
        .find(|file| file.exists())
        .unwrap_or_else(|| panic!("{name} is not installed: `cargo xtask test` installs PostgreSQL"))
}
