//! Checks of each Rust file: a module says what it is, stays readable in length, and leaves nothing half done.

use std::path::Path;

use super::Problem;

/// A file longer than this is split by reason to change.
const LONGEST: usize = 500;

/// Files that may be longer, each with its reason: one table, or one suite of tests.
const LONGER_WITH_REASON: [(&str, &str); 1] = [(
    "gateway/edge/src/error/facts.rs",
    "one table: each error with all that follows from it",
)];

/// What must not stay in the code, with what to do instead. Spelt in two parts so that this file passes its own check.
const UNFINISHED: [(&str, &str); 6] = [
    (concat!("todo", "!("), "finish it"),
    (concat!("unimplemented", "!("), "finish it"),
    (concat!("FIX", "ME"), "mend it, or explain the limit in a sentence"),
    (
        concat!("#[ign", "ore"),
        "a test that is not run proves nothing: make it run or remove it",
    ),
    (concat!("#[should", "_panic"), "assert on the error value"),
    (concat!("[al", "low("), "use #[expect(lint, reason = \"..\")]"),
];

/// The one reason for which a test is not in every run: another command runs it.
const RUN_BY_FAULTS: &str = concat!("#[ign", "ore = \"long: cargo xtask faults\"]");

/// Finds what is wrong with the file `path` that holds `content`.
pub(crate) fn check(path: &Path, content: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    if !opens_with_module_docs(content) {
        problems.push(Problem::of(
            path,
            "must open with a `//!` line that says what the file is for",
        ));
    }
    let length = content.lines().count();
    if length > LONGEST && reason_for_length(path).is_none() {
        let advice = "split it by reason to change, or list it with a reason in xtask/src/tidy/source.rs";
        problems.push(Problem::of(
            path,
            format!("{length} lines, more than {LONGEST}: {advice}"),
        ));
    }
    for (index, line) in content.lines().enumerate() {
        for (word, advice) in UNFINISHED {
            if line.contains(word) && !line.contains(RUN_BY_FAULTS) {
                problems.push(Problem::at(path, index + 1, format!("`{word}`: {advice}")));
            }
        }
    }
    problems
}

/// Whether the first line is `//!`, perhaps after attributes of the whole file (`#![..]`, also over several lines).
fn opens_with_module_docs(content: &str) -> bool {
    let mut inside_attribute = false;
    for line in content.lines().map(str::trim) {
        match (inside_attribute, line) {
            (false, "") => {}
            (false, line) if line.starts_with("#![") => inside_attribute = !line.ends_with(']'),
            (false, line) => return line.starts_with("//!"),
            (true, line) => inside_attribute = !line.ends_with(']'),
        }
    }
    // An empty file has nothing to say.
    false
}

fn reason_for_length(path: &Path) -> Option<&'static str> {
    LONGER_WITH_REASON
        .iter()
        .find(|(file, _)| Path::new(file) == path)
        .map(|(_, reason)| *reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(content: &str) -> Vec<String> {
        check(Path::new("a.rs"), content)
            .into_iter()
            .map(|problem| problem.message)
            .collect()
    }

    #[test]
    fn a_file_opens_with_its_purpose_or_with_attributes_first() {
        assert!(messages("//! Why.\n").is_empty());
        assert!(messages("#![expect(\n    dead_code,\n    reason = \"x\"\n)]\n\n//! Why.\n").is_empty());
        assert_eq!(messages("use std::io;\n").len(), 1);
        assert_eq!(messages("").len(), 1);
    }

    #[test]
    fn a_long_file_is_reported_with_its_length() {
        let long = "//! Why.\n".repeat(LONGEST + 1);
        assert!(messages(&long)[0].starts_with("501 lines"));
        assert!(messages(&"//! Why.\n".repeat(LONGEST)).is_empty());
    }

    #[test]
    fn unfinished_work_is_found() {
        for (word, advice) in UNFINISHED {
            assert_eq!(
                messages(&format!("//! Why.\nfn a() {{ {word} }}\n")),
                [format!("`{word}`: {advice}")]
            );
        }
    }
}
