//! Reads what callgrind has written.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// What the files are called, each with its thread's number behind.
pub(super) const NAME: &str = "callgrind.out";
/// What only the worker's thread runs.
const WORKER: &str = "edge::server::worker::work";

/// Functions of the C library that give out memory.
const ALLOCATORS: [&str; 6] = [
    "malloc",
    "calloc",
    "realloc",
    "posix_memalign",
    "aligned_alloc",
    "memalign",
];

/// Totals of one thread of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    /// Instructions.
    pub(super) instructions: u64,
    /// Calls of the allocators.
    pub(super) allocations: u64,
}

/// Finds and reads, among the files that a run has left in `folder`, the one of the worker's thread.
///
/// # Errors
/// No such file, or more than one: the gateway was built without symbols, or had more than one worker.
pub(super) fn of_the_worker(folder: &Path) -> Result<(PathBuf, Counts)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).context("cannot list what callgrind has left")? {
        let file = entry?.path();
        let named = file.file_name().and_then(|name| name.to_str());
        if named.is_some_and(|name| name.starts_with(NAME)) {
            let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
            if text.contains(WORKER) {
                let counts = parse(&text).with_context(|| format!("{} has no totals", file.display()))?;
                found.push((file, counts));
            }
        }
    }
    ensure!(
        found.len() <= 1,
        "{} threads ran {WORKER}: more than one worker",
        found.len()
    );
    found
        .pop()
        .with_context(|| format!("no thread ran {WORKER}: has the program its symbols?"))
}

/// Names are written out once, as `(id) name`, and stand as `(id)` afterwards; `calls=` follows the called function's name.
fn parse(text: &str) -> Option<Counts> {
    let mut names: HashMap<&str, &str> = HashMap::new();
    let mut called = "";
    let mut allocations = 0;
    let mut instructions = None;
    for line in text.lines() {
        if let Some(function) = line.strip_prefix("cfn=").or_else(|| line.strip_prefix("fn=")) {
            let (id, name) = function.split_once(' ').unwrap_or((function, ""));
            if !name.is_empty() {
                names.insert(id, name);
            }
            if line.starts_with('c') {
                called = names.get(id).copied().unwrap_or_default();
            }
        } else if let Some(calls) = line.strip_prefix("calls=") {
            if ALLOCATORS.contains(&called) {
                allocations += calls.split(' ').next()?.parse::<u64>().ok()?;
            }
        } else if let Some(total) = line.strip_prefix("totals:") {
            instructions = total.split_whitespace().next()?.parse().ok();
        }
    }
    instructions.map(|instructions| Counts {
        instructions,
        allocations,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_and_calls_of_allocators_are_read() {
        let text = "events: Ir\nfn=(1) main\n5 100\ncfn=(2) malloc\ncalls=3 0\n5 30\ncfn=(3) free\ncalls=9 0\n5 9\n\
                    fn=(4) other\n1 1\ncfn=(2)\ncalls=4 0\n1 40\ntotals: 180\n";
        assert_eq!(
            parse(text),
            Some(Counts {
                instructions: 180,
                allocations: 7
            })
        );
        assert_eq!(parse("events: Ir\n"), None);
    }
}
