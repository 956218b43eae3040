//! Checks of each `Cargo.toml`: shared lints are on, versions stand in the root's table only, every crate is a member.
//!
//! The files are read line by line: that is all these rules need, and keeps a TOML parser out of this program.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::Problem;
use crate::workspace;

/// The only source a dependency may come from: cargo's own default registry.
const DEFAULT_REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Finds what is wrong with the manifest `path` that holds `content`. The root's table is where versions belong.
pub(crate) fn check(path: &Path, content: &str) -> Vec<Problem> {
    if path == Path::new("Cargo.toml") || stands_alone(content) {
        return Vec::new();
    }
    let mut problems = Vec::new();
    let mut section = String::new();
    let mut shares_lints = false;
    for (index, line) in content.lines().map(without_comment).enumerate() {
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']).to_owned();
            continue;
        }
        shares_lints |= section == "lints" && words(line) == "workspace=true";
        if is_dependency_section(&section) && !line.is_empty() && !comes_from_the_table(&section, line) {
            let message = format!("`{line}`: write `workspace = true`; versions stand in the root's table only");
            problems.push(Problem::at(path, index + 1, message));
        }
    }
    if !shares_lints {
        problems.push(Problem::of(path, "must have `[lints]` with `workspace = true`"));
    }
    problems
}

/// A workspace of its own has its own versions, and our lints do not reach it. The root must exclude it: see `check_members`.
fn stands_alone(content: &str) -> bool {
    content.lines().any(|line| without_comment(line) == "[workspace]")
}

/// Finds dependencies in `Cargo.lock` that come from anywhere but cargo's default registry.
pub(crate) fn check_sources(path: &Path, content: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, line) in content.lines().enumerate() {
        let Some(source) = line.strip_prefix("source = ") else {
            continue;
        };
        if source.trim_matches('"') != DEFAULT_REGISTRY {
            problems.push(Problem::at(
                path,
                index + 1,
                "a dependency from another source than cargo's default registry",
            ));
        }
    }
    problems
}

/// Every crate in the tree is a member of the workspace, and the reverse: a forgotten one would never be tested.
pub(crate) fn check_members(files: &[PathBuf]) -> Result<Vec<Problem>> {
    let root = std::fs::read_to_string(workspace::root().join("Cargo.toml")).context("cannot read Cargo.toml")?;
    let members = members(&root);
    let excluded = excluded(&root);
    let manifests: Vec<PathBuf> = files
        .iter()
        .filter(|path| path.file_name().is_some_and(|name| name == "Cargo.toml"))
        .filter_map(|path| path.parent().map(Path::to_path_buf))
        .filter(|folder| folder != Path::new("") && !excluded.contains(folder))
        .collect();
    let forgotten = manifests.iter().filter(|folder| !members.contains(folder));
    let missing = members.iter().filter(|member| !manifests.contains(member));
    let mut problems: Vec<Problem> = forgotten
        .map(|folder| Problem::of(folder, "is a crate but no member of the workspace"))
        .collect();
    problems
        .extend(missing.map(|member| Problem::of(member, "is a member of the workspace but has no Cargo.toml in git")));
    Ok(problems)
}

fn members(root: &str) -> Vec<PathBuf> {
    let lines = root.lines().skip_while(|line| !line.starts_with("members")).skip(1);
    let entries = lines.take_while(|line| !line.starts_with(']')).map(without_comment);
    entries
        .map(|line| PathBuf::from(line.trim_matches([' ', '"', ','])))
        .filter(|path| path != Path::new(""))
        .collect()
}

/// The folders of `exclude = ["..", ".."]`, which stands on one line.
fn excluded(root: &str) -> Vec<PathBuf> {
    let line = root
        .lines()
        .map(without_comment)
        .find(|line| line.starts_with("exclude"));
    let quoted = line.unwrap_or_default().split('"').skip(1).step_by(2);
    quoted.map(PathBuf::from).collect()
}

fn is_dependency_section(section: &str) -> bool {
    section
        .split('.')
        .any(|part| matches!(part, "dependencies" | "dev-dependencies" | "build-dependencies"))
}

/// `name.workspace = true`, `name = { workspace = true, .. }`, or a line of a section of its own for one dependency.
fn comes_from_the_table(section: &str, line: &str) -> bool {
    let line = words(line);
    let one_dependency = !section.ends_with("dependencies");
    if one_dependency {
        return !line.starts_with("version=") && !line.starts_with("path=") && !line.starts_with("git=");
    }
    line.contains("workspace=true") && !line.contains("version=")
}

fn words(line: &str) -> String {
    line.split_whitespace().collect()
}

fn without_comment(line: &str) -> &str {
    line.split('#').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[package]\nname = \"a\"\nversion.workspace = true\n\n[dependencies]\nbytes.workspace = true\n\
        hyper = { workspace = true, features = [\"server\"] } # why\n\n[lints]\nworkspace = true\n";

    fn places(content: &str) -> Vec<String> {
        check(Path::new("a/Cargo.toml"), content)
            .into_iter()
            .map(|problem| problem.place)
            .collect()
    }

    #[test]
    fn dependencies_from_the_table_with_shared_lints_are_fine() {
        assert!(places(GOOD).is_empty());
    }

    #[test]
    fn a_version_outside_the_table_is_found_with_its_line() {
        assert_eq!(
            places(&GOOD.replace("bytes.workspace = true", "bytes = \"1\"")),
            ["a/Cargo.toml:6"]
        );
        assert_eq!(
            places(&GOOD.replace("workspace = true, features", "version = \"1\", features")),
            ["a/Cargo.toml:7"]
        );
        assert_eq!(
            places(&format!("{GOOD}\n[dev-dependencies.rcgen]\nversion = \"1\"\n")),
            ["a/Cargo.toml:13"]
        );
    }

    #[test]
    fn a_project_of_its_own_has_its_own_versions_and_is_named_in_the_root() {
        let content = "[workspace]\n\n[package]\nname = \"a\"\n\n[dependencies]\nbytes = \"1\"\n";
        assert!(places(content).is_empty());
        let root = "[workspace]\nmembers = [\n]\n# Not ours.\nexclude = [\"a/b\", \"c\"]\n";
        assert_eq!(excluded(root), [PathBuf::from("a/b"), PathBuf::from("c")]);
        assert!(excluded("[workspace]\n").is_empty());
    }

    #[test]
    fn a_crate_without_the_shared_lints_is_found() {
        assert_eq!(
            places(&GOOD.replace("[lints]\nworkspace = true\n", "")),
            ["a/Cargo.toml"]
        );
    }

    #[test]
    fn a_dependency_from_elsewhere_is_found() {
        let lock = format!("source = \"{DEFAULT_REGISTRY}\"\nsource = \"git+https://example.se/x\"\n");
        let problems = check_sources(Path::new("Cargo.lock"), &lock);
        assert_eq!(
            problems
                .iter()
                .map(|problem| problem.place.as_str())
                .collect::<Vec<_>>(),
            ["Cargo.lock:2"]
        );
    }

    #[test]
    fn the_members_are_read_from_the_root() {
        let root = "[workspace]\nmembers = [\n    \"gateway\", # the binary\n    \"services/host\",\n]\ndefault-members = [\"x\"]\n";
        assert_eq!(
            members(root),
            [PathBuf::from("gateway"), PathBuf::from("services/host")]
        );
    }
}
