//! The real programs that tests talk to: found, or installed where missing, and linked into one folder.
//!
//! Nothing is started here; each test starts its own server on a free port. What is installed stays below
//! `target/test-tools`, apart from `curl`, `jq`, Python's `venv`, PostgreSQL and the libraries of `redis-server`, which are
//! ordinary Debian packages.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::command::{Tool, find, is_executable};
use crate::workspace;

/// What drives the browser and what judges its pages. Pinned: a new rule is a decision, not a surprise.
const BROWSER_PACKAGES: [&str; 2] = ["playwright-core@1.65.1", "axe-core@4.14.1"];

/// The OTLP receiver that the tracing tests export to. Pinned, because tests read its log.
const ROTEL: &str = "rotel==0.0.1a15";

/// What tries the published documents against a running node. Pinned, as a new release finds something else to ask.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";

/// Libraries of others that check what we send and speak to what we serve. Pinned, so that a failure is ours.
const PYTHON_CLIENTS: &[&str] = &[
    "standardwebhooks==1.1.0",
    "authlib==1.9.10",
    "mcp==2.3.0",
    "requests==2.34.2",
    "georeport==0.3.1",
];
const NODE_CLIENTS: &[&str] = &["standardwebhooks@1.1.1", "openid-client@6.9.0"];

/// Makes sure every program is there and returns the folder that holds a link to each.
pub(crate) fn prepare() -> Result<PathBuf> {
    let home = workspace::test_tools();
    let bin = home.join("bin");
    fs::create_dir_all(&bin).with_context(|| format!("cannot make {}", bin.display()))?;
    let mut debian = Debian::default();
    let pasted = "what README and the demo print is run as a reader pastes it";
    link(
        &bin,
        "curl",
        &ordinary("curl", &["curl", "ca-certificates"], pasted, &mut debian)?,
    )?;
    let java = ordinary(
        "java",
        &["openjdk-17-jdk-headless"],
        "the example for backends in Java is run as it is shown",
        &mut debian,
    )?;
    link(&bin, "java", &java)?;
    link(&bin, "jq", &ordinary("jq", &["jq"], pasted, &mut debian)?)?;
    link(&bin, "prometheus", &prometheus(&home, &mut debian)?)?;
    link(&bin, "redis-server", &redis(&home, &mut debian)?)?;
    link(&bin, "rotel", &rotel(&home, &mut debian)?)?;
    for (name, file) in browser(&home, &mut debian)? {
        link(&bin, name, &file)?;
    }
    python_clients(&home, &mut debian)?;
    node_clients(&home, &mut debian)?;
    for (name, program) in postgres(&mut debian)? {
        link(&bin, name, &program)?;
    }
    Ok(bin)
}

/// Counts instructions.
pub(crate) fn valgrind() -> Result<()> {
    let why = "what a request costs is counted in instructions";
    ordinary("valgrind", &["valgrind"], why, &mut Debian::default())?;
    Ok(())
}

/// A program that Debian's package of the same name brings, installed where it is missing.
fn ordinary(name: &str, packages: &[&str], why: &str, debian: &mut Debian) -> Result<PathBuf> {
    if let Some(file) = find(name) {
        return Ok(file);
    }
    debian.install(packages, why)?;
    find(name).with_context(|| format!("{} is installed but there is no `{name}` on PATH", packages.join(" ")))
}

fn prometheus(home: &Path, debian: &mut Debian) -> Result<PathBuf> {
    if let Some(file) = find("prometheus") {
        return Ok(file);
    }
    let folder = home.join("prometheus");
    let file = folder.join("usr/bin/prometheus");
    if !is_executable(&file) {
        debian.unpack(
            "prometheus",
            &folder,
            "a real Prometheus scrapes the gateway's metrics in a test",
        )?;
    }
    Ok(file)
}

fn redis(home: &Path, debian: &mut Debian) -> Result<PathBuf> {
    if let Some(file) = find("redis-server") {
        return Ok(file);
    }
    let folder = home.join("redis");
    let file = folder.join("usr/bin/redis-check-rdb");
    if !is_executable(&file) {
        // What it needs beside libc. On a machine without them the unpacked program would not start.
        debian.install(
            &["libatomic1", "libjemalloc2", "liblzf1", "libssl3", "libsystemd0"],
            "libraries of redis-server",
        )?;
        // The server and its tools are one program, which this package holds; it serves under the name of the link.
        debian.unpack(
            "redis-tools",
            &folder,
            "nodes count shared limits together in a real Redis in a test",
        )?;
    }
    Ok(file)
}

/// The server and what makes its files. They find their libraries by their own place, so they are installed whole.
fn postgres(debian: &mut Debian) -> Result<[(&'static str, PathBuf); 2]> {
    let found = || {
        let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
            .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
            .unwrap_or_default();
        versions.sort();
        let programs = |bin: PathBuf| [("initdb", bin.join("initdb")), ("postgres", bin.join("postgres"))];
        let mut newest_first = versions.into_iter().rev().map(programs);
        newest_first.find(|programs| programs.iter().all(|(_, file)| is_executable(file)))
    };
    if let Some(programs) = found() {
        return Ok(programs);
    }
    debian.install_without_services(
        &["postgresql"],
        "what nodes share is kept in a real PostgreSQL in tests, on a free port",
    )?;
    found().context("the package postgresql is installed but there is no server below /usr/lib/postgresql")
}

/// Node, a real Chromium, and the packages that drive it.
fn browser(home: &Path, debian: &mut Debian) -> Result<[(&'static str, PathBuf); 3]> {
    let why = "people's pages are looked at in a real browser";
    for (program, packages) in [
        ("node", &["nodejs"][..]),
        ("npm", &["npm"]),
        ("chromium", &["chromium"]),
    ] {
        if find(program).is_none() {
            debian.install(packages, why)?;
        }
    }
    let folder = home.join("browser");
    let stamp = folder.join("installed.txt");
    let wanted = BROWSER_PACKAGES.join(" ");
    if !fs::read_to_string(&stamp).is_ok_and(|text| text.trim() == wanted) {
        println!("install {wanted} (npm, into {}): {why}", shown(&folder));
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", shown(&folder)))?;
        Tool::new("npm")
            .args([
                "install",
                "--no-audit",
                "--no-fund",
                "--ignore-scripts",
                "--silent",
                "--prefix",
            ])
            .args([&folder])
            .args(BROWSER_PACKAGES)
            .hint("can this machine reach the npm registry?")
            .run()?;
        fs::write(&stamp, format!("{wanted}\n")).with_context(|| format!("cannot write {}", shown(&stamp)))?;
    }
    let program = |name: &str| find(name).with_context(|| format!("there is no `{name}` on PATH"));
    Ok([
        ("node", program("node")?),
        ("chromium", program("chromium")?),
        ("node_modules", folder.join("node_modules")),
    ])
}

fn rotel(home: &Path, debian: &mut Debian) -> Result<PathBuf> {
    let environment = home.join("venv");
    let stamp = environment.join("installed.txt");
    let installed = fs::read_to_string(&stamp).is_ok_and(|text| text.trim() == ROTEL);
    if !installed {
        println!(
            "install {ROTEL} (PyPI, into {}): a real OTLP receiver for the tracing tests",
            shown(&environment)
        );
        python_environment(&environment, debian, &[ROTEL])?;
        fs::write(&stamp, format!("{ROTEL}\n")).with_context(|| format!("cannot write {}", shown(&stamp)))?;
    }
    // The package brings a program of its own, but as a file of the module: no launcher is made for it.
    let file = Tool::new(environment.join("bin/python"))
        .args([
            "-c",
            "import pathlib, rotel; print(pathlib.Path(rotel.__file__).with_name('rotel-agent'))",
        ])
        .hint(format!("remove {} and try again", shown(&environment)))
        .output()?;
    let file = PathBuf::from(file.trim());
    if !is_executable(&file) {
        bail!(
            "{ROTEL} is installed but brought no program {}; remove {}",
            shown(&file),
            shown(&environment)
        );
    }
    Ok(file)
}

/// Packages that nobody here wrote, and that must accept what we send: `python/bin/python` has them.
fn python_clients(home: &Path, debian: &mut Debian) -> Result<()> {
    let environment = home.join("python");
    let wanted = PYTHON_CLIENTS.join(" ");
    let stamp = environment.join("installed.txt");
    if fs::read_to_string(&stamp).is_ok_and(|text| text.trim() == wanted) {
        return Ok(());
    }
    println!(
        "install {wanted} (PyPI, into {}): clients that tests run",
        shown(&environment)
    );
    python_environment(&environment, debian, PYTHON_CLIENTS)?;
    fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", shown(&stamp)))
}

/// The program that tries published documents; not among the tests' tools, since no test runs it.
pub(crate) fn schemathesis() -> Result<PathBuf> {
    let environment = workspace::test_tools().join("schemathesis");
    let stamp = environment.join("installed.txt");
    if !fs::read_to_string(&stamp).is_ok_and(|text| text.trim() == SCHEMATHESIS) {
        println!("install {SCHEMATHESIS} (PyPI, into {})", shown(&environment));
        python_environment(&environment, &mut Debian::default(), &[SCHEMATHESIS])?;
        fs::write(&stamp, SCHEMATHESIS).with_context(|| format!("cannot write {}", shown(&stamp)))?;
    }
    Ok(environment.join("bin/schemathesis"))
}

/// As [`python_clients`], for Node: `node/node_modules` has them.
fn node_clients(home: &Path, debian: &mut Debian) -> Result<()> {
    if find("node").is_none() || find("npm").is_none() {
        debian.install(&["nodejs", "npm"], "a client written for Node checks what we send")?;
    }
    let folder = home.join("node");
    let wanted = NODE_CLIENTS.join(" ");
    let stamp = folder.join("installed.txt");
    if fs::read_to_string(&stamp).is_ok_and(|text| text.trim() == wanted) {
        return Ok(());
    }
    println!(
        "install {wanted} (npm, into {}): clients that tests run",
        shown(&folder)
    );
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", shown(&folder)))?;
    Tool::new("npm")
        .args([
            "install",
            "--silent",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--no-save",
        ])
        .args(["--prefix"])
        .args([&folder])
        .args(NODE_CLIENTS)
        .hint("can this machine reach the npm registry?")
        .run()?;
    fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", shown(&stamp)))
}

fn python_environment(environment: &Path, debian: &mut Debian, packages: &[&str]) -> Result<()> {
    if !Tool::new("python3").args(["-c", "import ensurepip, venv"]).succeeds() {
        debian.install(&["python3", "python3-venv"], "some tools are Python packages")?;
    }
    Tool::new("python3")
        .args(["-m", "venv", "--clear"])
        .args([environment])
        .hint("is the Debian package python3-venv installed?")
        .output()?;
    Tool::new(environment.join("bin/pip"))
        .args(["install", "--quiet", "--disable-pip-version-check", "--no-input"])
        .args(packages)
        .hint("can this machine reach the Python package index?")
        .run()
}

/// Points `bin/name` at `file`, replacing what was there.
fn link(bin: &Path, name: &str, file: &Path) -> Result<()> {
    let place = bin.join(name);
    if fs::read_link(&place).is_ok_and(|current| current == file) {
        return Ok(());
    }
    if place.symlink_metadata().is_ok() {
        fs::remove_file(&place).with_context(|| format!("cannot replace {}", shown(&place)))?;
    }
    symlink(file, &place).with_context(|| format!("cannot link {} to {}", shown(&place), file.display()))
}

/// A path as a person would write it: relative to the repository where it lies in it.
fn shown(path: &Path) -> String {
    path.strip_prefix(workspace::root())
        .unwrap_or(path)
        .display()
        .to_string()
}

/// Debian's packages; the package lists are fetched at most once a run.
#[derive(Default)]
struct Debian {
    lists_are_fresh: bool,
}

impl Debian {
    /// Installs `packages` on the machine; needs root.
    fn install(&mut self, packages: &[&str], why: &str) -> Result<()> {
        let names = packages.join(" ");
        println!("install {names} (Debian): {why}");
        if !is_root() {
            bail!("{names} missing and only root can install: run `sudo apt-get install -y {names}` and try again");
        }
        self.refresh()?;
        Tool::new("apt-get")
            .args(["install", "-y", "-q", "--no-install-recommends"])
            .args(packages)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .hint(format!("install {names} by hand and try again"))
            .output()?;
        Ok(())
    }

    /// As [`Debian::install`], but starts nothing and makes no database on a developer's machine.
    fn install_without_services(&mut self, packages: &[&str], why: &str) -> Result<()> {
        let configuration = Path::new("/etc/postgresql-common/createcluster.conf");
        if is_root() && !configuration.exists() {
            fs::create_dir_all("/etc/postgresql-common").context("cannot make /etc/postgresql-common")?;
            fs::write(configuration, "create_main_cluster = false\n")
                .with_context(|| format!("cannot write {}", configuration.display()))?;
        }
        self.install(packages, why)
    }

    /// Fetches `package` and unpacks it into `folder`. Unlike an installation this needs no root where the package
    /// lists are fresh, and starts no service on a developer's machine.
    fn unpack(&mut self, package: &str, folder: &Path, why: &str) -> Result<()> {
        println!("install {package} (Debian, unpacked into {}): {why}", shown(folder));
        if is_root() {
            self.refresh()?;
        }
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", shown(folder)))?;
        let hint = format!("run `sudo apt-get update`, or install {package} by hand, and try again");
        Tool::new("apt-get")
            .args(["download", "-q", package])
            .within(folder)
            .hint(hint)
            .output()?;
        for archive in archives(folder)? {
            Tool::new("dpkg-deb")
                .args(["--extract"])
                .args([&archive, folder])
                .output()?;
            fs::remove_file(&archive).with_context(|| format!("cannot remove {}", shown(&archive)))?;
        }
        Ok(())
    }

    fn refresh(&mut self) -> Result<()> {
        if !self.lists_are_fresh {
            Tool::new("apt-get")
                .args(["update", "-q"])
                .hint("is this a Debian machine that reaches its package archive?")
                .output()?;
            self.lists_are_fresh = true;
        }
        Ok(())
    }
}

fn archives(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", shown(folder)))?;
    let files = entries.flatten().map(|entry| entry.path());
    Ok(files
        .filter(|file| file.extension().is_some_and(|extension| extension == "deb"))
        .collect())
}

fn is_root() -> bool {
    Tool::new("id").args(["-u"]).output().is_ok_and(|id| id.trim() == "0")
}
