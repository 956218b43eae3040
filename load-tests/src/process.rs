//! What a process costs, from the operating system's accounting: CPU time and resident memory.
//!
//! A server is often several processes (a master and its worker): the family of the given id is added up.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;

/// CPU time and memory of a process family at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// User and system time of all threads since they started; the kernel counts in clock ticks, mostly of 10 ms.
    pub cpu: Duration,
    /// Memory.
    pub memory: Memory,
}

/// Resident memory, in KiB.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Memory {
    /// Now (`VmRSS`).
    pub resident_kib: u64,
    /// The most so far (`VmHWM`).
    pub peak_kib: u64,
}

/// Reads the usage of the process `id` and of its children, grandchildren and so on.
///
/// # Errors
/// When there is no such process. A child that ends meanwhile is left out.
pub fn usage(id: u32) -> Result<Usage> {
    let mut total =
        own_usage(id).with_context(|| format!("cannot read the accounting of process {id}; has it ended?"))?;
    for descendant in descendants(id) {
        if let Ok(usage) = own_usage(descendant) {
            total.cpu += usage.cpu;
            total.memory.resident_kib += usage.memory.resident_kib;
            total.memory.peak_kib += usage.memory.peak_kib;
        }
    }
    Ok(total)
}

/// The CPU time of this process itself, without the servers it started: what the generator costs.
///
/// # Errors
/// When `/proc` cannot be read.
pub fn of_generator() -> Result<Duration> {
    Ok(own_usage(std::process::id())
        .context("cannot read this process' own accounting")?
        .cpu)
}

fn own_usage(id: u32) -> Result<Usage> {
    let folder = Path::new("/proc").join(id.to_string());
    let stat = fs::read_to_string(folder.join("stat"))?;
    let ticks = cpu_ticks(&stat).context("unexpected form of /proc/PID/stat")?;
    let memory = memory(&fs::read_to_string(folder.join("status"))?);
    let per_second = rustix::param::clock_ticks_per_second().max(1);
    Ok(Usage {
        cpu: Duration::from_millis(ticks.saturating_mul(1_000) / per_second),
        memory,
    })
}

/// `utime + stime` (fields 14 and 15). The name in field 2 may hold spaces and brackets, so count from its end.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let after_name = &stat[stat.rfind(')')? + 1..];
    let mut fields = after_name.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// A process that just ended has no memory lines: zero.
fn memory(status: &str) -> Memory {
    let value = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix("kB")?.trim().parse().ok()
    };
    Memory {
        resident_kib: value("VmRSS:").unwrap_or(0),
        peak_kib: value("VmHWM:").unwrap_or(0),
    }
}

fn descendants(id: u32) -> Vec<u32> {
    let mut found = Vec::new();
    let mut to_visit = vec![id];
    while let Some(parent) = to_visit.pop() {
        let children = children(parent);
        to_visit.extend(&children);
        found.extend(children);
    }
    found
}

fn children(id: u32) -> Vec<u32> {
    // A child is listed under the thread that started it.
    let Ok(threads) = fs::read_dir(Path::new("/proc").join(id.to_string()).join("task")) else {
        return Vec::new();
    };
    let lists = threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| {
            list.split_whitespace()
                .filter_map(|child| child.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn the_name_of_a_process_does_not_confuse_the_fields() {
        let stat = "7 (a) b) (c) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 4 0 1 1 1";
        assert_eq!(cpu_ticks(stat), Some(300));
    }

    #[test]
    fn memory_is_read_in_kib() {
        let status = "Name:\tx\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\nThreads:\t1\n";
        assert_eq!(
            memory(status),
            Memory {
                resident_kib: 10_240,
                peak_kib: 20_480
            }
        );
    }

    #[test]
    fn this_process_has_memory_and_a_child_is_found() {
        let mut child = Command::new("sh")
            .args(["-c", "read -r line"])
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        assert!(descendants(std::process::id()).contains(&child.id()));
        let usage = usage(std::process::id()).unwrap();
        assert!(
            usage.memory.resident_kib > 100 && usage.memory.peak_kib >= usage.memory.resident_kib / 2,
            "{usage:?}"
        );
        drop(child.stdin.take());
        child.wait().unwrap();
    }

    #[test]
    fn a_process_that_is_not_there_is_an_error() {
        assert!(usage(u32::MAX).unwrap_err().to_string().contains("has it ended?"));
    }
}
