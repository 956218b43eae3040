//! `cargo xtask dist`: the program that ships, compiled by a profile of itself under load.
//!
//! The gateway is built with counters, climbs the ladder alone, and is built again by what the counters say: the compiler
//! then knows which branches are taken and which functions are worth inlining. Two builds of the `dist` profile and a
//! minute of load; `cargo build --profile dist -p gateway` makes the same program without a profile.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::command::{Tool, find};
use crate::workspace;

/// What the program is trained on: the rungs that stand for a working day. Validation, which few APIs ask for, is left
/// out, so that nothing is optimised for it at the others' cost.
const RUNGS: &str = "bare,log,key,es256,rs256,limit,routes,tls,reached";

/// Builds, trains, builds again; says where the program is.
pub(crate) fn run() -> Result<()> {
    let merge = profdata()?;
    let host = host()?;
    let folder = workspace::target().join("profile");
    let raw = folder.join("raw");
    if raw.exists() {
        fs::remove_dir_all(&raw).with_context(|| format!("cannot empty {}", raw.display()))?;
    }
    let counting = gateway(&host, &format!("-Cprofile-generate={}", raw.display()))?;
    // Elsewhere than the program that follows, which cargo writes to the same place.
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let trained = folder.join("vagvisare");
    fs::copy(&counting, &trained).with_context(|| format!("cannot copy {}", counting.display()))?;
    train(&trained)?;
    let merged = folder.join("merged.profdata");
    Tool::new(merge)
        .args(["merge", "--output"])
        .args([&merged, &raw])
        .hint("a newer llvm-profdata is needed, as new as the compiler's LLVM (`rustc -vV`) or little older")
        .run()?;
    let program = gateway(&host, &format!("-Cprofile-use={}", merged.display()))?;
    println!("{}", program.display());
    Ok(())
}

/// Builds the gateway with `flags` for the compiler; where it is. A named target keeps the flags away from build scripts.
fn gateway(host: &str, flags: &str) -> Result<PathBuf> {
    Tool::cargo()
        .args([
            "build",
            "--locked",
            "--profile",
            "dist",
            "--package",
            "gateway",
            "--target",
            host,
        ])
        .env("RUSTFLAGS", flags)
        .run()?;
    Ok(workspace::target().join(host).join("dist/vagvisare"))
}

/// Puts the counting program under the load of the ladder.
fn train(program: &Path) -> Result<()> {
    Tool::cargo()
        .args([
            "run",
            "--locked",
            "--release",
            "--package",
            "load-tests",
            "--",
            "ladder",
            "--alone",
        ])
        .args([
            "--rungs",
            RUNGS,
            "--rounds",
            "1",
            "--turn",
            "3s",
            "--paces",
            "60",
            "--gateway",
        ])
        .args([program])
        .run()
}

/// The triple of this machine.
fn host() -> Result<String> {
    let version = Tool::new("rustc").args(["-vV"]).output()?;
    let line = version.lines().find_map(|line| line.strip_prefix("host: "));
    line.map(str::to_owned).context("`rustc -vV` names no host")
}

/// The compiler's own `llvm-profdata`, or the newest that Debian has.
fn profdata() -> Result<PathBuf> {
    let sysroot = Tool::new("rustc").args(["--print", "sysroot"]).output()?;
    let own = PathBuf::from(sysroot.trim())
        .join("lib/rustlib")
        .join(host()?)
        .join("bin/llvm-profdata");
    if own.is_file() {
        return Ok(own);
    }
    let versions = (19..=29).rev().map(|version| format!("llvm-profdata-{version}"));
    match versions.into_iter().find_map(|name| find(&name)) {
        Some(file) => Ok(file),
        None => bail!("no llvm-profdata: run `rustup component add llvm-tools`, or install the Debian package llvm-19"),
    }
}
