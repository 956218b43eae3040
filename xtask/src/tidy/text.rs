//! Checks of every text file: nothing in it belongs to one person's machine.

use std::path::Path;

use super::Problem;

/// The start of a path that exists on one machine only. Spelt in two parts so that this file passes its own check.
const MACHINE_PATHS: [&str; 4] = [
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
    concat!("/wo", "rk/"),
];

/// Finds absolute paths of a developer's machine.
pub(crate) fn check(path: &Path, content: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, line) in content.lines().enumerate() {
        for start in MACHINE_PATHS {
            if holds_path(line, start) {
                problems.push(Problem::at(
                    path,
                    index + 1,
                    format!("a path of one machine, `{start}..`; write it relative to the repository"),
                ));
            }
        }
    }
    problems
}

/// Whether `line` has `start` where a path begins: not inside a URL or a longer relative path, and with something after.
fn holds_path(line: &str, start: &str) -> bool {
    line.match_indices(start).any(|(position, _)| {
        let before = line[..position].chars().next_back();
        let after = line[position + start.len()..].chars().next();
        let begins = before.is_none_or(|character| !character.is_alphanumeric() && !"./-_}{~".contains(character));
        begins && after.is_some_and(|character| character.is_ascii_alphanumeric() || character == '.')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(content: &str) -> Vec<String> {
        check(Path::new("notes.md"), content)
            .into_iter()
            .map(|problem| problem.place)
            .collect()
    }

    #[test]
    fn a_path_of_one_machine_is_found_with_its_line() {
        let content = format!("first\nsee {}anna/project\n", MACHINE_PATHS[0]);
        assert_eq!(places(&content), ["notes.md:2"]);
    }

    #[test]
    fn urls_and_relative_paths_are_left_alone() {
        let home = MACHINE_PATHS[0];
        assert!(
            places(&format!(
                "https://example.se{home}page\nsrc{home}mod.rs\n`{home}` is a folder\n"
            ))
            .is_empty()
        );
    }
}
