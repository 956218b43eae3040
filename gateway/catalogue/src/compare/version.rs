//! What changes mean for the version number (semver.org 2.0.0, REST profile VER.02, VER.04, VER.11-13).

use super::{Change, Comparison, Impact};
use serde::Serialize;

/// How far the version has to move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Step {
    /// Nothing changed.
    None,
    /// Words only.
    Patch,
    /// Callers go on as before.
    Minor,
    /// Callers may have to change.
    Major,
}

pub(super) fn step(changes: &[Change], same: bool) -> Step {
    let most = changes.iter().map(|change| change.impact).min();
    match most {
        Some(Impact::Breaking) => Step::Major,
        Some(Impact::Careful | Impact::Compatible) => Step::Minor,
        None if same => Step::None,
        None => Step::Patch,
    }
}

/// Why a version number does not fit the changes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// Not MAJOR.MINOR.PATCH.
    #[error("`{0}` is not a semantic version; write MAJOR.MINOR.PATCH")]
    NotSemantic(String),
    /// Not after the version that callers know.
    #[error("{new} does not come after {old}")]
    NotLater {
        /// The version callers know.
        old: String,
        /// The version to publish.
        new: String,
    },
    /// More is promised than before, and only the patch number says so.
    #[error("{changes} additions need a new minor version; {old} to {new} says that only words have changed")]
    Additions {
        /// How many changes callers can see.
        changes: usize,
        /// The version callers know.
        old: String,
        /// The version to publish.
        new: String,
    },
    /// Breaking changes without a new major version.
    #[error(
        "{breaking} breaking changes need a new major version; {old} to {new} promises that callers go on as before"
    )]
    Breaking {
        /// How many changes break callers.
        breaking: usize,
        /// The version callers know.
        old: String,
        /// The version to publish.
        new: String,
    },
}

/// Whether `new` may follow `old` with these changes. Before 1.0.0 anything may change with the minor number.
///
/// # Errors
/// See [`VersionError`].
pub fn check_version(old: &str, new: &str, comparison: &Comparison) -> Result<(), VersionError> {
    let (before, after) = (parse(old)?, parse(new)?);
    let (old, new) = (old.to_owned(), new.to_owned());
    if after < before || (after == before && comparison.step > Step::None) {
        return Err(VersionError::NotLater { old, new });
    }
    let free = after.0 > before.0 || (before.0 == 0 && after.1 > before.1);
    let breaking = comparison.breaking().count();
    if breaking > 0 && !free {
        return Err(VersionError::Breaking { breaking, old, new });
    }
    let only_patch = before.0 > 0 && (after.0, after.1) == (before.0, before.1);
    if comparison.step == Step::Minor && only_patch {
        let changes = comparison.changes.len();
        return Err(VersionError::Additions { changes, old, new });
    }
    Ok(())
}

/// The first version after `old` that a step leads to; `None`: there is no step, or `old` is no version.
#[must_use]
pub fn next_version(old: &str, step: Step) -> Option<String> {
    let (major, minor, patch) = parse(old).ok()?;
    match step {
        Step::None => None,
        Step::Patch => Some(format!("{major}.{minor}.{}", patch.saturating_add(1))),
        Step::Minor => Some(format!("{major}.{}.0", minor.saturating_add(1))),
        Step::Major => Some(format!("{}.0.0", major.saturating_add(1))),
    }
}

/// The three numbers; what follows them (`-rc.1`, `+build`) makes no promise to callers.
fn parse(version: &str) -> Result<(u64, u64, u64), VersionError> {
    let numbers = version.split(['-', '+']).next().unwrap_or_default();
    let parts: Vec<u64> = numbers.split('.').filter_map(|part| part.parse().ok()).collect();
    match (parts.as_slice(), numbers.split('.').count()) {
        ([major, minor, patch], 3) => Ok((*major, *minor, *patch)),
        _ => Err(VersionError::NotSemantic(version.to_owned())),
    }
}
