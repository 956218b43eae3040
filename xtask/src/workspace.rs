//! Where things lie: the repository's root, the build's output, the tests' tools, the list of files.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::command::Tool;

/// The repository's root folder, absolute.
pub(crate) fn root() -> &'static Path {
    // This crate lies one folder below the root.
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Cargo's output folder: `CARGO_TARGET_DIR`, or `target` below the root.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

/// Where the real servers for tests are installed; `.cargo/config.toml` names its `bin` folder for a plain `cargo test`.
pub(crate) fn test_tools() -> PathBuf {
    root().join("target/test-tools")
}

/// Every file git knows or would add (ignored ones are left out), relative to the root, sorted, existing.
pub(crate) fn files() -> Result<Vec<PathBuf>> {
    let listing = Tool::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .hint("the checks look at the files of a git checkout")
        .output()?;
    let mut files: Vec<PathBuf> = listing
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(PathBuf::from)
        .collect();
    files.retain(|file| root().join(file).is_file());
    files.sort();
    files.dedup();
    Ok(files)
}
